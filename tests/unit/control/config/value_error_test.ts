import assert from "node:assert/strict";
import { quote } from "../../../../src/control/config/value_error.ts";

Deno.test("quote() escapes what would steer a terminal, or reorder or part a line", () => {
  for (
    const [value, quoted] of [
      ['a"\\\n\x1b', '"a\\"\\\\\\n\\u001b"'],
      ["\x7f\x9b", '"\\u007f\\u009b"'],
      ["\u202ea\u2028b\u200d", '"\\u202ea\\u2028b\\u200d"'],
      ["\u{e0001}", '"\\udb40\\udc01"'],
      ["b\u00fccher \u{1f600}", '"b\u00fccher \u{1f600}"'],
    ] as const
  ) {
    assert.equal(quote(value), quoted);
    assert.equal(JSON.parse(quoted), value);
  }
});

Deno.test("quote() shortens a value, and repeats nothing that looks like a key", () => {
  assert.equal(quote("a".repeat(81)), `"${"a".repeat(80)}…"`);
  assert.equal(quote(`x ${"A".repeat(32)}=`), `"x ${"*".repeat(33)}"`);
});
