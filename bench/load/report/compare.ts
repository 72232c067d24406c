/**
 * Compares the engines of this project with others.
 *
 * @module
 */

import { isLimited } from "./limited.ts";
import type { Row } from "./row.ts";
import { median, pairedRatio } from "./statistics.ts";

/** An engine of ours beside the best of others. */
export interface Comparison {
  readonly scenario: string;
  readonly unit: string;
  readonly better: "higher" | "lower";
  readonly engine: string;
  readonly against: readonly string[];
  /** `ours / theirs`: median over the rounds, each with the best of the others in it. */
  readonly ratio: number;
  /** What the ratio should be; null where there is no goal. */
  readonly goal: number | null;
  /** The most that our figure itself may be; null where there is no such bound. */
  readonly atMost: number | null;
  /** With a goal: met or missed. Without: ahead or behind. */
  readonly verdict: "met" | "missed" | "ahead" | "behind";
  /** Whether one of those compared did not use up its CPU, so that more might have shown a difference. */
  readonly limited: boolean;
}

/**
 * All comparisons that the rows allow.
 *
 * @param engines names of ours
 * @param rivals names of those that are compared with where a row has no goal for an engine
 */
export function compare(
  rows: readonly Row[],
  engines: readonly string[],
  rivals: readonly string[],
): Comparison[] {
  return rows.flatMap((row) => engines.flatMap((engine) => compareOne(row, engine, rivals)));
}

function compareOne(row: Row, engine: string, rivals: readonly string[]): Comparison[] {
  const goal = row.goals.find((one) => one.engine === engine);
  const against = (goal?.against ?? rivals)
    .filter((name) => name !== engine && row.figures.has(name));
  const own = row.figures.get(engine);
  if (own === undefined || against.length === 0) return [];

  const ratio = pairedRatio(own, bestOfEach(row, against));
  const reaches = (bound: number) => row.better === "higher" ? ratio >= bound : ratio <= bound;
  const withinBound = goal?.atMost === undefined || median(own) <= goal.atMost;
  return [{
    scenario: row.scenario,
    unit: row.unit,
    better: row.better,
    engine,
    against,
    ratio,
    goal: goal?.ratio ?? null,
    atMost: goal?.atMost ?? null,
    verdict: goal === undefined
      ? (reaches(1) ? "ahead" : "behind")
      : (reaches(goal.ratio) && withinBound ? "met" : "missed"),
    limited: [engine, ...against].some((name) => isLimited(row, name)),
  }];
}

/** The best figure of each round among some proxies. */
function bestOfEach({ figures, better }: Row, names: readonly string[]): number[] {
  const lists = names.map((name) => figures.get(name) ?? []);
  const rounds = Math.max(...lists.map((list) => list.length));
  return Array.from({ length: rounds }, (_, round) => {
    const there = lists.flatMap((list) => list[round] ?? []);
    return better === "higher" ? Math.max(...there) : Math.min(...there);
  });
}
