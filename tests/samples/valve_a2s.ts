/**
 * Queries of A2S.
 *
 * @module
 */

import corpus from "../corpus/valve_a2s.json" with { type: "json" };
import { concat, latin1 } from "../support/client_hello_builder.ts";
import { captured, type Flight, type ProtocolSamples } from "./samples.ts";

/** A2S. */
export const VALVE_A2S_SAMPLES: ProtocolSamples = {
  protocol: "valve_a2s",
  transport: "udp",
  flights: [
    ...captured(corpus),
    query("A2S_PLAYER that asks for a challenge", "U\xff\xff\xff\xff"),
    query("A2S_SERVERQUERY_GETCHALLENGE", "W"),
    query("A2A_PING", "i"),
  ],
  lookalikes: [
    query("a split packet", "TSource Engine Query\0", [0xfe, 0xff, 0xff, 0xff]),
    query("A2S_INFO without its end", "TSource Engine Query"),
    query("A2S_INFO with half a challenge", "TSource Engine Query\0\x01\x02"),
    query("A2S_RULES without a challenge", "V"),
    query("an answer", "I\x11name\0map\0"),
    query("getstatus of Quake III", "getstatus\n"),
  ],
  generate: (random) => [
    concat(
      new Uint8Array(4).fill(random.pick([0xff, 0xff, 0xff, 0xfe])),
      latin1(random.pick(["TSource Engine Query\0", "U", "V", "W", "i", "I", ""])),
      random.bytes(random.pick([0, 4, 4, 5])),
    ),
  ],
};

function query(name: string, text: string, mark = [0xff, 0xff, 0xff, 0xff]): Flight {
  return { name, parts: [concat(Uint8Array.from(mark), latin1(text))] };
}
