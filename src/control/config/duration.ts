/**
 * Durations as a configuration writes them: `"30s"`, `"5 mins"`, `"250ms"`.
 *
 * @module
 */

import { quote, ValueError } from "./value_error.ts";

const MILLISECOND = ["ms", "msec", "msecs", "millisecond", "milliseconds"];
const SECOND = ["s", "sec", "secs", "second", "seconds"];
const MINUTE = ["m", "min", "mins", "minute", "minutes"];
const HOUR = ["h", "hr", "hrs", "hour", "hours"];
const DAY = ["d", "day", "days"];

const UNITS: ReadonlyMap<string, number> = new Map([
  ...MILLISECOND.map((unit) => [unit, 1] as const),
  ...SECOND.map((unit) => [unit, 1_000] as const),
  ...MINUTE.map((unit) => [unit, 60_000] as const),
  ...HOUR.map((unit) => [unit, 3_600_000] as const),
  ...DAY.map((unit) => [unit, 86_400_000] as const),
]);

/** Longest duration: timers take a signed 32-bit number of milliseconds, which is 24.8 days. */
export const MAX_DURATION = 24 * 86_400_000;

const DURATION = /^([0-9]+)\s*([a-z]+)$/i;

/**
 * Reads a whole number with a unit as milliseconds.
 *
 * @throws {ValueError} when it is not one, or is longer than {@linkcode MAX_DURATION}
 */
export function parseDuration(text: string): number {
  const trimmed = text.trim();
  const [, digits = "", unit = ""] = DURATION.exec(trimmed) ?? [];
  const factor = UNITS.get(unit.toLowerCase());
  if (factor === undefined) throw notADuration(trimmed, unit);
  return boundDuration(Number(digits) * factor, text);
}

/**
 * Reads a whole number of seconds as milliseconds.
 *
 * @throws {ValueError} when it is longer than {@linkcode MAX_DURATION}
 */
export function parseSeconds(seconds: number): number {
  return boundDuration(seconds * 1_000, String(seconds));
}

/** Milliseconds in the largest unit that leaves no fraction. */
export function formatDuration(milliseconds: number): string {
  for (const [unit, factor] of [["h", 3_600_000], ["m", 60_000], ["s", 1_000]] as const) {
    if (milliseconds >= factor && milliseconds % factor === 0) {
      return `${milliseconds / factor}${unit}`;
    }
  }
  return milliseconds === 0 ? "0s" : `${milliseconds}ms`;
}

function notADuration(text: string, unit: string): ValueError {
  if (/^[0-9]+$/.test(text)) {
    return new ValueError(`${quote(text)} has no unit`, `Write "${text}s" for seconds`);
  }
  return unit === ""
    ? new ValueError(
      `${quote(text)} is not a duration`,
      `Write a whole number and a unit, as in "30s" or "250ms"`,
    )
    : new ValueError(
      `${quote(text)} has an unknown unit, ${quote(unit)}`,
      `Use ms, s, m, h or d, as in "30s"`,
    );
}

function boundDuration(milliseconds: number, text: string): number {
  if (milliseconds <= MAX_DURATION) return milliseconds;
  throw new ValueError(`${quote(text)} is longer than 24 days`);
}
