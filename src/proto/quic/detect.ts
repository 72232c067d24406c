/**
 * Finds the ClientHello in the first datagrams of a QUIC client.
 *
 * @module
 */

import { MAX_COALESCED_PACKETS, MAX_HELD_DATAGRAMS } from "../../model/limits.ts";
import type { Detected } from "../../model/protocol.ts";
import { NEED_MORE, NO_MATCH, type Verdict } from "../../model/verdict.ts";
import { equalBytes } from "../bytes.ts";
import { plainMatch, type UdpProtocolSpec } from "../detector.ts";
import { MALFORMED } from "../malformed.ts";
import { helloMatch } from "../tls/hello_match.ts";
import { HandshakeStream, SegmentRoom } from "../tls/handshake_stream.ts";
import { type CryptoHello, readClientHello } from "./crypto_hello.ts";
import { readInitialFrames } from "./frames.ts";
import {
  type InitialPacket,
  type LongHeaderPacket,
  MAX_CONNECTION_ID,
  parseLongHeader,
} from "./header.ts";
import type { InitialKeys } from "./initial_keys.ts";
import { INITIAL_PROTECTION, type InitialProtection } from "./packet_protection.ts";
import { QUIC_VERSIONS, type QuicVersion, unknownVersionName } from "./versions.ts";

/** Least payload of a datagram that opens a connection (RFC 9000 §14.1). */
const MIN_INITIAL_DATAGRAM = 1200;
/** Least length of the connection ID that a client chooses (RFC 9000 §7.2). */
const MIN_CLIENT_DCID = 8;

/** QUIC, by the ClientHello in its Initials. */
export const QUIC: UdpProtocolSpec = {
  name: "quic",
  certainty: "strong",
  bound: MAX_HELD_DATAGRAMS,
  fields: ["ja4"],
  versions: [...QUIC_VERSIONS.map(({ name }) => name), "QUIC 0x*"],
  prepare: ({ fields }) => {
    const wantsJa4 = fields.has("ja4");
    return () => {
      const detector = new QuicDetector(INITIAL_PROTECTION, wantsJa4);
      const detect = (held: readonly Uint8Array[]) => detector.detect(held);
      return Object.assign(detect, { atEnd: () => detector.atEnd() });
    };
  },
};

/**
 * Detects QUIC in one UDP flow.
 *
 * The first datagram must prove itself: by an Initial that opens under the keys of its own connection ID, or by 0-RTT
 * alone, which may overtake its Initial. After that, what cannot be read is passed over, as an endpoint would do
 * (RFC 9001 §5.2), so a stray datagram spoils nothing.
 *
 * CRYPTO data is put together for each connection ID and version by itself. A Retry gives the client's Initials another
 * connection ID and thereby other keys (RFC 9001 §5.2), and one socket may open several connections, whose hellos must
 * not mix. Whichever is whole first decides.
 *
 * A client of another version is `match` at once, without a name: the backend is to answer it, with Version Negotiation if
 * need be.
 */
export class QuicDetector {
  readonly #protection: InitialProtection;
  readonly #wantsJa4: boolean;
  readonly #connections: Connection[] = [];
  readonly #room = new SegmentRoom();
  /** The connection whose packet was the first to open. Only its faults are the flow's. */
  #foremost: Connection | null = null;
  /** How many of the held datagrams have been worked on. */
  #seen = 0;
  #verdict: Verdict<Detected> = NEED_MORE;
  #opening: QuicOpening | null = null;

  constructor(protection: InitialProtection = INITIAL_PROTECTION, wantsJa4 = false) {
    this.#protection = protection;
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
        this.#verdict = this.atEnd();
      }
    }
    return this.#verdict;
  }

  /**
   * The verdict on a hello that is not whole in time, or in as many datagrams as may be held. It is QUIC, as surely as one
   * Initial is authentic, and for rules a hello without a name. 0-RTT alone proves nothing.
   */
  atEnd(): Verdict<Detected> {
    if (this.#foremost === null) return NO_MATCH;
    return plainMatch("quic", this.#foremost.version.name, this.#seen);
  }

  /** The hello that the verdict rests on, with what it came by; null where there is none. */
  get opening(): QuicOpening | null {
    return this.#opening;
  }

  #push(datagram: Uint8Array): Verdict<Detected> {
    let proven = this.#seen > 1;
    let dcid: Uint8Array | null = null;
    let offset = 0;
    for (let i = 0; i < MAX_COALESCED_PACKETS && offset < datagram.length; i++) {
      const packet = parseLongHeader(datagram, offset);
      if (packet === null) break;
      if (packet.kind === "unknownVersion") {
        if (this.#seen > 1 || i > 0 || !opensConnection(datagram, packet)) break;
        return plainMatch("quic", unknownVersionName(packet.version), this.#seen);
      }
      offset = packet.end;
      dcid ??= packet.dcid;
      if (!equalBytes(dcid, packet.dcid)) continue; // RFC 9000 §12.2

      if (packet.kind === "initial") {
        const verdict = this.#pushInitial(datagram, packet);
        if (verdict === NO_MATCH) continue;
        if (verdict !== NEED_MORE) return verdict;
        proven = true;
      } else if (packet.kind === "zeroRtt") {
        proven ||= offset === datagram.length && i === 0;
      }
    }
    return proven ? NEED_MORE : NO_MATCH;
  }

  /** `noMatch` says that this packet cannot be read, or belongs to a broken connection other than the foremost. */
  #pushInitial(datagram: Uint8Array, packet: InitialPacket): Verdict<Detected> {
    const connection = this.#connectionOf(packet);
    if (connection.broken) return NO_MATCH;
    const opened = this.#protection.open(connection.keys, datagram, packet);
    if (opened === null) return NO_MATCH;
    this.#foremost ??= connection;

    const fault = readInitialFrames(opened.payload, connection.crypto);
    const hello = fault === null ? readClientHello(connection.crypto) : MALFORMED[fault];
    switch (hello.kind) {
      case "match":
        this.#opening = {
          ...hello.value,
          version: connection.version,
          dcid: connection.dcid,
          scid: new Uint8Array(packet.scid),
        };
        return this.#detected(this.#opening);
      case "malformed":
        connection.broken = true;
        return connection === this.#foremost ? hello : NO_MATCH;
      default:
        return NEED_MORE;
    }
  }

  #detected({ hello, message, version }: QuicOpening): Verdict<Detected> {
    return helloMatch("quic", hello, version.name, this.#seen, this.#wantsJa4 ? message : null);
  }

  #connectionOf({ version, dcid }: InitialPacket): Connection {
    const known = this.#connections.find((connection) =>
      connection.version === version && equalBytes(connection.dcid, dcid)
    );
    if (known !== undefined) return known;
    const connection: Connection = {
      version,
      dcid: new Uint8Array(dcid), // a copy: the datagram is the caller's
      keys: this.#protection.deriveKeys(version, dcid, "client"),
      crypto: new HandshakeStream(this.#room),
      broken: false,
    };
    this.#connections.push(connection);
    return connection;
  }
}

/** What a client opens a connection with. */
export interface QuicOpening extends CryptoHello {
  readonly version: QuicVersion;
  /** The connection ID that its Initials are sent to, from which keys are derived. */
  readonly dcid: Uint8Array;
  /** The one that answers are to be sent to. */
  readonly scid: Uint8Array;
}

/** What is known of one connection attempt. */
interface Connection {
  readonly version: QuicVersion;
  readonly dcid: Uint8Array;
  readonly keys: InitialKeys;
  readonly crypto: HandshakeStream;
  /** An authentic packet of it broke the rules; nothing more of it is read. */
  broken: boolean;
}

/**
 * Whether a datagram of an unknown version is likely to open a connection. There is no proof, so what every version so far
 * has in common is asked for: the QUIC bit, the least size, connection IDs of the usual lengths. Of random datagrams that
 * are large enough, one in a thousand passes; RTP, whose first two bits are 10, never does (RFC 9443 §3).
 */
function opensConnection(
  datagram: Uint8Array,
  { version, dcid, scid }: Extract<LongHeaderPacket, { readonly kind: "unknownVersion" }>,
): boolean {
  return version !== 0 && // Version Negotiation, which only servers send (RFC 8999 §6)
    ((datagram[0] ?? 0) & 0x40) !== 0 &&
    datagram.length >= MIN_INITIAL_DATAGRAM &&
    dcid.length >= MIN_CLIENT_DCID && dcid.length <= MAX_CONNECTION_ID &&
    scid.length <= MAX_CONNECTION_ID;
}
