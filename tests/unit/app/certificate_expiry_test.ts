import assert from "node:assert/strict";
import { ExpiryNotices, publicNameCertificates } from "../../../src/app/certificate_expiry.ts";
import { selfSignedCertificate } from "../../../src/cli/demo/certificate.ts";
import { echKey, echSettings } from "../../support/ech_client.ts";
import { rejectionOf } from "../../support/retry_rejection.ts";
import { protocolRoutes, service, snapshot } from "../../support/snapshot_builder.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const CERTIFICATE = { service: "web", expiresAt: 100 * DAY };

/** Days that were left when something was told, looking every hour. */
function toldUntil(notices: ExpiryNotices, from: number, until: number): number[] {
  const told: number[] = [];
  for (let now = from; now <= until; now += HOUR) {
    told.push(...notices.due([CERTIFICATE], now).map(({ daysLeft }) => daysLeft));
  }
  return told;
}

Deno.test("ExpiryNotices tells of a certificate daily from 14 days on, and once when it has expired", () => {
  const notices = new ExpiryNotices();
  assert.deepEqual(toldUntil(notices, 0, 86 * DAY - HOUR), []);
  const [notice] = notices.due([CERTIFICATE], 86 * DAY);
  assert.deepEqual(notice, { ...CERTIFICATE, daysLeft: 14 });
  const days = [13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0];
  assert.deepEqual(toldUntil(notices, 86 * DAY, 200 * DAY), days);
});

Deno.test("ExpiryNotices tells of one that has expired before it was seen, and of none that is renewed", () => {
  const notices = new ExpiryNotices();
  const renewed = { ...CERTIFICATE, expiresAt: 300 * DAY };
  assert.deepEqual(toldUntil(notices, 150 * DAY, 151 * DAY), [0]);
  assert.deepEqual(notices.due([renewed], 151 * DAY), []);
});

Deno.test("ExpiryNotices tells each service of its own, and says nothing twice when the clock is set back", () => {
  const notices = new ExpiryNotices();
  const other = { ...CERTIFICATE, service: "other" };
  assert.equal(notices.due([CERTIFICATE, other], 95 * DAY).length, 2);
  assert.deepEqual(notices.due([CERTIFICATE, other], 90 * DAY), []);
  assert.equal(notices.due([CERTIFICATE, other], 96 * DAY).length, 2);
});

Deno.test("publicNameCertificates() gives the certificates of services that give clients new keys", () => {
  const now = Date.parse("2026-11-22T18:00:00Z");
  const onReject = rejectionOf(selfSignedCertificate(["public.example"], now));
  const keys = [echKey()];
  const tls = service("tls", { protocol: "tls", ech: echSettings({ keys, onReject }) });
  assert.deepEqual(publicNameCertificates(snapshot({ tcp: protocolRoutes({ tls }) })), [
    { service: "tls", expiresAt: now + 7 * DAY },
  ]);
  const without = service("tls", { protocol: "tls", ech: echSettings({ keys }) });
  assert.deepEqual(
    publicNameCertificates(snapshot({ tcp: protocolRoutes({ tls: without }) })),
    [],
  );
});
