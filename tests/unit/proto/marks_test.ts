import assert from "node:assert/strict";
import { NEED_MORE, NO_MATCH } from "../../../src/model/verdict.ts";
import { asciiMark, findMarkEnd, mayHave } from "../../../src/proto/marks.ts";

Deno.test("findMarkEnd() says where a mark ends, and no at the first byte that differs", () => {
  const mark = asciiMark("AB\0");
  const head = Uint8Array.of(0x20, 0x41, 0x42, 0x00, 0x43);
  assert.equal(findMarkEnd(head, 1, mark), 4);
  for (const end of [0, 1, 2, 3]) {
    assert.equal(findMarkEnd(head.subarray(0, end), 1, mark), NEED_MORE);
  }
  for (const at of [1, 2, 3]) {
    const changed = head.with(at, 0xff).subarray(0, at + 1);
    assert.equal(findMarkEnd(changed, 1, mark), NO_MATCH);
  }
});

Deno.test("mayHave() is true of a byte that has not come", () => {
  const head = Uint8Array.of(1);
  assert.deepEqual([mayHave(head, 0, 1), mayHave(head, 0, 2), mayHave(head, 1, 2)], [
    true,
    false,
    true,
  ]);
});
