/**
 * Identification strings of SSH.
 *
 * @module
 */

import { latin1 } from "../support/client_hello_builder.ts";
import { firstFlights } from "./first_flights.ts";
import type { ProtocolSamples } from "./samples.ts";

/** SSH. */
export const SSH_SAMPLES: ProtocolSamples = {
  protocol: "ssh",
  transport: "tcp",
  flights: firstFlights("ssh"),
  generate: (random) => [latin1(`SSH-${random.pick(["2.0", "1.99", "1.5", "2", ""])}-a\r\n`)],
};
