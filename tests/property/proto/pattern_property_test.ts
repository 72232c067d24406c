/**
 * Patterns that run byte by byte, against the library that matches whole texts.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { RE2JS } from "re2js";
import { compilePattern, type PatternState } from "../../../src/proto/pattern.ts";

const { pattern } = fc.letrec<{ pattern: string; atom: string }>((tie) => ({
  atom: fc.oneof(
    { maxDepth: 2 },
    fc.constantFrom("a", "b", "c", ".", "[ab]", "[^a]", "\\x00", "\\d", "(?i:B)"),
    tie("pattern").map((inner) => `(${inner})`),
  ),
  pattern: fc.array(
    fc.tuple(tie("atom"), fc.constantFrom("", "", "", "?", "*", "+", "{2}", "{1,3}", "|b")),
    { minLength: 1, maxLength: 4 },
  ).map((parts) => parts.map((part) => part.join("")).join("")),
}));

const text = fc.array(fc.constantFrom("a", "b", "c", "B", "\n", "\x00", "7", "\xff"), {
  maxLength: 12,
}).map((characters) => characters.join(""));

Deno.test("BytePattern fits where, and as soon as, the library matches what came so far", () => {
  let fitting = 0;
  fc.assert(
    fc.property(pattern, text, (source, subject) => {
      const whole = RE2JS.compile(source);
      fc.pre(!whole.testExact("")); // refused: it fits everything
      const compiled = compilePattern(source);
      let state: PatternState = compiled.start;
      for (let end = 1; end <= subject.length; end++) {
        if (typeof state === "object") state = compiled.step(state, subject.charCodeAt(end - 1));
        if (state === "fails") {
          assert(!whole.testExact(subject.slice(0, end)));
        } else {
          assert.equal(state === "fits", whole.testExact(subject.slice(0, end)));
        }
        if (state === "fits") {
          fitting++;
          return;
        }
      }
    }),
    { numRuns: 1_000 },
  );
  assert(fitting > 100);
});
