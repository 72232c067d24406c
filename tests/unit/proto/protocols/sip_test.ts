import assert from "node:assert/strict";
import { detectSipDatagrams, SIP_TCP, sipDetector } from "../../../../src/proto/protocols/sip.ts";
import { matched } from "../../../support/chunks.ts";
import { latin1 } from "../../../support/client_hello_builder.ts";

const detect = (text: string) => sipDetector()(latin1(text));
const detectAll = (...texts: string[]) => detectSipDatagrams(texts.map(latin1));

Deno.test("sipDetector() knows registered methods and others", () => {
  const methods =
    "ACK BYE CANCEL INFO INVITE MESSAGE NOTIFY OPTIONS PRACK PUBLISH REFER REGISTER " +
    "SUBSCRIBE UPDATE SERVICE KDMQ";
  for (const method of methods.split(" ")) {
    const line = `${method} sip:a@example.com;transport=tcp SIP/2.0\r\n`;
    assert.equal(matched(detect(`${line}Via: x\r\n`)).consumed, line.length);
  }
});

Deno.test("sipDetector() takes every URI with a scheme, and none without", () => {
  for (const uri of ["sip:a", "SIPS:a@b", "tel:+1", "urn:service:sos", "im:a@b", "a+b-1.c:x"]) {
    assert.equal(detect(`INVITE ${uri} SIP/2.0\r\n`).kind, "match", uri);
  }
  for (const uri of ["sip", "sip:", ":a", "/a", "*", "1a:b", "a_b:c", "[::1]:5060", "a b:c"]) {
    assert.equal(detect(`INVITE ${uri} SIP/2.0\r\n`).kind, "noMatch", uri);
  }
});

Deno.test("sipDetector() says no at the first byte that cannot be", () => {
  for (
    const start of [
      "i",
      "\0",
      "*",
      "SIP/1",
      "SIP/2.0 7",
      "SIP/2.0 20x",
      "GET /",
      "PING\r",
      "SSH-",
      "\r\r",
    ]
  ) {
    assert.equal(detect(start).kind, "noMatch", JSON.stringify(start));
    assert.equal(detect(start.slice(0, -1)).kind, "needMore", JSON.stringify(start));
  }
});

Deno.test("sipDetector() needs no more than the status code of a response", () => {
  for (const status of ["100", "200", "486", "699"]) {
    assert.equal(matched(detect(`SIP/2.0 ${status} `)).consumed, 12);
  }
});

Deno.test("sipDetector() gives a line up at its bound", () => {
  const start = `${"\r\n".repeat(4)}MESSAGE sip:`;
  const fits = start.padEnd(SIP_TCP.bound - " SIP/2.0\r\n".length - 1, "a") + " SIP/2.0\r\n";
  assert.equal(matched(detect(fits)).consumed, SIP_TCP.bound - 1);
  assert.equal(detect(fits.replace("sip:", "sip:a")).kind, "noMatch");
});

Deno.test("detectSipDatagrams() passes over what keeps a mapping alive", () => {
  const message = "REGISTER sip:a SIP/2.0\r\n\r\n";
  for (const keepalives of [[], [""], ["\0\0\0\0"], ["\r\n\r\n", "\r\n", "\r\n"]]) {
    assert.equal(detectAll(...keepalives).kind, "needMore");
    assert.equal(matched(detectAll(...keepalives, message)).consumed, keepalives.length + 1);
  }
  for (const other of ["\0\0\0", "\0\0\0\0\0", "\0\0\0\x01", "\r\nx", "\r\n".repeat(5), "jaK"]) {
    assert.equal(detectAll(other, message).kind, "noMatch", JSON.stringify(other));
  }
  assert.equal(detectAll("\r\n", "\r\n", "\r\n", "\r\n").kind, "noMatch");
});

Deno.test("detectSipDatagrams() wants the whole first line in one datagram", () => {
  assert.equal(detectAll("REGISTER sip:a SIP/2.0").kind, "noMatch");
  assert.equal(detectAll("REGISTER sip:a ", "SIP/2.0\r\n").kind, "noMatch");
  assert.equal(detectAll("SIP/2.0 200 OK").kind, "match");
});
