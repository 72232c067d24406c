/**
 * ClientHellos in TLS records.
 *
 * @module
 */

import { helloRecords } from "../fuzz/hello_inputs.ts";
import { firstFlights } from "./first_flights.ts";
import type { ProtocolSamples } from "./samples.ts";

/** TLS. */
export const TLS_SAMPLES: ProtocolSamples = {
  protocol: "tls",
  transport: "tcp",
  flights: firstFlights("tls"),
  generate: (random) => [helloRecords(random)],
};
