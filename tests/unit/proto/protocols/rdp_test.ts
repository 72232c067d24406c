import assert from "node:assert/strict";
import type { MatchField } from "../../../../src/model/protocol.ts";
import { detectRdp, RDP } from "../../../../src/proto/protocols/rdp.ts";
import { matched } from "../../../support/chunks.ts";
import { concat, latin1, u16 } from "../../../support/client_hello_builder.ts";

const ALL = new Set(RDP.fields);
const NEGOTIATION = "\x01\0\x08\0\x03\0\0\0";

function request(variable: string): Uint8Array {
  const length = 11 + variable.length;
  const start = Uint8Array.of(length - 5, 0xe0, 0, 0, 0, 0, 0);
  return concat(Uint8Array.of(3, 0), u16(length), start, latin1(variable));
}

Deno.test("detectRdp() tells cookies and tokens as the client sent them", () => {
  for (
    const [line, fields] of [
      ["Cookie: mstshash=JOHN-PC  ", { cookie: "JOHN-PC  " }],
      ["Cookie: mstshash=é\\ü", { cookie: "é\\ü" }],
      ["Cookie: mstshash=", { cookie: "" }],
      ["Cookie: msts=3640205228.15629.0000", { routingToken: "3640205228.15629.0000" }],
      ["tsv://MS Terminal Services Plugin.1.Farm", {
        routingToken: "tsv://MS Terminal Services Plugin.1.Farm",
      }],
      ["cookie: mstshash=a", { routingToken: "cookie: mstshash=a" }], // not how it has to be spelt
    ] as const
  ) {
    assert.deepEqual(matched(detectRdp(request(`${line}\r\n${NEGOTIATION}`), ALL)).fields, fields);
    assert.deepEqual(matched(detectRdp(request(`${line}\r\n`), ALL)).fields, fields);
  }
  assert.equal(matched(detectRdp(request(NEGOTIATION), ALL)).fields, undefined);
});

Deno.test("detectRdp() tells only what is wanted", () => {
  const both: [string, MatchField][] = [["mstshash=a", "routingToken"], ["msts=a", "cookie"]];
  for (const [cookie, other] of both) {
    const bytes = request(`Cookie: ${cookie}\r\n`);
    assert.equal(matched(detectRdp(bytes, new Set([other]))).fields, undefined);
  }
});

Deno.test("detectRdp() takes a request for security protocols of 8 bytes, with its identifier if it has one", () => {
  const correlated = "\x01\x08\x08\0\x03\0\0\0";
  const identifier = `\x06\0\x24\0${"i".repeat(32)}`;
  for (const good of ["", NEGOTIATION, correlated + identifier]) {
    assert.equal(detectRdp(request(good)).kind, "match");
  }
  for (
    const bad of [
      NEGOTIATION + identifier,
      correlated,
      NEGOTIATION.slice(0, 7),
      NEGOTIATION + "\0",
      NEGOTIATION.replace("\x01", "\x02"), // an answer
      NEGOTIATION.replace("\x08", "\x07"),
      correlated + identifier.replace("\x06", "\x05"),
      correlated + identifier.replace("\x24", "\x23"),
    ]
  ) assert.equal(detectRdp(request(bad)).kind, "noMatch", JSON.stringify(bad));
});

Deno.test("detectRdp() says no at the first byte that cannot be", () => {
  const whole = request(`Cookie: mstshash=a\r\n${NEGOTIATION}`);
  for (const at of [0, 1, 2, 4, 5, 6, 7, 10, 29, 30, 31, 33, 34]) {
    const changed = whole.with(at, 0x07).subarray(0, at + 1);
    assert.equal(detectRdp(changed).kind, "noMatch", String(at));
    assert.equal(detectRdp(changed.subarray(0, at)).kind, "needMore", String(at));
  }
});

Deno.test("detectRdp() knows the longest request at its bound", () => {
  const longest = request(`${"t".repeat(246)}\r\n`);
  assert.equal(longest.length, RDP.bound);
  assert.equal(matched(detectRdp(longest)).consumed, RDP.bound);
  assert.equal(detectRdp(longest.subarray(0, -1)).kind, "needMore");
});
