/**
 * What is fuzzed: a way to make inputs for a parser, and the laws that it must keep on each.
 *
 * @module
 */

import type { Random } from "./random.ts";

/** An input: the bytes of a connection or of a text as one array, or the datagrams of a flow. */
export type FuzzInput = readonly Uint8Array[];

/** A parser with its inputs and laws. */
export interface FuzzTarget {
  readonly name: string;
  /** A valid input, or one that is valid but for a few changes. */
  generate(random: Random): FuzzInput;
  /**
   * Holds the parser to its laws.
   *
   * @returns what the parser says, in a word
   * @throws {Error} when a law is broken
   */
  check(input: FuzzInput, random: Random): string;
}

/** The only array of an input that is not a flow of datagrams. */
export function onlyPart(input: FuzzInput): Uint8Array {
  return input[0] ?? new Uint8Array(0);
}
