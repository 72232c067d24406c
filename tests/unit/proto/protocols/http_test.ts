import assert from "node:assert/strict";
import { MAX_HTTP_REQUEST_LINE } from "../../../../src/model/limits.ts";
import { httpDetector } from "../../../../src/proto/protocols/http.ts";
import { latin1 } from "../../../support/client_hello_builder.ts";
import { inChunks, matched } from "../../../support/chunks.ts";

const detect = (text: string) => httpDetector()(latin1(text));

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
