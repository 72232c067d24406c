import assert from "node:assert/strict";
import { ADB, detectAdb } from "../../../../src/proto/protocols/adb.ts";
import { matched } from "../../../support/chunks.ts";

/** CNXN, version 0x01000001, 1 MiB, a payload of 7 bytes with its checksum, and the command inverted. */
const HEADER = Uint8Array.fromHex(
  "434e584e" + "01000001" + "00001000" + "07000000" + "32020000" + "bcb1a7b1",
);

Deno.test("detectAdb() rests on the whole header and not on the payload", () => {
  const { protocol, consumed } = matched(detectAdb(HEADER));
  assert.deepEqual([protocol, consumed], ["adb", ADB.bound]);
  for (let end = 0; end < HEADER.length; end++) {
    assert.equal(detectAdb(HEADER.subarray(0, end)).kind, "needMore", String(end));
  }
});

Deno.test("detectAdb() says no at the first byte that cannot be", () => {
  const fixed = [0, 1, 2, 3, 6, 7, 15, 20, 21, 22, 23];
  for (const at of fixed) {
    const changed = HEADER.with(at, (HEADER[at] ?? 0) ^ 0x20).subarray(0, at + 1);
    assert.equal(detectAdb(changed).kind, "noMatch", String(at));
  }
  for (const at of HEADER.keys().filter((at) => !fixed.includes(at))) {
    const changed = HEADER.with(at, (HEADER[at] ?? 0) ^ 0x20);
    assert.equal(detectAdb(changed).kind, "match", String(at));
  }
});
