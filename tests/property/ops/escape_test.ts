import assert from "node:assert/strict";
import fc from "fast-check";
import { formatJsonEvent, formatTextEvent } from "../../../src/ops/access_log.ts";
import { formatLogLine } from "../../../src/ops/log.ts";
import { DETECTED, flowEnd, flowRecord, SERVICE } from "../../support/flow_records.ts";

/** Text with all that log injection is made of. */
const hostile = fc.string({
  unit: fc.oneof(
    fc.constantFrom(...'"\\= ,\n\r\t\0\x1b\x7f\x85\x9b\u2028\u2029\u202e\ud800'),
    fc.string({ minLength: 1, maxLength: 1, unit: "binary" }),
    fc.constantFrom("a", "sni", " reason=done", '" id=1', "\\x2c", "\\u0000"),
  ),
  maxLength: 40,
});
const names = fc.array(hostile, { minLength: 1, maxLength: 5 });
const PRINTABLE_ASCII = /^[ -~]*$/;

Deno.test("formatTextEvent() is one line of printable ASCII that gives the values back", () => {
  fc.assert(fc.property(hostile, names, hostile, (sni, alpn, name) => {
    const record = flowRecord({
      detected: { ...DETECTED, sni, alpn },
      service: { ...SERVICE, name },
    });
    const line = formatTextEvent(0, record, flowEnd());
    assert.match(line, PRINTABLE_ASCII);
    const fields = parseFields(line);
    assert.deepEqual([...fields.keys()], [
      ...["id", "service", "sni", "alpn", "target"],
      ...["bytes_up", "bytes_down", "duration_ms", "reason"],
    ]);
    assert.equal(unescape(fields.get("service") ?? ""), name);
    assert.equal(unescape(fields.get("sni") ?? ""), sni);
    assert.deepEqual(fields.get("alpn")?.split(",").map(unescape), alpn);
    assert.equal(fields.get("reason"), "done");
  }));
});

Deno.test("formatJsonEvent() is one line of printable ASCII that gives the values back", () => {
  fc.assert(fc.property(hostile, names, hostile, (sni, alpn, name) => {
    const record = flowRecord({
      detected: { ...DETECTED, sni, alpn },
      service: { ...SERVICE, name },
    });
    const line = formatJsonEvent(0, record, flowEnd());
    assert.match(line, PRINTABLE_ASCII);
    const parsed = JSON.parse(line);
    assert.equal(parsed.sni, sni);
    assert.deepEqual(parsed.alpn, alpn);
    assert.equal(parsed.service, name);
    assert.equal(parsed.reason, "done");
  }));
});

Deno.test("formatLogLine() is one line without control characters that gives the fields back", () => {
  fc.assert(fc.property(hostile, hostile, (message, value) => {
    const line = formatLogLine(0, "info", message, { event: "test", value });
    assert.doesNotMatch(line, /[\p{Cc}\p{Zl}\p{Zp}\p{Cf}]/u);
    const fields = parseFields(line);
    assert.equal(unescape(fields.get("value") ?? ""), value);
  }));
});

/** Reads the `key=value` pairs at the end of a line; escapes stay as they are, quotes go. */
function parseFields(line: string): Map<string, string> {
  const pairs = /(?: [a-z_]+=(?:"(?:[^"\\]|\\.)*"|[^ "=\\]+))+$/.exec(line)?.[0] ?? "";
  const fields = new Map<string, string>();
  for (const [, key, quoted, bare] of pairs.matchAll(/ ([a-z_]+)=(?:"((?:[^"\\]|\\.)*)"|(\S+))/g)) {
    fields.set(key ?? "", quoted ?? bare ?? "");
  }
  return fields;
}

function unescape(value: string): string {
  return value.replace(
    /\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|(["\\]))/g,
    (_, x?: string, u?: string, itself?: string) =>
      itself ?? String.fromCharCode(parseInt(x ?? u ?? "", 16)),
  );
}
