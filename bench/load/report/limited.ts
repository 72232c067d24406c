/**
 * Whether a figure shows what a proxy is capable of.
 *
 * @module
 */

import type { Row } from "./row.ts";
import { median } from "./statistics.ts";

/** Below this share of a CPU it was not the proxy that limited a figure, but the load or what else the machine does. */
const BUSY = 0.85;

/** Put in front of such figures. */
export const LIMITED = "≈";

/** What it means. */
export const LIMITED_NOTE = `${LIMITED}: the proxy used less than ${BUSY * 100} % of a CPU: ` +
  "the load, or what else the machine does, was the bottleneck.";

/** Whether a load that should have kept the proxy busy did not. */
export function isLimited({ saturating, busy }: Row, proxy: string): boolean {
  return saturating === true && median(busy.get(proxy) ?? []) < BUSY;
}
