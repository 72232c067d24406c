import assert from "node:assert/strict";
import { detectPostgres, POSTGRES } from "../../../../src/proto/protocols/postgres.ts";
import { matched } from "../../../support/chunks.ts";
import { concat, latin1, u16 } from "../../../support/client_hello_builder.ts";

const ALL = new Set(POSTGRES.fields);

function message(major: number, minor: number, body = "", length = 8 + body.length): Uint8Array {
  return concat(u16(0), u16(length), u16(major), u16(minor), latin1(body));
}

const fieldsOf = (body: string) => matched(detectPostgres(message(3, 0, body), ALL)).fields;

Deno.test("detectPostgres() knows requests at their codes, each with its length", () => {
  for (
    const [minor, lengths, others] of [
      [5678, [16, 44, 268], [8, 12, 15, 269]],
      [5679, [8], [9, 12, 16]],
      [5680, [8], [9, 12, 16]],
      [5681, [], [8, 16]],
    ] as const
  ) {
    for (const length of lengths) {
      const { version, consumed } = matched(detectPostgres(message(1234, minor, "", length), ALL));
      assert.deepEqual([version, consumed], [null, 8]);
    }
    for (const length of others) {
      assert.equal(detectPostgres(message(1234, minor, "", length)).kind, "noMatch");
    }
  }
});

Deno.test("detectPostgres() tells the version, and waits for no more than a name if nothing is wanted", () => {
  const start = message(3, 2, "user\0", 100);
  const { version, consumed } = matched(detectPostgres(start));
  assert.deepEqual([version, consumed], ["3.2", 13]);
  assert.equal(detectPostgres(start.subarray(0, -1)).kind, "needMore");
  assert.equal(detectPostgres(start, ALL).kind, "needMore", "but for the rest if something is");
});

Deno.test("detectPostgres() takes names of settings as names of parameters", () => {
  for (const name of ["user", "_pq_.x", "myapp.Tenant1", "a".repeat(63)]) {
    assert.equal(detectPostgres(message(3, 0, `${name}\0x\0\0`)).kind, "match", name);
  }
  for (const name of ["", "a b", "é", "a-b", "a".repeat(64)]) {
    assert.equal(detectPostgres(message(3, 0, `${name}\0x\0\0\0`)).kind, "noMatch", name);
  }
  const cutShort = message(3, 0, "username\0x\0\0", 12);
  assert.equal(detectPostgres(cutShort).kind, "noMatch", "a name does not go beyond the message");
});

Deno.test("detectPostgres() reads user and database wherever they stand, as servers do", () => {
  assert.deepEqual(fieldsOf("options\0-c a=b\0database\0shop\0user\0al ice\0\0"), {
    user: "al ice",
    database: "shop",
  });
  assert.deepEqual(fieldsOf("user\0a\0user\0b\0\0"), { user: "b", database: "b" });
  assert.deepEqual(fieldsOf("user\0a\0database\0\0\0"), { user: "a", database: "a" });
  assert.deepEqual(fieldsOf("database\0shop\0\0"), { database: "shop" });
  assert.equal(fieldsOf("options\0x\0\0"), undefined);
  const only = detectPostgres(message(3, 0, "user\0a\0database\0b\0\0"), new Set(["database"]));
  assert.deepEqual(matched(only).fields, { database: "b" });
});

Deno.test("detectPostgres() tells nothing of parameters that a server refuses or that are too long", () => {
  for (const body of ["user\0a\0", "user\0a\0database", "user\0a\0database\0b"]) {
    assert.equal(fieldsOf(body), undefined, JSON.stringify(body));
  }
  assert.deepEqual(fieldsOf(`user\0a\0database\0${"d".repeat(255)}\0\0`)?.database?.length, 255);
  assert.equal(fieldsOf(`user\0${"u".repeat(256)}\0\0`), undefined);
});

Deno.test("detectPostgres() waits for the longest message that servers take, and for none that is longer", () => {
  const longest = message(3, 0, `user\0${"u".repeat(9985)}\0\0`);
  assert.equal(longest.length, POSTGRES.bound);
  assert.equal(detectPostgres(longest.subarray(0, -1), ALL).kind, "needMore");
  assert.equal(matched(detectPostgres(longest, ALL)).consumed, POSTGRES.bound);
  assert.equal(detectPostgres(message(3, 0, "", 10_001).subarray(0, 4)).kind, "noMatch");
});

Deno.test("detectPostgres() says no at the first byte that cannot be", () => {
  for (
    const hex of ["01", "0001", "000028", "00000007", "0000000801", "000000080001", "0000000803"]
  ) {
    const start = Uint8Array.fromHex(hex);
    assert.equal(detectPostgres(start).kind, "noMatch", hex);
    assert.equal(detectPostgres(start.subarray(0, -1)).kind, "needMore", hex);
  }
  for (const hex of ["0000000804d3", "0000000804d217", "0000000804d21631"]) {
    assert.equal(detectPostgres(Uint8Array.fromHex(hex)).kind, "noMatch", hex);
  }
});
