import assert from "node:assert/strict";
import { MAX_HTTP_REQUEST_LINE } from "../../../../src/model/limits.ts";
import { HTTP, httpDetector } from "../../../../src/proto/protocols/http.ts";
import type { MatchField } from "../../../../src/model/protocol.ts";
import { concat, latin1 } from "../../../support/client_hello_builder.ts";
import { inChunks, matched } from "../../../support/chunks.ts";
import {
  END_HEADERS,
  FRAME,
  h2Flight,
  h2Frame,
  headersFrame,
  literalBlock,
} from "../../../support/h2_builder.ts";

const detect = (text: string) => httpDetector()(latin1(text));

/** A detector for rules with these fields. */
const wanting = (...fields: MatchField[]) => httpDetector({ fields: new Set(fields), values: [] });
const wantingBoth = () => wanting("host", "path");

/** What is told of a request when host and path are wanted. */
const read = (text: string) => matched(wantingBoth()(latin1(text))).fields ?? {};

/** The verdict in one chunk, after a check that it is the same byte by byte. */
function detectAnyhow(text: string) {
  const verdict = detect(text);
  assert.deepEqual(inChunks(httpDetector(), latin1(text), [1]), verdict, JSON.stringify(text));
  return verdict;
}

Deno.test("httpDetector() recognises every registered method and extension methods", () => {
  const methods =
    `ACL BASELINE-CONTROL BIND CHECKIN CHECKOUT CONNECT COPY DELETE GET HEAD LABEL LINK LOCK MERGE MKACTIVITY MKCALENDAR
    MKCOL MKREDIRECTREF MKWORKSPACE MOVE OPTIONS ORDERPATCH PATCH POST PROPFIND PROPPATCH PUT QUERY REBIND REPORT
    SEARCH TRACE UNBIND UNCHECKOUT UNLINK UNLOCK UPDATE UPDATEREDIRECTREF VERSION-CONTROL
    PURGE RPC_IN_DATA M-SEARCH SUBSCRIBE x`.split(/\s+/);
  for (const method of methods) {
    const line = `${method} /path HTTP/1.1\r\n`;
    const detected = matched(detectAnyhow(`${line}Host: a\r\n\r\n`));
    assert.deepEqual([detected.protocol, detected.version, detected.consumed], [
      "http",
      "HTTP/1.1",
      line.length,
    ]);
  }
});

Deno.test("httpDetector() takes the request lines that servers take", () => {
  for (
    const [line, version] of [
      ["GET / HTTP/1.0\n", "HTTP/1.0"],
      ["OPTIONS * HTTP/1.1\r\n", "HTTP/1.1"],
      ["CONNECT example.com:443 HTTP/1.1\r\n", "HTTP/1.1"],
      ["GET http://example.com/ HTTP/1.1\r\n", "HTTP/1.1"],
      ["GET /a b\tc HTTP/1.1\r\n", "HTTP/1.1"],
      ["GET /b\xc3\xbccher HTTP/1.1\r\n", "HTTP/1.1"],
      ["GET  /  HTTP/1.1 \r\n", "HTTP/1.1"],
      ["GET / HTTP/1.0.8\r\n", "HTTP/1.0"], // a weather station
      ["PRIVATE / HTTP/1.1\r\n", "HTTP/1.1"],
      ["GET /\r\n", null], // HTTP/0.9
      ["POST /x HTTP/9.1\r\n", null], // for the server to refuse
      ["\r\nGET / HTTP/1.1\r\n", "HTTP/1.1"],
      ["\n\r\n\nGET / HTTP/1.1\r\n", "HTTP/1.1"],
    ] as const
  ) {
    const detected = matched(detectAnyhow(`${line}more`));
    assert.deepEqual([detected.version, detected.consumed], [version, line.length], line);
  }
});

Deno.test("httpDetector() recognises the preface of HTTP/2 when it is whole", () => {
  const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  const detected = matched(detectAnyhow(`${preface}\0\0\x12\x04`));
  assert.deepEqual([detected.version, detected.consumed], ["h2c", preface.length]);
  for (let end = 0; end < preface.length; end++) {
    assert.equal(detect(preface.slice(0, end)).kind, "needMore");
  }
  assert.equal(detectAnyhow("PRI * HTTP/2.0\r\n\r\nXX").kind, "noMatch");
  assert.equal(detectAnyhow("PRI * HTTP/1.1\r\n").kind, "noMatch");
  assert.equal(detectAnyhow(`\r\n${preface}`).kind, "noMatch");
});

Deno.test("httpDetector() needs more while the line may still become one of HTTP", () => {
  for (
    const start of ["", "\r", "\r\n", "\r\n\r", "G", "GET", "GET ", "GET / HTTP/1.1", "GET /\r"]
  ) {
    assert.equal(detectAnyhow(start).kind, "needMore", JSON.stringify(start));
  }
});

Deno.test("httpDetector() says no to other protocols of lines", () => {
  for (
    const line of [
      "EHLO mail.example.com\r\n",
      "USER anonymous\r\n",
      "INVITE sip:bob@example.com SIP/2.0\r\n",
      "OPTIONS sip:probe@example.com SIP/2.0\r\n",
      "OPTIONS /movie RTSP/1.0\r\n",
      "OPTIONS * RTSP/1.0\r\n",
      "DESCRIBE rtsp://example.com/tv RTSP/1.0\r\n",
      "OPTIONS icap://example.com/ ICAP/1.0\r\n",
      "GNUTELLA CONNECT/0.6\r\n",
      "SSH-2.0-OpenSSH_9.2p1 a HTTP/1.1\r\n",
      "GET key\r\n",
      "FOO key-that-ends-in-HTTP/1.1\r\n",
      "FOO keyHTTP/1.1-and-mor\r\n", // the version's letters where a look at the line's end begins
      "get /key\r\n",
      "PING\r\n",
      "*1\r\n$4\r\nPING\r\n",
      "RFB 003.008\n",
      "NICK a\r\nUSER a 0 * :A\r\n",
      "<?xml version='1.0'?>",
      "GET HTTP/1.1\0",
      'CONNECT {"verbose":false} HTTP/1.1\r\n', // NATS, and a version that is part of its options
      " GET / HTTP/1.1\r\n",
      "GET\t/ HTTP/1.1\r\n",
      "GET / HTTP/1.1\rX",
      "\rGET / HTTP/1.1\r\n",
      "\x16\x03\x01",
      "\x05\x01\x00",
      "\r\n".repeat(5) + "GET / HTTP/1.1\r\n",
      "A".repeat(33) + " / HTTP/1.1\r\n",
    ]
  ) assert.equal(detectAnyhow(line).kind, "noMatch", JSON.stringify(line));
});

Deno.test("httpDetector() stops waiting for the end of a line at the bound", () => {
  const before = "GET /".padEnd(MAX_HTTP_REQUEST_LINE - 1, "a");
  assert.equal(detect(before).kind, "needMore");
  const detected = matched(detectAnyhow(`${before}aaa HTTP/1.1\r\n`));
  assert.deepEqual([detected.version, detected.consumed], [null, MAX_HTTP_REQUEST_LINE]);
  assert.equal(detectAnyhow("FOO ".padEnd(MAX_HTTP_REQUEST_LINE, "a")).kind, "noMatch");
});

Deno.test("httpDetector() takes the host from the first Host field", () => {
  for (
    const [header, host] of [
      ["Host: a.example\r\n\r\n", "a.example"],
      ["HOST:A.Example.:8080 \t\r\n", "a.example"],
      ["Accept: */*\nhost: 192.0.2.1\n\n", "192.0.2.1"],
      ["X: \xfc\r\n y\r\nHost: a.example\r\n", "a.example"], // a folded line (RFC 9112 §5.2)
      ["Host: a.example\r\nHost: b.example\r\n\r\n", "a.example"],
      ["Host: [2001:db8::1]\r\n\r\n", undefined],
      ["Host:\r\nHost: b.example\r\n\r\n", undefined],
      ["Host : a.example\r\n\r\n", undefined], // no field, as servers must say (RFC 9112 §5.1)
      ["Hos: a.example\r\nHostname: b.example\r\n\r\n", undefined],
      ["\r\nHost: a.example\r\n\r\n", undefined], // in the content
      ["A: \0\r\nHost: a.example\r\n\r\n", undefined],
      ["A: b\rHost: a.example\r\n\r\n", undefined],
    ] as const
  ) {
    assert.equal(read(`GET / HTTP/1.1\r\n${header}`).host, host, JSON.stringify(header));
  }
});

Deno.test("httpDetector() rests on the line that decides, and waits for no field that is not wanted", () => {
  const line = "GET /a?b HTTP/1.1\r\n";
  const upToHost = `${line}Accept: */*\r\nHost: a.example\r\n`;
  const request = latin1(`${upToHost}Cookie: c\r\n\r\n`);
  for (
    const [detector, consumed, fields] of [
      [httpDetector(), line.length, undefined],
      [wanting("path"), line.length, { path: "/a" }],
      [wanting("host"), upToHost.length, { host: "a.example" }],
      [wantingBoth(), upToHost.length, { host: "a.example", path: "/a" }],
    ] as const
  ) {
    const detected = matched(detector(request));
    assert.deepEqual([detected.consumed, detected.fields], [consumed, fields]);
  }
  assert.equal(wanting("host")(request.subarray(0, upToHost.length - 1)).kind, "needMore");
});

Deno.test("httpDetector() needs no header where the target names the host, or there is no version", () => {
  for (
    const [line, fields] of [
      ["CONNECT a.example:443 HTTP/1.1\r\n", { host: "a.example" }],
      ["GET http://a.example/b?c HTTP/1.1\r\n", { host: "a.example", path: "/b" }],
      ["GET http://[::1]/b HTTP/1.1\r\n", { path: "/b" }],
      ["GET  /a b  HTTP/1.1 \r\nHost: a.example\r\n", { host: "a.example", path: "/a b" }],
      ["GET /old\r\n", { path: "/old" }],
      ["OPTIONS * HTTP/1.1\r\nHost: a.example\r\n", { host: "a.example" }],
    ] as const
  ) assert.deepEqual(read(line), fields, line);
});

Deno.test("httpDetector() looks for the Host field no further than its bound", () => {
  const start = "GET / HTTP/1.1\r\nCookie: ";
  const end = "\r\nHost: a.example\r\n";
  const last = start.padEnd(HTTP.bound - end.length - 1, "c") + end;
  assert.equal(read(last).host, "a.example");
  const detected = matched(wantingBoth()(latin1(last.replace("Cookie", "Cookies"))));
  assert.deepEqual(detected.fields, { path: "/" });
});

Deno.test("httpDetector() tells of HTTP/2 what the first header says", () => {
  const block = literalBlock([":path", "/a?b"], [":authority", "A.example:80"], ["host", "b"]);
  const settings = h2Frame(FRAME.settings, 0, 0, new Uint8Array(6));
  const update = h2Frame(FRAME.windowUpdate, 0, 0, Uint8Array.of(0, 0, 1, 0));
  const unknown = h2Frame(0xfa, 0xff, 3, new Uint8Array(2));
  const flight = h2Flight(settings, update, unknown, headersFrame(block));
  const detected = matched(wantingBoth()(concat(flight, Uint8Array.of(1))));
  assert.deepEqual(detected.fields, { host: "a.example", path: "/a" });
  assert.equal(detected.consumed, flight.length);
  assert.equal(wantingBoth()(flight.subarray(0, -1)).kind, "needMore");
  assert.equal(matched(httpDetector()(flight)).consumed, 24);
  assert.deepEqual(matched(wanting("path")(flight)).fields, { path: "/a" });
});

Deno.test("httpDetector() still tells h2c where the frames are not those of a request", () => {
  const block = literalBlock([":authority", "a.example"], [":path", "/"]);
  const half = h2Frame(FRAME.headers, 0, 1, block.subarray(0, 9));
  const rest = (type: number, stream: number) =>
    h2Frame(type, END_HEADERS, stream, block.subarray(9));
  const padded = (...payload: number[]) =>
    h2Frame(FRAME.headers, END_HEADERS | 8, 1, Uint8Array.of(...payload));
  const host = (flight: Uint8Array) => {
    const { version, fields } = matched(wantingBoth()(flight));
    assert.equal(version, "h2c");
    return fields?.host;
  };
  assert.equal(host(h2Flight(half, rest(FRAME.continuation, 1))), "a.example");
  assert.equal(host(h2Flight(half, rest(FRAME.continuation, 3))), undefined);
  assert.equal(host(h2Flight(half, rest(FRAME.headers, 1))), undefined);
  assert.equal(host(h2Flight(rest(FRAME.continuation, 1))), undefined);
  assert.equal(host(h2Flight(h2Frame(FRAME.goAway, 0, 0, new Uint8Array(8)))), undefined);
  assert.equal(host(h2Flight(padded())), undefined);
  assert.equal(host(h2Flight(padded(2, 0x82))), undefined);
  assert.equal(host(h2Flight(padded(1, 0x82, 0))), undefined); // sound, but there is no host
  assert.equal(host(h2Flight(h2Frame(FRAME.settings, 0, 0, new Uint8Array(16_385)))), undefined);
  assert.equal(host(concat(h2Flight().subarray(0, 24), headersFrame(block))), undefined);
  const large = h2Frame(FRAME.priority, 0, 1, new Uint8Array(16_000));
  assert.equal(host(h2Flight(large, large, headersFrame(block))), "a.example");
  assert.equal(host(h2Flight(large, large, large, headersFrame(block))), undefined);
});
