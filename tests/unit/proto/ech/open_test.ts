import assert from "node:assert/strict";
import type { EchKem } from "../../../../src/model/ech.ts";
import { openClientHello, reopenClientHello } from "../../../../src/proto/ech/open.ts";
import { parseClientHello } from "../../../../src/proto/tls/client_hello.ts";
import { ALL_SUITES, EchClient, echKey, echSettings } from "../../../support/ech_client.ts";

for (const kem of ["x25519", "p256"] satisfies EchKem[]) {
  for (const suite of ALL_SUITES) {
    Deno.test(`openClientHello opens what hpke-js seals, both hellos: ${kem}, ${suite.kdf}, ${suite.aead}`, async () => {
      const key = echKey({ kem });
      const client = await EchClient.foreign(key, suite);
      const first = await client.hello({ compressed: [43, 51] });
      const opening = openClientHello(
        first.outer,
        helloOf(first.outer),
        echSettings({ keys: [key] }),
      );
      assert.ok(opening.kind === "accepted", opening.kind);
      assert.equal(opening.inner.toHex(), first.inner.toHex());
      assert.equal(opening.hello.serverName, "private.example");
      const second = await client.hello({ compressed: [16, 43, 51], isSecond: true });
      const reopening = reopenClientHello(second.outer, opening.context);
      assert.ok(reopening.kind === "accepted");
      assert.equal(reopening.inner.toHex(), second.inner.toHex());
    });
  }
}

function helloOf(message: Uint8Array) {
  const verdict = parseClientHello(message);
  assert.ok(verdict.kind === "match");
  return verdict.value;
}
