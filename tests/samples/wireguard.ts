/**
 * Handshake initiations of WireGuard.
 *
 * @module
 */

import captures from "../corpus/wireguard.json" with { type: "json" };
import type { Random } from "../fuzz/random.ts";
import { concat } from "../support/client_hello_builder.ts";
import { captured, type ProtocolSamples } from "./samples.ts";

/** WireGuard. */
export const WIREGUARD_SAMPLES: ProtocolSamples = {
  protocol: "wireguard",
  transport: "udp",
  flights: [
    ...captured(captures),
    {
      name: "an initiation whose MACs are none",
      parts: [initiation(1, new Uint8Array(144).fill(0x5a))],
      expected: { version: null, consumed: 1 },
    },
  ],
  lookalikes: [
    { name: "a response", parts: [initiation(2, new Uint8Array(88))] },
    { name: "transport data", parts: [initiation(4, new Uint8Array(76))] },
    {
      name: "an initiation with a reserved byte",
      parts: [initiation(0x0101, new Uint8Array(144))],
    },
    { name: "an initiation that is too long", parts: [initiation(1, new Uint8Array(145))] },
  ],
  values: [
    "pPyuqSOx+MtlxFKhMd1EnJNgH3BbtZPreRP9PZwEHww=",
    "eSVSMX9nMPJLPOH1/pqt522XKeNUVIwueaLEnFdphF8=",
  ],
  generate: (random) => [randomInitiation(random)],
};

/** @param type little-endian, as in the messages */
function initiation(type: number, rest: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(type, type >> 8, 0, 0), rest);
}

function randomInitiation(random: Random): Uint8Array {
  return initiation(random.pick([1, 1, 1, 2, 4]), random.bytes(144));
}
