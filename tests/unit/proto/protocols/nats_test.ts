import assert from "node:assert/strict";
import { detectNats, NATS } from "../../../../src/proto/protocols/nats.ts";
import { matched } from "../../../support/chunks.ts";
import { latin1 } from "../../../support/client_hello_builder.ts";

const detect = (text: string) => detectNats(latin1(text));

Deno.test("detectNats() rests on CONNECT and the beginning of its options", () => {
  for (
    const start of ['CONNECT {"', "CONNECT {}", 'Connect {"', 'CONNECT\t{"', 'CONNECT  \t{ \t"']
  ) {
    const { protocol, consumed } = matched(detect(`${start}verbose":true}\r\n`));
    assert.deepEqual([protocol, consumed], ["nats", start.length]);
    assert.equal(detect(start.slice(0, -1)).kind, "needMore");
  }
});

Deno.test("detectNats() says no at the first byte that differs", () => {
  for (
    const start of ["X", "CONNECT\r", "CONNECT{", "CONNECT a", "CONNECT {{", "CONNECT {'", "PING\r"]
  ) assert.equal(detect(start).kind, "noMatch", JSON.stringify(start));
});

Deno.test("detectNats() knows at its bound", () => {
  const longest = `CONNECT${" ".repeat(8)}{${" ".repeat(8)}"`;
  assert.equal(longest.length, NATS.bound);
  assert.equal(matched(detect(longest)).consumed, NATS.bound);
  assert.equal(detect(`CONNECT${" ".repeat(9)}`).kind, "noMatch");
  assert.equal(detect(`CONNECT {${" ".repeat(9)}`).kind, "noMatch");
});
