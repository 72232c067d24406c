/**
 * The captured flights of `tests/corpus/tcp_first_flights.json`.
 *
 * @module
 */

import type { MatchFields } from "../../src/model/protocol.ts";
import flights from "../corpus/tcp_first_flights.json" with { type: "json" };
import type { Flight } from "./samples.ts";

/**
 * Those of one protocol.
 *
 * @param fields the match fields of a flight by its name
 */
export function firstFlights(
  protocol: string,
  fields: Readonly<Record<string, MatchFields>> = {},
): Flight[] {
  return flights.filter((flight) => flight.protocol === protocol)
    .map(({ name, hex, sni, alpn, version }) => ({
      name,
      parts: [Uint8Array.fromHex(hex)],
      expected: { sni, alpn, version },
      fields: fields[name] ?? {},
    }));
}
