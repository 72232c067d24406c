/**
 * Answers a client's hello, or its two where the first has no share that fits (RFC 8446 §4.1).
 *
 * @module
 */

import type { EchRejection } from "../../model/ech.ts";
import { concat } from "../bytes.ts";
import { ALERT } from "../tls/alert.ts";
import { CertificateKey } from "./certificate_key.ts";
import { type ClientOffer, readClientOffer } from "./client_offer.ts";
import { type Choice, negotiate } from "./negotiate.ts";
import { CHANGE_CIPHER_SPEC, encodeRecord } from "./record.ts";
import { CONTENT } from "../tls/record_layer.ts";
import { type ServerFlight, serverFlight } from "./server_flight.ts";
import { helloRetryRequest } from "./server_messages.ts";
import { Transcript } from "./transcript.ts";

/** What a hello came to. */
export type HelloAnswer =
  /** Another hello is asked for, by these records. */
  | { readonly kind: "asked"; readonly records: Uint8Array; readonly hasEarlyData: boolean }
  /** The handshake is done but for the client's Finished. */
  | { readonly kind: "answered"; readonly flight: ServerFlight; readonly hasEarlyData: boolean }
  | { readonly kind: "fault"; readonly alert: number };

/** What was agreed on by the first of two hellos. */
interface Retry {
  readonly first: ClientOffer;
  readonly choice: Choice;
  readonly transcript: Transcript;
}

/** The exchange of hellos of one connection. */
export class HelloExchange {
  readonly #ech: Extract<EchRejection, { kind: "retry" }>;
  readonly #random: (length: number) => Uint8Array;
  #retry: Retry | null = null;

  constructor(
    ech: Extract<EchRejection, { kind: "retry" }>,
    random: (length: number) => Uint8Array,
  ) {
    this.#ech = ech;
    this.#random = random;
  }

  /** Whether a HelloRetryRequest was sent. */
  get isRetry(): boolean {
    return this.#retry !== null;
  }

  /** Takes a ClientHello, handshake header included. */
  answer(message: Uint8Array): HelloAnswer {
    const read = readClientOffer(message);
    if (read.kind === "fault") return read;
    const { offer } = read;
    if (this.#retry !== null) return this.#answerSecond(offer, message, this.#retry);

    const choice = negotiate(offer, CertificateKey.of(this.#ech));
    if (choice.kind === "fault") return choice;
    const transcript = new Transcript(choice.suite.hash);
    transcript.add(message);
    if (choice.share !== null) return this.#answerLast(offer, choice, choice.share, transcript);

    const request = helloRetryRequest(offer, choice, this.#random);
    transcript.foldFirstHello();
    transcript.add(request);
    this.#retry = { first: offer, choice, transcript };
    const records = concat(encodeRecord(CONTENT.handshake, request), changeCipherSpec(offer));
    return { kind: "asked", records, hasEarlyData: offer.hasEarlyData };
  }

  /** RFC 8446 §4.1.2: the hello comes again, with one share of the group asked for and without early data. */
  #answerSecond(offer: ClientOffer, message: Uint8Array, retry: Retry): HelloAnswer {
    const { first, choice, transcript } = retry;
    const share = offer.keyShares.size === 1 ? offer.keyShares.get(choice.group.id) : undefined;
    const isSame = first.fixedPart.length === offer.fixedPart.length &&
      first.fixedPart.every((byte, i) => byte === offer.fixedPart[i]);
    if (share === undefined || !isSame || offer.hasEarlyData) {
      return { kind: "fault", alert: ALERT.illegalParameter };
    }
    transcript.add(message);
    return this.#answerLast(offer, choice, share, transcript);
  }

  #answerLast(
    offer: ClientOffer,
    choice: Choice,
    share: Uint8Array,
    transcript: Transcript,
  ): HelloAnswer {
    const flight = serverFlight({
      ech: this.#ech,
      offer,
      choice,
      share,
      transcript,
      changeCipherSpec: this.isRetry ? NO_BYTES : changeCipherSpec(offer),
      random: this.#random,
    });
    if (flight.kind === "fault") return flight;
    return { kind: "answered", flight, hasEarlyData: offer.hasEarlyData };
  }
}

const NO_BYTES = new Uint8Array(0);

/** Goes once behind our first message, if the client wants to look like TLS 1.2 to middleboxes (RFC 8446 §D.4). */
function changeCipherSpec({ sessionId }: ClientOffer): Uint8Array {
  return sessionId.length > 0 ? CHANGE_CIPHER_SPEC : NO_BYTES;
}
