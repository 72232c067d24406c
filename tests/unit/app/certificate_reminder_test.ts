import assert from "node:assert/strict";
import { CertificateReminder } from "../../../src/app/certificate_reminder.ts";
import { selfSignedCertificate } from "../../../src/cli/demo/certificate.ts";
import type { Snapshot } from "../../../src/model/snapshot.ts";
import { echKey, echSettings } from "../../support/ech_client.ts";
import { rejectionOf } from "../../support/retry_rejection.ts";
import { protocolRoutes, service, snapshot } from "../../support/snapshot_builder.ts";

const DAY = 86_400_000;
const START = Date.parse("2026-11-22T18:00:00Z");

/** A configuration with a certificate that was made a day before this, and expires six days later. */
function snapshotAt(now: number): Snapshot {
  const onReject = rejectionOf(selfSignedCertificate(["public.example"], now - DAY));
  const ech = echSettings({ keys: [echKey()], onReject });
  return snapshot({ tcp: protocolRoutes({ tls: service("web", { protocol: "tls", ech }) }) });
}

/** A log whose lines can be waited for. */
class Warnings {
  readonly lines: string[] = [];
  #onLine: () => void = () => {};

  readonly warn = (event: string, message: string, fields: unknown): void => {
    this.lines.push(`${event}: ${message} ${JSON.stringify(fields)}`);
    this.#onLine();
  };

  /** The timer under test keeps nothing alive, so that this one has to. */
  async next(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#onLine = resolve;
    const timeout = setTimeout(() => reject(new Error("nothing was told")), 30_000);
    await promise.finally(() => clearTimeout(timeout));
  }
}

Deno.test("CertificateReminder tells at once, and again as time goes by", async () => {
  const log = new Warnings();
  let now = START;
  using reminder = new CertificateReminder(log, { now: () => now, intervalMs: 1 });
  reminder.watch(snapshotAt(START));
  for (const days of [5.5, 6]) {
    const told = log.next();
    now = START + days * DAY;
    await told;
  }
  const fields = '{"service":"web","expires":"2026-11-28T18:00:00.000Z"}';
  const what = 'ech_certificate_expires: The certificate of "web" for its public name';
  assert.deepEqual(log.lines, [
    `${what} expires in 6 days: clients with an old key will refuse it ${fields}`,
    `${what} expires in less than a day: clients with an old key will refuse it ${fields}`,
    `${what} has expired: clients with an old key refuse it ${fields}`,
  ]);
});

Deno.test("CertificateReminder goes by the certificates in use, and says nothing twice", () => {
  const log = new Warnings();
  using reminder = new CertificateReminder(log, { now: () => START, intervalMs: DAY });
  const inUse = snapshotAt(START);
  for (let reload = 0; reload < 3; reload++) reminder.watch(inUse);
  assert.equal(log.lines.length, 1);
  reminder.watch(snapshot({}));
  reminder.watch(snapshotAt(START - DAY));
  assert.equal(log.lines.length, 2);
});
