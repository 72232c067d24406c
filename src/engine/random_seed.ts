/**
 * Chance for the pipeline, which has none of its own.
 *
 * @module
 */

/** A random 32-bit integer: for load balancing, not for secrets. */
export function randomSeed(): number {
  return Math.floor(Math.random() * 2 ** 32);
}
