import assert from "node:assert/strict";
import fc from "fast-check";
import { SessionTable } from "../../../../src/engine/native/udp/session_table.ts";

const KEY_WORDS = 3;

/** Few words and few values: keys come again, and share words. */
const key = fc.array(fc.constantFrom(0, 1, 2, 0xffff_ffff), {
  minLength: KEY_WORDS,
  maxLength: KEY_WORDS,
});

const step = fc.oneof(
  fc.record({ do: fc.constant("add" as const), key, value: fc.nat() }),
  fc.record({ do: fc.constant("remove" as const), key }),
);

Deno.test("SessionTable finds what a Map finds, whatever was added and removed", () => {
  fc.assert(fc.property(fc.array(step, { maxLength: 200 }), fc.nat(), (steps, seed) => {
    const table = new SessionTable<number>(KEY_WORDS, seed);
    const model = new Map<string, { readonly entry: number; readonly value: number }>();
    for (const action of steps) {
      const name = String(action.key);
      const known = model.get(name);
      if (action.do === "add" && known === undefined) {
        table.key.set(action.key);
        model.set(name, { entry: table.add(action.value), value: action.value });
      } else if (action.do === "remove" && known !== undefined) {
        table.remove(known.entry);
        model.delete(name);
      }
    }
    assertSame(table, model);
  }));
});

Deno.test("SessionTable keeps thousands of sessions apart while it grows and shrinks", () => {
  const table = new SessionTable<number>(KEY_WORDS, 7);
  const model = new Map<string, { readonly entry: number; readonly value: number }>();
  for (let value = 0; value < 5_000; value++) {
    const words = [value % 7, value, 0];
    table.key.set(words);
    model.set(String(words), { entry: table.add(value), value });
  }
  assertSame(table, model);
  for (const [name, { entry, value }] of [...model]) {
    if (value % 3 === 0) continue;
    table.remove(entry);
    model.delete(name);
  }
  assertSame(table, model);
});

Deno.test("SessionTable refuses a key that another session has", () => {
  const table = new SessionTable<string>(KEY_WORDS, 1);
  table.key.set([1, 2, 3]);
  table.add("first");
  assert.throws(() => table.add("second"), /has this key already/);
});

function assertSame(
  table: SessionTable<number>,
  model: ReadonlyMap<string, { readonly entry: number; readonly value: number }>,
): void {
  assert.equal(table.size, model.size);
  for (const [name, { value }] of model) {
    table.key.set(name.split(",").map(Number));
    assert.equal(table.get(), value);
  }
  assert.deepEqual(table.values().sort(), [...model.values()].map(({ value }) => value).sort());
}
