import assert from "node:assert/strict";
import { matchesGlob } from "../../../src/proto/glob.ts";

Deno.test("matchesGlob() compares texts without a star as they are", () => {
  assert(matchesGlob("abc", "abc"));
  assert(!matchesGlob("abc", "abcd"));
  assert(!matchesGlob("abc", "ABC"));
});

Deno.test("matchesGlob() takes any text for a star, none included", () => {
  for (
    const [pattern, text, fits] of [
      ["OpenSSH_*", "OpenSSH_9.6p1", true],
      ["OpenSSH_*", "OpenSSH_", true],
      ["OpenSSH_*", "dropbear", false],
      ["*_9.6", "OpenSSH_9.6", true],
      ["*_9.6", "OpenSSH_9.6p1", false],
      ["a*b*c", "abc", true],
      ["a*b*c", "a-b-b-c", true],
      ["a*b*c", "a-c-b", false],
      ["a*a", "a", false], // no character counts twice
      ["a*ab*b", "ab", false],
      ["*ab*ab*", "abab", true],
      ["*ab*ab*", "abb", false],
      ["a**c", "abc", true],
      ["*", "", true],
    ] as const
  ) assert.equal(matchesGlob(pattern, text), fits, `${pattern} ${text}`);
});
