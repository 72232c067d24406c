import assert from "node:assert/strict";
import {
  detectProxyProtocol,
  PROXY_PROTOCOL,
} from "../../../../src/proto/protocols/proxy_protocol.ts";
import { matched } from "../../../support/chunks.ts";
import { concat, latin1 } from "../../../support/client_hello_builder.ts";

const line = (text: string) => detectProxyProtocol(latin1(text));
const SIGNATURE = latin1("\r\n\r\n\0\r\nQUIT\n");
const header = (...fixed: number[]) =>
  detectProxyProtocol(concat(SIGNATURE, Uint8Array.from(fixed)));

Deno.test("detectProxyProtocol() rests on the whole line of version 1", () => {
  for (
    const text of [
      "PROXY TCP4 192.0.2.1 192.0.2.2 1 65535\r\n",
      "PROXY TCP6 2001:db8::1 2001:DB8::2 0 443\r\n",
      "PROXY UNKNOWN\r\n",
      "PROXY UNKNOWN ffff::ffff ::1 1 2\r\n",
    ]
  ) {
    const found = matched(line(`${text}GET / HTTP/1.1\r\n`));
    assert.deepEqual([found.version, found.consumed], ["PROXY v1", text.length]);
    for (let length = 0; length < text.length; length++) {
      assert.equal(line(text.slice(0, length)).kind, "needMore", `${length} bytes`);
    }
  }
});

Deno.test("detectProxyProtocol() takes nothing else that begins with PROXY", () => {
  for (
    const text of [
      "PROXY /",
      "PROXY TCP5",
      "PROXY tcp4",
      "PROXY\t",
      "PROXY  ",
      "PROXY TCP4 /",
      "PROXY TCP4 HTTP/1.1",
      "PROXY UNKNOWN HTTP/1.1\r\n",
      "PROXY UNKNOWN SIP/2.0\r\n",
      "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n",
      "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\r",
    ]
  ) assert.equal(line(text).kind, "noMatch", JSON.stringify(text));
});

Deno.test("detectProxyProtocol() leaves addresses to the backend", () => {
  for (const fields of ["192.0.2.1 192.0.2.2 1 65536", "::1 ::2 1 2", "192.0.2.1"]) {
    assert.equal(line(`PROXY TCP4 ${fields}\r\n`).kind, "match", fields);
  }
});

Deno.test("detectProxyProtocol() gives up on a line at its bound", () => {
  const longest = `PROXY UNKNOWN ${"f".repeat(PROXY_PROTOCOL.bound - 16)}\r\n`;
  assert.equal(longest.length, PROXY_PROTOCOL.bound);
  assert.equal(line(longest).kind, "match");
  assert.equal(line(longest.slice(0, -1)).kind, "needMore");
  const longer = longest.replace("f", "ff");
  assert.deepEqual(line(longer.slice(0, PROXY_PROTOCOL.bound)), {
    kind: "malformed",
    code: "too_long",
  });
});

Deno.test("detectProxyProtocol() rests on signature, version, command and length of version 2", () => {
  for (const command of [0x20, 0x21]) {
    const found = matched(header(command, 0x11, 0, 12));
    assert.deepEqual([found.version, found.consumed], ["PROXY v2", 16]);
    assert.equal(header(command, 0x11, 0).kind, "needMore");
  }
  assert.equal(header(0x21, 0, 0xff, 0xff).kind, "match", "the rest is the backend's to read");
  for (const other of [0x22, 0x2f, 0x11, 0x31, 0]) {
    assert.deepEqual(header(other, 0x11, 0, 12), { kind: "malformed", code: "bad_value" });
  }
});

Deno.test("detectProxyProtocol() says no at the first byte of a signature that differs", () => {
  for (let i = 0; i < SIGNATURE.length; i++) {
    assert.equal(detectProxyProtocol(SIGNATURE.subarray(0, i)).kind, "needMore");
    const other = SIGNATURE.with(i, 0x41).subarray(0, i + 1);
    assert.equal(detectProxyProtocol(other).kind, "noMatch", `byte ${i}`);
  }
});
