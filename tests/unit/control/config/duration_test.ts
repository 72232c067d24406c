import assert from "node:assert/strict";
import {
  formatDuration,
  MAX_DURATION,
  parseDuration,
  parseSeconds,
} from "../../../../src/control/config/duration.ts";
import { ValueError } from "../../../../src/control/config/value_error.ts";

for (
  const [text, milliseconds] of [
    ["0s", 0],
    ["250ms", 250],
    ["30s", 30_000],
    ["1sec", 1_000],
    ["2 secs", 2_000],
    ["1 second", 1_000],
    ["5 mins", 300_000],
    ["1m", 60_000],
    ["2 Minutes", 120_000],
    ["1h", 3_600_000],
    ["2 HRS", 7_200_000],
    [" 1 hour ", 3_600_000],
    ["24d", MAX_DURATION],
    ["1 day", 86_400_000],
  ] as const
) {
  Deno.test(`parseDuration() reads "${text}"`, () => {
    assert.equal(parseDuration(text), milliseconds);
  });
}

for (
  const text of ["", "s", "30", "-1s", "1.5s", "1h30m", "1 fortnight", "25d", `${"9".repeat(400)}s`]
) {
  Deno.test(`parseDuration() rejects "${text.slice(0, 20)}"`, () => {
    assert.throws(() => parseDuration(text), ValueError);
  });
}

Deno.test("parseSeconds() reads seconds up to the longest duration", () => {
  assert.equal(parseSeconds(0), 0);
  assert.equal(parseSeconds(MAX_DURATION / 1_000), MAX_DURATION);
  assert.throws(() => parseSeconds(MAX_DURATION / 1_000 + 1), ValueError);
});

Deno.test("formatDuration() writes what parseDuration() reads", () => {
  for (const text of ["0s", "1ms", "1500ms", "30s", "90s", "1m", "36h"]) {
    assert.equal(formatDuration(parseDuration(text)), text);
  }
});
