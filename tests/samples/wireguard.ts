/**
 * Handshake initiations of WireGuard.
 *
 * @module
 */

import type { Random } from "../fuzz/random.ts";
import { concat } from "../support/client_hello_builder.ts";
import type { ProtocolSamples } from "./samples.ts";

/** WireGuard. */
export const WIREGUARD_SAMPLES: ProtocolSamples = {
  protocol: "wireguard",
  transport: "udp",
  flights: [{
    name: "an initiation",
    parts: [Uint8Array.of(1, 0, 0, 0, ...new Uint8Array(144).fill(0x5a))],
    expected: { version: null, consumed: 1 },
  }],
  generate: (random) => [initiation(random)],
};

function initiation(random: Random): Uint8Array {
  return concat(Uint8Array.of(random.pick([1, 1, 1, 2, 4]), 0, 0, 0), random.bytes(144));
}
