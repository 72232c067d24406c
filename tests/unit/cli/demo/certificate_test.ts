import assert from "node:assert/strict";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { selfSignedCertificate } from "../../../../src/cli/demo/certificate.ts";

const NOW = Date.UTC(2026, 10, 22, 18, 0, 0);

Deno.test("selfSignedCertificate() makes a certificate for its names that its own key has signed", () => {
  const { cert, key } = selfSignedCertificate(["a.test", "*.b.test"], NOW);
  const certificate = new X509Certificate(cert);
  assert.equal(certificate.subject, "CN=a.test");
  assert.equal(certificate.subjectAltName, "DNS:a.test, DNS:*.b.test");
  assert.equal(Date.parse(certificate.validFrom), NOW - 3_600_000);
  assert.equal(Date.parse(certificate.validTo), NOW + 7 * 24 * 3_600_000);
  assert.equal(certificate.ca, false);
  assert(certificate.verify(certificate.publicKey));
  assert(certificate.checkPrivateKey(createPrivateKey(key)));
});

Deno.test("selfSignedCertificate() writes lengths of every form", () => {
  for (const count of [1, 3, 10, 60]) {
    const names = Array.from({ length: count }, (_, index) => `name-${index}.test`);
    const certificate = new X509Certificate(selfSignedCertificate(names, NOW).cert);
    assert.equal(certificate.subjectAltName?.split(", ").length, count);
  }
});
