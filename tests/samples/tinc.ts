/**
 * First lines of tinc.
 *
 * @module
 */

import corpus from "../corpus/tinc.json" with { type: "json" };
import { latin1 } from "../support/client_hello_builder.ts";
import { captured, type Flight, type ProtocolSamples } from "./samples.ts";

const KEY = "k3YxZ0T1b-QW_2hX+7uS/9cVfLrE4mNaJdGpHoKiBt8";

/** tinc. */
export const TINC_SAMPLES: ProtocolSamples = {
  protocol: "tinc",
  transport: "tcp",
  flights: [
    ...captured(corpus),
    { ...line("0 node_1 17.7\n"), expected: { version: "protocol 17.7", consumed: 14 } },
    { ...line(`0 ?${KEY} 17.1\n`), expected: { version: "protocol 17.1" } },
  ],
  lookalikes: [
    line("1 alice 17\n"),
    line("0 alice\n"),
    line("0 ali-ce 17\n"),
    line("0 alice 17.\n"),
    line("0 alice 17 18\n"),
    line("0 ? 17\n"),
  ],
  generate: (random) => {
    const name = random.pick([
      "alice",
      "?" + KEY,
      "",
      "?",
      "n".repeat(random.between(250, 260)),
      "a-b",
    ]);
    const version = random.pick(["17", "17.0", "17.7", "17.255", "17.2555", "170", "17.", "x"]);
    return [
      latin1(
        `${random.pick(["0", "0", "0", "1"])} ${name} ${version}${
          random.pick(["\n", "\n", "\r\n"])
        }`,
      ),
    ];
  },
};

function line(text: string): Flight {
  return { name: JSON.stringify(text), parts: [latin1(text)] };
}
