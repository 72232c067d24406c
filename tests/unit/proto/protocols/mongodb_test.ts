import assert from "node:assert/strict";
import { detectMongodb } from "../../../../src/proto/protocols/mongodb.ts";
import { detectSocks4 } from "../../../../src/proto/protocols/socks4.ts";
import { detectSocks5 } from "../../../../src/proto/protocols/socks5.ts";
import { matched } from "../../../support/chunks.ts";
import { concat, latin1 } from "../../../support/client_hello_builder.ts";

const int32 = (value: number) => Uint8Array.of(value, value >> 8, value >> 16, value >> 24);

/** A message up to the length of its document. */
function message(opcode: number, flags: number, before: string, document: number, length: number) {
  const header = concat(int32(length), int32(7), int32(0), int32(opcode), int32(flags));
  return concat(header, latin1(before), int32(document));
}

const msg = (flags: number, document: number, length: number) =>
  message(2013, flags, "\0", document, length);
const query = (name: string, document = 5, length = 16 + 4 + name.length + 1 + 8 + document) =>
  message(2004, 0, `${name}\0${"\0".repeat(8)}`, document, length);

Deno.test("detectMongodb() rests on header and document lengths that agree", () => {
  for (const [flags, document, length] of [[0, 5, 26], [1, 5, 30], [0x10002, 300, 321]] as const) {
    const whole = msg(flags, document, length);
    assert.equal(matched(detectMongodb(whole)).consumed, 25);
    assert.equal(detectMongodb(whole.subarray(0, -1)).kind, "needMore");
  }
  for (
    const [flags, document, length] of [[0, 5, 27], [1, 5, 26], [0, 4, 25], [0, -1, 20]] as const
  ) {
    assert.equal(detectMongodb(msg(flags, document, length)).kind, "noMatch");
  }
});

Deno.test("detectMongodb() takes queries that are commands", () => {
  for (const name of ["admin.$cmd", "shop.$cmd", `${"d".repeat(63)}.$cmd`, "é.$cmd"]) {
    assert.equal(detectMongodb(query(name)).kind, "match", name);
  }
  for (
    const name of ["", ".$cmd", "a b.$cmd", "shop.items", "admin.$cmd.", `${"d".repeat(64)}.$cmd`]
  ) {
    assert.equal(detectMongodb(query(name)).kind, "noMatch", name);
  }
});

Deno.test("detectMongodb() says no at the first byte that cannot be", () => {
  const whole = msg(0, 5, 26);
  for (const at of [2, 3, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20]) {
    const changed = whole.with(at, 0x7c).subarray(0, at + 1);
    assert.equal(detectMongodb(changed).kind, "noMatch", String(at));
    assert.equal(detectMongodb(changed.subarray(0, at)).kind, "needMore", String(at));
  }
});

Deno.test("detectMongodb() takes messages that begin as requests of SOCKS do: the page tells of them", () => {
  for (const [length, detectSocks] of [[261, detectSocks5], [516, detectSocks4]] as const) {
    const whole = msg(0, length - 21, length);
    assert.equal(detectMongodb(whole).kind, "match");
    assert.equal(detectSocks(whole).kind, "match");
  }
});
