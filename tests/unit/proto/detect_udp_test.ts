/**
 * The table of UDP detectors.
 *
 * @module
 */

import assert from "node:assert/strict";
import { UDP_PROTOCOLS } from "../../../src/model/protocol.ts";
import { UDP_DETECTION_ORDER, udpDetector } from "../../../src/proto/detect_udp.ts";
import { buildClientHello } from "../../support/client_hello_builder.ts";
import { sealClientHello } from "../../support/quic_initial_builder.ts";

Deno.test("UDP_DETECTION_ORDER names every UDP protocol once", () => {
  assert.deepEqual([...UDP_DETECTION_ORDER].sort(), [...UDP_PROTOCOLS].sort());
});

Deno.test("udpDetector() makes detectors that tell the protocols apart", () => {
  const samples = {
    quic: sealClientHello(buildClientHello({ serverName: "quic.example" })),
    wireguard: Uint8Array.of(1, 0, 0, 0, ...new Uint8Array(144)),
  };
  for (const spoken of UDP_PROTOCOLS) {
    for (const sought of UDP_PROTOCOLS) {
      const verdict = udpDetector(sought)([samples[spoken]]);
      assert.equal(verdict.kind, spoken === sought ? "match" : "noMatch", `${spoken}, ${sought}`);
    }
  }
});

Deno.test("udpDetector() makes a detector for each flow", () => {
  const hello = buildClientHello({ serverName: "one.example" });
  const [first, second] = [udpDetector("quic"), udpDetector("quic")];
  assert.equal(first([Uint8Array.of(0)]).kind, "noMatch");
  assert.equal(second([sealClientHello(hello)]).kind, "match");
  assert.equal(first([sealClientHello(hello)]).kind, "noMatch", "its verdict is final");
});
