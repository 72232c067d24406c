/**
 * When the certificates of `ech` tables expire, and when that is to be told.
 *
 * @module
 */

import { X509Certificate } from "node:crypto";
import type { Snapshot } from "../model/snapshot.ts";
import { allServices } from "../pipeline/services.ts";

/** The certificate with which the proxy finishes handshakes for the public names of a service. */
export interface PublicNameCertificate {
  /** Name of the service. */
  readonly service: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** What is to be told of a certificate. */
export interface ExpiryNotice extends PublicNameCertificate {
  /** Days until it expires, the one under way included; 0: it has expired. */
  readonly daysLeft: number;
}

/** Days before a certificate expires from which on it is told of: who renews by hand has two weekends. */
const NOTICE_DAYS = 14;

const DAY = 86_400_000;

/** The certificates of a snapshot: the server's own ones, as those above them are not in the operator's hands. */
export function publicNameCertificates(
  snapshot: Pick<Snapshot, "tcp" | "udp">,
): PublicNameCertificate[] {
  return allServices(snapshot).flatMap(({ name, ech }) => {
    const [own] = ech?.onReject.kind === "retry" ? ech.onReject.certificates : [];
    return own === undefined
      ? []
      : [{ service: name, expiresAt: Date.parse(new X509Certificate(own).validTo) }];
  });
}

/** Remembers what was told, so that each certificate is told of once a day, and once when it has expired. */
export class ExpiryNotices {
  #told: ReadonlyMap<string, number> = new Map();

  /**
   * What is to be told now.
   *
   * @param certificates those in use; the others are forgotten
   * @param now milliseconds since the epoch
   */
  due(certificates: readonly PublicNameCertificate[], now: number): ExpiryNotice[] {
    const notices: ExpiryNotice[] = [];
    const told = new Map<string, number>();
    for (const certificate of certificates) {
      const { service, expiresAt } = certificate;
      const daysLeft = Math.max(0, Math.ceil((expiresAt - now) / DAY));
      const identity = `${service} ${expiresAt}`;
      const before = this.#told.get(identity) ?? NOTICE_DAYS + 1;
      // Fewer, not others: the clock may be set back.
      if (daysLeft < before) notices.push({ ...certificate, daysLeft });
      told.set(identity, Math.min(daysLeft, before));
    }
    this.#told = told;
    return notices;
  }
}
