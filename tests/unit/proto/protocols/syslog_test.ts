import assert from "node:assert/strict";
import { detectSyslog } from "../../../../src/proto/protocols/syslog.ts";
import { matched } from "../../../support/chunks.ts";
import { latin1 } from "../../../support/client_hello_builder.ts";

const detect = (text: string) => detectSyslog(latin1(text));

Deno.test("detectSyslog() takes priorities from 0 to 191", () => {
  for (let priority = 0; priority <= 191; priority++) {
    assert.equal(detect(`<${priority}>text`).kind, "match", String(priority));
  }
});

Deno.test("detectSyslog() says no at the first byte that cannot be", () => {
  for (
    const start of [
      ...["a", "0", " ", "\0", "1a", "1<", "1234567", "12 a"],
      ...["<>", "<a", "<192", "<00", "<01", "<19a", "<1000"],
      ...["<13>\0", "<13>\n", "<13>\x7f"],
    ]
  ) {
    assert.equal(detect(start).kind, "noMatch", JSON.stringify(start));
    assert.equal(detect(start.slice(0, -1)).kind, "needMore", JSON.stringify(start));
  }
});

Deno.test("detectSyslog() tells RFC 5424 by its version and what stands behind it", () => {
  const versionOf = (text: string) => matched(detect(text)).version;
  for (const text of ["<13>1 2026-11-22T", "<13>1 -", "20 <13>1 -"]) {
    assert.equal(versionOf(text), "RFC 5424", text);
  }
  for (const text of ["<13>1 a", "<13>1:", "<13>2 -", "<13>12 -", "<13> 1 -", "<13>Nov", "<13>é"]) {
    assert.equal(versionOf(text), "RFC 3164", text);
  }
  for (const text of ["<13>", "<13>1", "<13>1 "]) assert.equal(detect(text).kind, "needMore", text);
});
