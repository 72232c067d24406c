/**
 * The server's one flight: all from its ServerHello to its Finished, sealed, and the keys that hold after it.
 *
 * @module
 */

import type { EchRejection } from "../../model/ech.ts";
import { concat } from "../bytes.ts";
import { ALERT } from "../tls/alert.ts";
import { CertificateKey } from "./certificate_key.ts";
import type { ClientOffer } from "./client_offer.ts";
import { Connection } from "./connection.ts";
import { deriveApplicationSecrets, deriveHandshakeSecrets, finishedMac } from "./key_schedule.ts";
import type { Choice } from "./negotiate.ts";
import { encodeRecord } from "./record.ts";
import { CONTENT } from "../tls/record_layer.ts";
import { RecordProtection } from "./record_protection.ts";
import { encryptedExtensions, finished, serverHello } from "./server_messages.ts";
import type { Transcript } from "./transcript.ts";

/** What the flight leaves behind. */
export interface ServerFlight {
  readonly kind: "flight";
  /** Records for the client. */
  readonly records: Uint8Array;
  /** What the client's Finished must say. */
  readonly clientVerifyData: Uint8Array;
  /** Opens the client's records up to its Finished. */
  readonly opener: RecordProtection;
  /** For what comes after it; alerts of ours are sealed by it before that, too. */
  readonly connection: Connection;
}

/** What a flight is made of. */
export interface FlightInput {
  readonly ech: Extract<EchRejection, { kind: "retry" }>;
  readonly offer: ClientOffer;
  readonly choice: Choice;
  /** The client's share of the chosen group. */
  readonly share: Uint8Array;
  /** With the client's hello in it, and the whole of the first exchange where there was a HelloRetryRequest. */
  readonly transcript: Transcript;
  /** What goes behind the ServerHello: the record of that name, or nothing. */
  readonly changeCipherSpec: Uint8Array;
  readonly random: (length: number) => Uint8Array;
}

/** Makes the flight, or tells with which alert a share is refused that is none. */
export function serverFlight(
  { ech, offer, choice, share, transcript, changeCipherSpec, random }: FlightInput,
): ServerFlight | { readonly kind: "fault"; readonly alert: number } {
  const { suite, group, scheme } = choice;
  const shared = group.agree(share, random);
  if (shared === null) return { kind: "fault", alert: ALERT.illegalParameter };
  const certificate = CertificateKey.of(ech);

  const hello = serverHello(offer, choice, shared, random(32));
  transcript.add(hello);
  const secrets = deriveHandshakeSecrets(suite.hash, shared.secret, transcript.current());

  const messages: Uint8Array[] = [];
  const add = (message: Uint8Array) => {
    transcript.add(message);
    messages.push(message);
  };
  add(encryptedExtensions(offer, choice, ech.retryConfigs));
  add(certificate.message);
  add(certificate.verify(scheme, transcript.current()));
  add(finished(finishedMac(suite.hash, secrets.server, transcript.current())));
  const transcriptHash = transcript.current();

  const sealer = new RecordProtection(suite, secrets.server);
  const application = deriveApplicationSecrets(suite.hash, secrets.master, transcriptHash);
  return {
    kind: "flight",
    records: concat(
      encodeRecord(CONTENT.handshake, hello),
      changeCipherSpec,
      sealer.sealAll(CONTENT.handshake, concat(...messages)),
    ),
    clientVerifyData: finishedMac(suite.hash, secrets.client, transcriptHash),
    opener: new RecordProtection(suite, secrets.client),
    connection: new Connection(
      new RecordProtection(suite, application.client),
      new RecordProtection(suite, application.server),
    ),
  };
}
