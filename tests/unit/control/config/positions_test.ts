import assert from "node:assert/strict";
import { PositionIndex } from "../../../../src/control/config/positions.ts";

const TEXT = `top = 1
[tables."a.b"]
list = [1, "zwei", { inner = true }]
dotted.key = 5
[[many]]
x = 1
[[many]]
x = """
long"""
`;

function at(line: number, column: number, length: number) {
  return { line, column, length };
}

Deno.test("PositionIndex finds keys and values", () => {
  const index = new PositionIndex(TEXT);
  assert.deepEqual(index.key(["top"]), at(1, 1, 3));
  assert.deepEqual(index.value(["top"]), at(1, 7, 1));
  assert.deepEqual(index.key(["tables"]), at(2, 2, 6));
  assert.deepEqual(index.key(["tables", "a.b"]), at(2, 9, 5));
  assert.deepEqual(index.value(["tables", "a.b", "list", 1]), at(3, 12, 6));
  assert.deepEqual(index.key(["tables", "a.b", "list", 2, "inner"]), at(3, 22, 5));
  assert.deepEqual(index.value(["tables", "a.b", "list", 2, "inner"]), at(3, 30, 4));
  assert.deepEqual(index.key(["tables", "a.b", "dotted", "key"]), at(4, 8, 3));
  assert.deepEqual(index.value(["many", 0, "x"]), at(6, 5, 1));
  assert.deepEqual(index.value(["many", 1, "x"]), at(8, 5, 1), "the first line of several");
});

Deno.test("PositionIndex gives the table of what is missing, and the start of the text for the rest", () => {
  const index = new PositionIndex(TEXT);
  assert.deepEqual(index.value(["tables", "a.b", "absent"]), at(2, 9, 5));
  assert.deepEqual(index.value(["absent"]), at(1, 1, 1));
  assert.deepEqual(index.key([]), at(1, 1, 1));
});

Deno.test("PositionIndex has no places for what it cannot read", () => {
  assert.deepEqual(new PositionIndex("= = =").key(["a"]), at(1, 1, 1));
});
