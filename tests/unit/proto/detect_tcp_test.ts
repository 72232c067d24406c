import assert from "node:assert/strict";
import { TCP_PROTOCOLS } from "../../../src/model/protocol.ts";
import { TCP_DETECTION_ORDER, tcpDetector } from "../../../src/proto/detect_tcp.ts";
import flights from "../../corpus/tcp_first_flights.json" with { type: "json" };
import { inChunks, matched } from "../../support/chunks.ts";

const SIZES = [[1], [2], [7], [64, 1], [536], [1460], [65_536]];

for (const { name, protocol, sni, alpn, version, hex } of flights) {
  Deno.test(`tcpDetector() recognises the first flight of ${name}, and it alone does`, () => {
    const bytes = Uint8Array.fromHex(hex);
    for (const candidate of TCP_DETECTION_ORDER) {
      for (const sizes of SIZES) {
        const verdict = inChunks(tcpDetector(candidate), bytes, sizes);
        if (candidate !== protocol) {
          assert.equal(verdict.kind, "noMatch", candidate);
          continue;
        }
        const detected = matched(verdict);
        assert.deepEqual(
          [detected.protocol, detected.sni, detected.alpn, detected.version],
          [protocol, sni, alpn, version],
        );
        assert(detected.consumed <= bytes.length);
      }
    }
  });
}

Deno.test("TCP_DETECTION_ORDER has every protocol once, HTTP behind SSH", () => {
  assert.deepEqual(TCP_DETECTION_ORDER.toSorted(), TCP_PROTOCOLS.toSorted());
  assert(TCP_DETECTION_ORDER.indexOf("ssh") < TCP_DETECTION_ORDER.indexOf("http"));
});
