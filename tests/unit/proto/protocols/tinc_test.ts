import assert from "node:assert/strict";
import { detectTinc, TINC } from "../../../../src/proto/protocols/tinc.ts";
import { matched } from "../../../support/chunks.ts";
import { latin1 } from "../../../support/client_hello_builder.ts";

const detect = (text: string) => detectTinc(latin1(text));

Deno.test("detectTinc() tells the version of the protocol, with its minor one if there is one", () => {
  for (const version of ["9", "17", "17.0", "17.7", "17.255"]) {
    const line = `0 alice ${version}\n`;
    const found = matched(detect(`${line}1 94 64 0 0 AB\n`));
    assert.deepEqual([found.version, found.consumed], [`protocol ${version}`, line.length]);
  }
  for (const version of ["", "170", "17.", "17.2555", ".7", "17.7.1", "-1", "17 ", "17\r"]) {
    assert.equal(detect(`0 alice ${version}\n`).kind, "noMatch", JSON.stringify(version));
  }
});

Deno.test("detectTinc() takes names that a node can have", () => {
  for (const name of ["a", "Node_1", "7", "n".repeat(255)]) {
    assert.equal(detect(`0 ${name} 17\n`).kind, "match", name);
  }
  for (const name of ["", "a-b", "a.b", "a+b", "\xe4", "^cookie", "n".repeat(256)]) {
    assert.equal(detect(`0 ${name} 17\n`).kind, "noMatch", JSON.stringify(name));
  }
});

Deno.test("detectTinc() takes the key of a node that was invited, in either alphabet of base64", () => {
  for (const key of ["abcXYZ019+/", "abcXYZ019-_"]) {
    assert.equal(detect(`0 ?${key} 17.1\n`).kind, "match", key);
  }
  for (const key of ["", "?", "a=", "a b"]) {
    assert.equal(detect(`0 ?${key} 17.1\n`).kind, "noMatch", key);
  }
});

Deno.test("detectTinc() takes no other request, and no other spacing", () => {
  for (const start of ["1", "\n", " ", "00", "0\t", "0  ", "0 a  "]) {
    assert.equal(detect(start).kind, "noMatch", JSON.stringify(start));
  }
});

Deno.test("detectTinc() knows at its bound", () => {
  const longest = `0 ${"n".repeat(255)} 17.255\n`;
  assert.equal(longest.length, TINC.bound);
  assert.equal(matched(detect(longest)).consumed, TINC.bound);
  assert.equal(detect(longest.slice(0, -1)).kind, "needMore");
});
