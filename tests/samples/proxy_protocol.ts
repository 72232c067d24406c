/**
 * Headers of the PROXY protocol.
 *
 * @module
 */

import corpus from "../corpus/proxy_protocol.json" with { type: "json" };
import { concat, latin1, u16 } from "../support/client_hello_builder.ts";
import { captured, type Flight, type ProtocolSamples } from "./samples.ts";

const SIGNATURE = latin1("\r\n\r\n\0\r\nQUIT\n");
const LONGEST_ADDRESS = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";

/** Versions 1 and 2. */
export const PROXY_PROTOCOL_SAMPLES: ProtocolSamples = {
  protocol: "proxy_protocol",
  transport: "tcp",
  flights: [
    ...captured(corpus),
    {
      ...line(`PROXY UNKNOWN ${LONGEST_ADDRESS} ${LONGEST_ADDRESS} 65535 65535\r\n`),
      expected: { version: "PROXY v1", consumed: 107 },
    },
    {
      name: "version 2 with more than we would take ourselves",
      parts: [concat(SIGNATURE, Uint8Array.of(0x21, 0x11), u16(60_000))],
      expected: { version: "PROXY v2", consumed: 16 },
    },
  ],
  lookalikes: [
    line("PROXY TCP5 192.0.2.1 192.0.2.2 1 2\r\n"),
    line("proxy TCP4 192.0.2.1 192.0.2.2 1 2\r\n"),
    line("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n"),
    line("PROXY TCP4 192.0.2.1 192.0.2.2 1 2 x\r\n"),
    line("PROXY UNKNOWN\tx\r\n"),
    {
      name: "a version that there is not",
      parts: [concat(SIGNATURE, Uint8Array.of(0x31, 0x11, 0, 12))],
    },
  ],
  generate: (random) => [
    random.oneIn(2)
      ? concat(
        SIGNATURE,
        Uint8Array.of(random.pick([0x20, 0x21, 0x22, 0x11]), random.pick([0, 0x11, 0x21, 0x31])),
        u16(random.pick([0, 12, 36, 216, 65_535])),
        random.bytes(random.below(40)),
      )
      : latin1(
        random.pick(["PROXY TCP4 ", "PROXY TCP6 ", "PROXY UNKNOWN", "PROXY UNKNOWN "]) +
          random.pick(["192.0.2.1 192.0.2.2 1 2", "::1 ::2 0 65535", "", "x", "1".repeat(95)]) +
          random.pick(["\r\n", "\r\n", "\n", "\r"]),
      ),
  ],
};

function line(text: string): Flight {
  return { name: JSON.stringify(text), parts: [latin1(text)] };
}
