/**
 * Flows that patterns fit.
 *
 * @module
 */

import type { Random } from "../fuzz/random.ts";
import { latin1 } from "../support/client_hello_builder.ts";
import type { Flight, ProtocolSamples } from "./samples.ts";

const PATTERNS = ["\\x01\\x02[a-c]{2,4}z", "^(?i:hello|help) +\\pL+!", "(?s).*needle"];

const FLIGHTS: readonly Flight[] = [
  {
    name: "bytes and a class",
    parts: [latin1("\x01\x02abcz and more")],
    expected: { version: null },
    fields: { pattern: "\\x01\\x02[a-c]{2,4}z" },
  },
  {
    name: "words in any case",
    parts: [latin1("HELP  me!\n")],
    fields: { pattern: "^(?i:hello|help) +\\pL+!" },
  },
  {
    name: "something within the first bytes",
    parts: [latin1("\n\n hay needle hay")],
    fields: { pattern: "(?s).*needle" },
  },
];

/** Patterns over TCP. */
export const REGEX_TCP_SAMPLES: ProtocolSamples = {
  protocol: "regex",
  transport: "tcp",
  flights: FLIGHTS,
  values: PATTERNS,
  generate: (random) => [generated(random)],
};

/** Patterns over UDP. */
export const REGEX_UDP_SAMPLES: ProtocolSamples = {
  protocol: "regex",
  transport: "udp",
  flights: FLIGHTS,
  values: PATTERNS,
  generate: (random) => [generated(random)],
};

function generated(random: Random): Uint8Array {
  return latin1(
    random.pick(["\x01\x02", "hello ", "HELP", "", "\x01"]) +
      random.pick(["abz", "abcabz", "me!", "\xe9!", "a".repeat(random.below(1_100)), "needle"]) +
      random.pick(["", "needle", "\0"]),
  );
}
