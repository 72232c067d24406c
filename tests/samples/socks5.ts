/**
 * Greetings of SOCKS5.
 *
 * @module
 */

import type { Random } from "../fuzz/random.ts";
import { firstFlights } from "./first_flights.ts";
import type { ProtocolSamples } from "./samples.ts";

/** SOCKS5. */
export const SOCKS5_SAMPLES: ProtocolSamples = {
  protocol: "socks5",
  transport: "tcp",
  flights: firstFlights("socks5"),
  generate: (random) => [greeting(random)],
};

function greeting(random: Random): Uint8Array {
  const methods = random.list(
    0,
    140,
    (i) => random.oneIn(20) ? random.below(256) : METHODS[i] ?? 0,
  );
  const few = random.oneIn(3) ? methods : methods.slice(0, 4);
  return Uint8Array.of(random.oneIn(10) ? 4 : 5, few.length + (random.oneIn(5) ? 1 : 0), ...few);
}

/** Every method that a client may offer. */
const METHODS = [...Array(10).keys(), ...Array.from({ length: 127 }, (_, i) => 0x80 + i)];
