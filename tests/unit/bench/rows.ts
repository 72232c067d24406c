/**
 * Rows of a load report for its tests.
 *
 * @module
 */

import type { Row } from "../../../bench/load/report/row.ts";

/** A row with the given figures; every proxy was busy. */
export function row(figures: Readonly<Record<string, number[]>>, more: Partial<Row> = {}): Row {
  return {
    scenario: "requests",
    unit: "requests/s",
    better: "higher",
    goals: [],
    figures: new Map(Object.entries(figures)),
    busy: new Map(Object.entries(figures).map(([name, list]) => [name, list.map(() => 1)])),
    ...more,
  };
}
