/**
 * Runs fuzz targets over inputs that follow from seeds.
 *
 * @module
 */

import { CONFIG_TARGET } from "./config_target.ts";
import { DATAGRAM_TARGETS } from "./datagram_targets.ts";
import { ECH_TARGETS } from "./ech_targets.ts";
import { QUIC_ECH_TARGET } from "./quic_ech_target.ts";
import { Random } from "./random.ts";
import { RETRY_TARGET } from "./retry_target.ts";
import { SPLIT_RELAY_TARGET } from "./split_relay_target.ts";
import { STREAM_TARGETS } from "./stream_targets.ts";
import type { FuzzInput, FuzzTarget } from "./target.ts";

/** Everything that is fuzzed. */
export const FUZZ_TARGETS: readonly FuzzTarget[] = [
  ...STREAM_TARGETS,
  ...DATAGRAM_TARGETS,
  ...ECH_TARGETS,
  SPLIT_RELAY_TARGET,
  QUIC_ECH_TARGET,
  RETRY_TARGET,
  CONFIG_TARGET,
];

/** An input that broke a law: `cause` says which. */
export class FuzzFailure extends Error {
  override readonly name = "FuzzFailure";

  constructor(target: string, seed: number, input: FuzzInput, cause: unknown) {
    const parts = input.map((part) => part.toHex());
    super(`${target} broke a law with seed ${seed}: ${cause}\nparts: ${JSON.stringify(parts)}`, {
      cause,
    });
  }
}

/**
 * Makes the input that follows from a seed and checks it.
 *
 * @returns what the parser said, in a word
 * @throws {FuzzFailure} when it broke a law
 */
export function fuzzOnce(target: FuzzTarget, seed: number): string {
  const random = new Random(seed);
  const input = target.generate(random);
  const given = input.map((part) => part.slice());
  try {
    const outcome = target.check(given, random);
    if (given.some((part, i) => part.toHex() !== input[i]?.toHex())) {
      throw new Error("The parser changed its input");
    }
    return outcome;
  } catch (error) {
    throw new FuzzFailure(target.name, seed, input, error);
  }
}
