/**
 * Initial keys against the samples of RFC 9001 Appendix A.1 and RFC 9369 Appendix A.1.
 *
 * @module
 */

import assert from "node:assert/strict";
import { deriveInitialKeys } from "../../../../src/proto/quic/initial_keys.ts";
import { findQuicVersion, QUIC_V1 } from "../../../../src/proto/quic/versions.ts";
import { SAMPLE_DCID } from "../../../support/quic_initial_builder.ts";
import { RFC_9001_SAMPLES, RFC_9369_SAMPLES } from "../../../vectors/quic_samples.ts";

for (const samples of [RFC_9001_SAMPLES, RFC_9369_SAMPLES]) {
  const version = findQuicVersion(samples.version);
  assert(version !== undefined);
  for (const sender of ["client", "server"] as const) {
    Deno.test(`deriveInitialKeys() gives the ${sender}'s sample keys of ${version.name}`, () => {
      const keys = deriveInitialKeys(version, SAMPLE_DCID, sender);
      assert.equal(keys.key.toHex(), samples[sender].key);
      assert.equal(keys.iv.toHex(), samples[sender].iv);
      assert.equal(keys.hp.toHex(), samples[sender].hp);
      for (const bytes of Object.values(keys)) {
        assert.equal(Object.getPrototypeOf(bytes), Uint8Array.prototype, "no Buffer");
      }
    });
  }
}

Deno.test("deriveInitialKeys() takes connection IDs of any length, none included", () => {
  const seen = new Set<string>();
  for (let length = 0; length <= 20; length++) {
    seen.add(deriveInitialKeys(QUIC_V1, new Uint8Array(length), "client").key.toHex());
  }
  // HMAC pads its key with zeros (RFC 2104), but the connection ID is the message, not the key: all differ.
  assert.equal(seen.size, 21);
});
