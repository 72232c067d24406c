/**
 * Times in log lines: RFC 3339 in UTC, to the millisecond.
 *
 * @module
 */

/** Length of `2026-11-22T18:00:00.`. */
const UP_TO_SECOND = 20;

let cachedSecond = Number.NaN;
let cachedText = "";

/**
 * Writes a time in milliseconds since the epoch as `2026-11-22T18:00:00.123Z`.
 *
 * Lines come in the order of time, so all but the milliseconds is nearly always that of the line before.
 */
export function formatTimestamp(time: number): string {
  const whole = Math.floor(time);
  const second = Math.floor(whole / 1000);
  if (second !== cachedSecond) {
    cachedText = new Date(second * 1000).toISOString().slice(0, UP_TO_SECOND);
    cachedSecond = second;
  }
  const millisecond = whole - second * 1000;
  const padding = millisecond < 10 ? "00" : millisecond < 100 ? "0" : "";
  return `${cachedText}${padding}${millisecond}Z`;
}
