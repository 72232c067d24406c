/**
 * The captured flights of `tests/corpus/tcp_first_flights.json`.
 *
 * @module
 */

import flights from "../corpus/tcp_first_flights.json" with { type: "json" };
import type { Flight } from "./samples.ts";

/** Those of one protocol. */
export function firstFlights(protocol: string): Flight[] {
  return flights.filter((flight) => flight.protocol === protocol)
    .map(({ name, hex, sni, alpn, version }) => ({
      name,
      parts: [Uint8Array.fromHex(hex)],
      expected: { sni, alpn, version },
    }));
}
