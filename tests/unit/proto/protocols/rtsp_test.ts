import assert from "node:assert/strict";
import { RTSP, rtspDetector } from "../../../../src/proto/protocols/rtsp.ts";
import { matched } from "../../../support/chunks.ts";
import { latin1 } from "../../../support/client_hello_builder.ts";

const detect = (text: string) => rtspDetector()(latin1(text));

Deno.test("rtspDetector() knows the methods of both versions", () => {
  const methods =
    `ANNOUNCE DESCRIBE GET_PARAMETER OPTIONS PAUSE PLAY RECORD REDIRECT SETUP SET_PARAMETER TEARDOWN`;
  for (const method of methods.split(" ")) {
    for (const version of ["RTSP/1.0", "RTSP/2.0"]) {
      const line = `${method} rtsp://example.com/media ${version}\r\n`;
      const detected = matched(detect(`${line}CSeq: 1\r\n\r\n`));
      assert.deepEqual([detected.version, detected.consumed], [version, line.length]);
    }
  }
});

Deno.test("rtspDetector() says no at the first byte that no method has", () => {
  for (const start of ["G\0", "GET ", "POST", "OPTIONSX", "describe", "RTSP", "\r\r", " "]) {
    assert.equal(detect(start).kind, "noMatch", JSON.stringify(start));
  }
  for (const start of ["", "\r", "\r\n", "G", "GET", "SET", "SETUP ", "PLA"]) {
    assert.equal(detect(start).kind, "needMore", JSON.stringify(start));
  }
});

Deno.test("rtspDetector() leaves the same line with another version to other protocols", () => {
  for (const version of ["HTTP/1.1", "SIP/2.0", "RTSP/1.1", "RTSP/1.0 ", "rtsp/1.0", "XRTSP/1.0"]) {
    assert.equal(detect(`OPTIONS * ${version}\r\n`).kind, "noMatch", version);
  }
});

Deno.test("rtspDetector() wants a target between the method and the version", () => {
  assert.equal(detect("OPTIONS * RTSP/1.0\n").kind, "match");
  assert.equal(detect("OPTIONS  RTSP/1.0\r\n").kind, "noMatch");
  assert.equal(detect("OPTIONS RTSP/1.0\r\n").kind, "noMatch");
});

Deno.test("rtspDetector() gives a line up at its bound", () => {
  const start = `${"\r\n".repeat(4)}DESCRIBE rtsp://`;
  const fits = start.padEnd(RTSP.bound - " RTSP/1.0\r\n".length - 1, "a") + " RTSP/1.0\r\n";
  assert.equal(matched(detect(fits)).consumed, RTSP.bound - 1);
  assert.equal(detect(fits.replace("rtsp://", "rtsp://a")).kind, "noMatch");
});
