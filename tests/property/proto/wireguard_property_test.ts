/**
 * Laws of WireGuard detection.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { udpDetector } from "../../../src/proto/registry.ts";

Deno.test("udpDetector() matches an initiation by its type and size, whatever else it says", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 144, maxLength: 144 }), (rest) => {
      assert.equal(udpDetector("wireguard")([Uint8Array.of(1, 0, 0, 0, ...rest)]).kind, "match");
    }),
  );
});

Deno.test("udpDetector() matches no datagram of another type or size as WireGuard", () => {
  const start = fc.oneof(
    fc.constant(Uint8Array.of(1, 0, 0, 0)),
    fc.uint8Array({ minLength: 4, maxLength: 4, max: 4 }),
  );
  const rest = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.uint8Array({ minLength: 144, maxLength: 144 }),
  );
  fc.assert(
    fc.property(start, rest, (start, rest) => {
      const initiation = rest.length === 144 && start.join() === "1,0,0,0";
      const verdict = udpDetector("wireguard")([Uint8Array.of(...start, ...rest)]);
      assert.equal(verdict.kind, initiation ? "match" : "noMatch");
    }),
    { numRuns: 300 },
  );
});
