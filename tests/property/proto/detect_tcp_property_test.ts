import assert from "node:assert/strict";
import fc from "fast-check";
import { MAX_HTTP_REQUEST_LINE } from "../../../src/model/limits.ts";
import { TCP_DETECTION_ORDER, tcpDetector } from "../../../src/proto/detect_tcp.ts";
import flights from "../../corpus/tcp_first_flights.json" with { type: "json" };
import { latin1 } from "../../support/client_hello_builder.ts";
import { matched } from "../../support/chunks.ts";
import { assertLaws, chunkSizes, mutate, mutations } from "../../support/detector_laws.ts";

const flight = fc.constantFrom(...flights.map(({ hex }) => Uint8Array.fromHex(hex)));
const protocol = fc.constantFrom(...TCP_DETECTION_ORDER);

/** Bytes that look like the start of a protocol for a while. */
const nearly = fc
  .tuple(
    fc.constantFrom(
      "GET / ",
      "POST ",
      "PRI * HTTP/2.0\r\n",
      "\r\n",
      "SSH-2.",
      "\x05\x02",
      "\x16\x03",
    ),
    fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.string({ maxLength: 40 }).map(latin1)),
  )
  .map(([start, rest]) => new Uint8Array([...latin1(start), ...rest]));

const anything = fc.oneof(
  fc.uint8Array({ maxLength: 100 }),
  nearly,
  fc.tuple(flight, mutations).map(([bytes, changes]) => mutate(bytes, changes)),
);

for (const name of TCP_DETECTION_ORDER) {
  Deno.test(`tcpDetector() keeps the laws for ${name}, whatever the bytes are`, () => {
    fc.assert(fc.property(anything, chunkSizes, (bytes, sizes) => {
      assertLaws(() => tcpDetector(name), (value) => value.consumed, bytes, sizes);
    }));
  });
}

Deno.test("tcpDetector() leaves no bytes to two protocols", () => {
  fc.assert(fc.property(anything, (bytes) => {
    const kinds = TCP_DETECTION_ORDER.map((name) => tcpDetector(name)(bytes).kind);
    assert(kinds.filter((kind) => kind === "match").length <= 1);
  }));
});

Deno.test("tcpDetector() does not change the bytes", () => {
  fc.assert(fc.property(anything, protocol, (bytes, name) => {
    const before = bytes.slice();
    tcpDetector(name)(bytes);
    assert.deepEqual(bytes, before);
  }));
});

Deno.test("tcpDetector() recognises every HTTP/1.x request line", () => {
  const method = fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}$/).filter((m) => m !== "PRI");
  const target = fc.stringMatching(/^[!-~\x80-\xff]{1,200}$/);
  const emptyLines = fc.constantFrom("", "\r\n", "\n\r\n");
  const lineEnd = fc.constantFrom("\r\n", "\n");
  fc.assert(
    fc.property(
      emptyLines,
      method,
      target,
      fc.nat({ max: 9 }),
      lineEnd,
      chunkSizes,
      (empty, verb, uri, minor, end, sizes) => {
        const line = `${empty}${verb} ${uri} HTTP/1.${minor}${end}`;
        const bytes = latin1(`${line}Host: a\r\n`);
        const detected = matched(tcpDetector("http")(bytes));
        assert.equal(detected.version, `HTTP/1.${minor}`);
        assert.equal(detected.consumed, line.length);
        assertLaws(() => tcpDetector("http"), (value) => value.consumed, bytes, sizes);
      },
    ),
  );
});

Deno.test("tcpDetector() ends its need for more within a bound of each protocol", () => {
  const bound = { http: MAX_HTTP_REQUEST_LINE + 64, ssh: 9, socks5: 257 };
  const filler = fc.integer({ min: 0, max: 255 });
  fc.assert(
    fc.property(nearly, filler, fc.constantFrom("http", "ssh", "socks5"), (start, byte, name) => {
      const bytes = new Uint8Array(bound[name]).fill(byte);
      bytes.set(start.subarray(0, bytes.length));
      assert.notEqual(tcpDetector(name)(bytes).kind, "needMore");
    }),
  );
});
