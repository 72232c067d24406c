import assert from "node:assert/strict";
import { detectWinbox, WINBOX } from "../../../../src/proto/protocols/winbox.ts";
import { matched } from "../../../support/chunks.ts";
import { concat, latin1 } from "../../../support/client_hello_builder.ts";

function login(user: string, parity = 1, length = user.length + 34): Uint8Array {
  const key = new Uint8Array(32).fill(0xa5);
  return concat(Uint8Array.of(length, 6), latin1(`${user}\0`), key, Uint8Array.of(parity));
}

Deno.test("detectWinbox() takes a login of any name that fits one chunk, and tells it if wanted", () => {
  for (const user of ["a", "admin", "admin+r", "a".repeat(219)]) {
    const whole = login(user);
    const { consumed, fields } = matched(detectWinbox(whole, true));
    assert.deepEqual([consumed, fields], [whole.length, { user }]);
    assert.equal(matched(detectWinbox(whole)).fields, undefined);
    assert.equal(detectWinbox(whole.subarray(0, -1)).kind, "needMore");
  }
  assert.equal(login("a".repeat(219)).length, WINBOX.bound);
});

Deno.test("detectWinbox() says no to a login whose name does not end where it has to", () => {
  for (const bytes of [login(""), login("a", 2), login("admin", 1, 38), login("admin", 1, 40)]) {
    assert.equal(detectWinbox(bytes).kind, "noMatch");
  }
  for (const user of ["a b", "a\x7f", "é", "a\0b", "a".repeat(220), "a".repeat(221)]) {
    assert.equal(detectWinbox(login(user)).kind, "noMatch", user);
  }
});

Deno.test("detectWinbox() takes a message in format 2 whose lengths agree", () => {
  for (const hex of ["370100354d32", "080100064d32", "ff0100fd4d32", "ff01ffff4d32"]) {
    assert.equal(matched(detectWinbox(Uint8Array.fromHex(hex))).consumed, 6, hex);
    assert.equal(detectWinbox(Uint8Array.fromHex(hex.slice(0, -2))).kind, "needMore", hex);
  }
  for (
    const hex of [
      "07",
      "fe",
      "3702",
      "370101",
      "37010036",
      "ff0100fc",
      "370100354e",
      "370100354d33",
    ]
  ) {
    assert.equal(detectWinbox(Uint8Array.fromHex(hex)).kind, "noMatch", hex);
  }
});
