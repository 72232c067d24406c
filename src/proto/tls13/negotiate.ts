/**
 * Chooses what a handshake is done with, of what a client offers.
 *
 * @module
 */

import { ALERT } from "../tls/alert.ts";
import type { CertificateKey } from "./certificate_key.ts";
import { CIPHER_SUITES, type CipherSuite } from "./cipher_suites.ts";
import type { ClientOffer } from "./client_offer.ts";
import { type Group, GROUPS } from "./key_exchange.ts";

/** What was chosen. */
export interface Choice {
  readonly kind: "choice";
  readonly suite: CipherSuite;
  readonly group: Group;
  /** The client's share of that group; null where it has to be asked for. */
  readonly share: Uint8Array | null;
  readonly scheme: number;
  /** Null: none is told. */
  readonly alpn: string | null;
}

/** Chooses, or tells with which alert the client is refused. */
export function negotiate(
  offer: ClientOffer,
  certificate: CertificateKey,
): Choice | { readonly kind: "fault"; readonly alert: number } {
  const suite = chooseSuite(offer);
  const group = chooseGroup(offer);
  const scheme = certificate.chooseScheme(offer.signatureAlgorithms);
  if (suite === null || group === null || scheme === null) {
    return { kind: "fault", alert: ALERT.handshakeFailure };
  }
  const share = offer.keyShares.get(group.id) ?? null;
  return { kind: "choice", suite, group, share, scheme, alpn: chooseAlpn(offer) };
}

/** The client's order: it knows which cipher its processor is fast at. */
function chooseSuite({ cipherSuites }: ClientOffer): CipherSuite | null {
  for (const id of cipherSuites) {
    const suite = CIPHER_SUITES.get(id);
    if (suite !== undefined) return suite;
  }
  return null;
}

/** Our order, but a group that the client has sent a share of goes before one that takes another round trip. */
function chooseGroup({ groups, keyShares }: ClientOffer): Group | null {
  return GROUPS.find(({ id }) => keyShares.has(id)) ??
    GROUPS.find(({ id }) => groups.includes(id)) ?? null;
}

/**
 * HTTP/1.1 or nothing. Whoever goes on talking is relayed in the clear, to a server that in all likelihood speaks HTTP/1.1
 * there and not HTTP/2, so h2 would be a promise that somebody else has to keep. A client that offers no http/1.1 is told
 * of no protocol, as by a server that does not know the extension: the alert that RFC 7301 §3.2 has for that would keep
 * its retry configurations from it, and the client that gets them is to make nothing of the protocol (RFC 9849 §6.1.6).
 */
function chooseAlpn({ alpn }: ClientOffer): string | null {
  return alpn.includes(HTTP_1_1) ? HTTP_1_1 : null;
}

const HTTP_1_1 = "http/1.1";
