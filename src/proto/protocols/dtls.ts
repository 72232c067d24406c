/**
 * DTLS clients, by their ClientHello (RFC 6347, RFC 9147).
 *
 * @module
 */

import { MAX_HELD_DATAGRAMS } from "../../model/limits.ts";
import type { Detected } from "../../model/protocol.ts";
import { NEED_MORE, NO_MATCH, type Verdict } from "../../model/verdict.ts";
import type { UdpProtocolSpec } from "../detector.ts";
import { DTLS_VERSION_NAMES, offeredDtlsVersion, withoutCookie } from "../dtls/client_hello.ts";
import { type HelloFragment, readHelloFragments } from "../dtls/fragment.ts";
import { MALFORMED, type Malformed } from "../malformed.ts";
import { parseClientHello } from "../tls/client_hello.ts";
import { HandshakeStream } from "../tls/handshake_stream.ts";
import { helloMatch } from "../tls/hello_match.ts";

/** DTLS. */
export const DTLS: UdpProtocolSpec = {
  name: "dtls",
  certainty: "strong",
  bound: MAX_HELD_DATAGRAMS,
  fields: ["ja4"],
  versions: DTLS_VERSION_NAMES,
  prepare: ({ fields }) => {
    const wantsJa4 = fields.has("ja4");
    return () => {
      const detector = new DtlsDetector(wantsJa4);
      return (held) => detector.detect(held);
    };
  },
};

/**
 * Detects DTLS in one UDP flow. The first datagram must hold a fragment of a ClientHello, whichever. After that, what is
 * none, or is of another message, is passed over: a datagram that is not understood spoils nothing (RFC 6347 §4.1.2.7).
 */
export class DtlsDetector {
  readonly #wantsJa4: boolean;
  readonly #stream = new HandshakeStream();
  /** The first fragment that came: it says of which message, and how long that is. */
  #first: HelloFragment | null = null;
  /** How many of the held datagrams have been worked on. */
  #seen = 0;
  #verdict: Verdict<Detected> = NEED_MORE;

  constructor(wantsJa4 = false) {
    this.#wantsJa4 = wantsJa4;
  }

  /** @param held all datagrams of the flow so far, oldest first; only those that are new are worked on */
  detect(held: readonly Uint8Array[]): Verdict<Detected> {
    while (this.#verdict === NEED_MORE) {
      const datagram = held[this.#seen];
      if (datagram === undefined) break;
      this.#seen++;
      this.#verdict = this.#push(datagram);
      if (this.#verdict === NEED_MORE && this.#seen === MAX_HELD_DATAGRAMS) {
        this.#verdict = MALFORMED.too_long;
      }
    }
    return this.#verdict;
  }

  #push(datagram: Uint8Array): Verdict<Detected> {
    for (const fragment of readHelloFragments(datagram)) {
      const fault = this.#insert(fragment);
      if (fault !== null) return fault;
    }
    if (this.#first === null) return NO_MATCH;
    const { length } = this.#first;
    return this.#stream.available < length ? NEED_MORE : this.#read(this.#stream.read(length));
  }

  /** A message has one length and one content: a proxy that chose between two could choose otherwise than the backend. */
  #insert(fragment: HelloFragment): Malformed | null {
    const { sequence, length, offset } = fragment;
    const bytes = fragment.bytes.slice(); // the datagram is the caller's
    this.#first ??= { ...fragment, bytes };
    if (sequence !== this.#first.sequence) return null;
    if (length !== this.#first.length) return MALFORMED.bad_length;
    const fault = this.#stream.insert(offset, bytes);
    return fault === null ? null : MALFORMED[fault];
  }

  #read(body: Uint8Array): Verdict<Detected> {
    const message = withoutCookie(body);
    if (message === null) return MALFORMED.bad_value;
    const parsed = parseClientHello(message);
    if (parsed.kind !== "match") return parsed;
    const hello = parsed.value;
    const version = offeredDtlsVersion(hello, body);
    return helloMatch("dtls", hello, version, this.#seen, this.#wantsJa4 ? message : null);
  }
}
