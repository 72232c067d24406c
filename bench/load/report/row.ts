/**
 * What a report is made of.
 *
 * @module
 */

import type { Figure } from "../scenarios/scenario.ts";

/** The measurements of one figure of one scenario. */
export interface Row extends Figure {
  readonly scenario: string;
  /** By name of the proxy: a number for each round, in their order. One that failed has no later rounds. */
  readonly figures: ReadonlyMap<string, readonly number[]>;
  /** By name of the proxy: CPU seconds that it used for each second of a round. */
  readonly busy: ReadonlyMap<string, readonly number[]>;
}

/** What could not be measured: a proxy, or the whole scenario. */
export interface Omission {
  readonly scenario: string;
  readonly what: string;
  /** An error; of several lines the first tells most. */
  readonly why: string;
}
