/**
 * Request lines of HTTP/1 and prefaces of HTTP/2 in clear text.
 *
 * @module
 */

import type { Random } from "../fuzz/random.ts";
import { latin1 } from "../support/client_hello_builder.ts";
import { firstFlights } from "./first_flights.ts";
import type { ProtocolSamples } from "./samples.ts";

/** HTTP. */
export const HTTP_SAMPLES: ProtocolSamples = {
  protocol: "http",
  transport: "tcp",
  flights: firstFlights("http"),
  generate: (random) => [requestLine(random)],
};

function requestLine(random: Random): Uint8Array {
  const long = random.oneIn(60) ? random.between(15_000, 19_000) : random.below(1_500);
  return latin1(
    random.pick(["", "", "", "\r\n", "\n", "\r\n\r\n\r\n\r\n", "\r\n\r\n\r\n\r\n\n", "\r"]) +
      random.pick(["GET", "get", "PRI", "PROPFIND", "X".repeat(32), "X".repeat(33), "", "G\xe9T"]) +
      random.pick([" ", " ", "  ", "\t", ""]) +
      random.pick(["/", `/${"a".repeat(long)}`, "*", "http://a/", "a:443", "/ HTTP/1.1", ""]) +
      random.pick([" ", " ", "  ", ""]) +
      random.pick(["HTTP/1.1", "HTTP/1.0", "HTTP/2.0", "HTTP/1.", "RTSP/1.0", "SIP/2.0", ""]) +
      random.pick(["\r\n", "\r\n", "\n", "\r", "\0", ""]) +
      random.pick(["", "Host: a\r\n\r\n", "\r\nSM\r\n\r\n"]),
  );
}
