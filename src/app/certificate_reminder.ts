/**
 * Warns of certificates that expire while the proxy runs.
 *
 * @module
 */

import type { Snapshot } from "../model/snapshot.ts";
import type { Log } from "../ops/log.ts";
import {
  ExpiryNotices,
  type PublicNameCertificate,
  publicNameCertificates,
} from "./certificate_expiry.ts";

/** What a reminder goes by. */
export interface ReminderClock {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Milliseconds between two looks at it. Short of a day, as a timer stands still while the machine sleeps. */
  readonly intervalMs: number;
}

/** Looks at the certificates in use from time to time, and tells the system log. Does not keep the process alive. */
export class CertificateReminder implements Disposable {
  readonly #log: Pick<Log, "warn">;
  readonly #clock: ReminderClock;
  readonly #notices = new ExpiryNotices();
  #certificates: readonly PublicNameCertificate[] = [];
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(
    log: Pick<Log, "warn">,
    clock: ReminderClock = { now: Date.now, intervalMs: 3_600_000 },
  ) {
    this.#log = log;
    this.#clock = clock;
  }

  /** Takes the certificates of this snapshot for those in use, and tells at once what is due. */
  watch(snapshot: Pick<Snapshot, "tcp" | "udp">): void {
    this[Symbol.dispose]();
    this.#certificates = publicNameCertificates(snapshot);
    this.#tell();
    if (this.#certificates.length === 0) return;
    this.#timer = setInterval(() => this.#tell(), this.#clock.intervalMs);
    Deno.unrefTimer(this.#timer);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #tell(): void {
    for (
      const { service, daysLeft, expiresAt } of this.#notices.due(
        this.#certificates,
        this.#clock.now(),
      )
    ) {
      const [when, refuse] = daysLeft === 0
        ? ["has expired", "refuse"]
        : [`expires in ${daysLeft === 1 ? "less than a day" : `${daysLeft} days`}`, "will refuse"];
      this.#log.warn(
        "ech_certificate_expires",
        `The certificate of "${service}" for its public name ${when}: ` +
          `clients with an old key ${refuse} it`,
        { service, expires: new Date(expiresAt).toISOString() },
      );
    }
  }
}
