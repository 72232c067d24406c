/**
 * Gives a QUIC target the inner ClientHellos of a client in place of the outer ones (RFC 9849 in split mode).
 *
 * Anyone on the path can open and seal Initials (RFC 9001 §5.2), and of what is in them, nothing but the handshake messages
 * themselves, the connection IDs and the version is authenticated later. So the CRYPTO data is replaced, byte for byte at
 * the same offsets ({@linkcode HelloSwap}), and nothing else: each packet keeps its header, number and length, each datagram
 * its other packets. What the target sends goes to the client unchanged.
 *
 * @module
 */

import type { DatagramFilter, UdpDrop } from "../../model/flow.ts";
import {
  HELD_CRYPTO_PIECE_BYTES,
  MAX_COALESCED_PACKETS,
  MAX_HELD_DATAGRAM_BYTES,
  MAX_HELD_DATAGRAMS,
  MAX_QUIC_ATTEMPTS,
} from "../../model/limits.ts";
import { equalBytes } from "../bytes.ts";
import { type Flight, type Initial, readFrames, rewriteFlight } from "./client_flight.ts";
import { ConnectionAttempt, type CryptoFate } from "./connection_attempt.ts";
import { closeConnection, cryptoError } from "./connection_close.ts";
import type { CryptoHello } from "./crypto_hello.ts";
import type { HelloSwap } from "./hello_swap.ts";
import { type InitialPacket, parseLongHeader } from "./header.ts";
import type { OpenInitial } from "./packet_protection.ts";

/** What a rewriter is made of. */
export interface InitialRewriterOptions {
  /**
   * The connection ID that the client's first Initial was sent to, and what the hello in that is replaced with; null where
   * the flow is the rest of one that came from another address.
   */
  readonly first: { readonly dcid: Uint8Array; readonly swap: HelloSwap } | null;
  /**
   * Called with another hello, of a client that begins anew: because its server does not know the version (RFC 9368 §2.1), or
   * with another connection from the same port. Null where it must not go to the same target.
   */
  readonly open: (hello: CryptoHello) => HelloSwap | null;
}

/** Rewrites the Initials of one flow. */
export class InitialRewriter implements DatagramFilter {
  readonly #open: InitialRewriterOptions["open"];
  /** The one that had the latest packet first. */
  readonly #attempts: ConnectionAttempt[];
  #held: Flight[] = [];
  #heldBytes = 0;
  /** Whether an Initial has come since the last rest. */
  #isInUse = true;
  /** Hellos that were opened anew: each may have cost an operation with a private key. */
  #opens = 0;
  /**
   * Whether a second hello may come: a client has answered all hellos of its server's before it sends a Handshake packet,
   * and from then on nobody but the two can end the connection (RFC 9001 §4.9.1).
   */
  #awaitsSecond: boolean;
  #drop: UdpDrop | null = null;

  constructor({ first, open }: InitialRewriterOptions) {
    this.#open = open;
    this.#awaitsSecond = first !== null;
    this.#attempts = first === null ? [] : [new ConnectionAttempt(first.dcid, first.swap)];
  }

  /**
   * All that begin with a long header, for good: whoever is on the way can send in the client's name, or to a connection ID
   * that it has seen, and would learn by the answer to a hello of its own whose target that is.
   */
  sees(first = 0): boolean {
    return first >= LONG_HEADER;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  get drop(): UdpDrop | null {
    return this.#drop;
  }

  push(datagram: Uint8Array): readonly Uint8Array<ArrayBuffer>[] {
    if (this.#drop !== null) return NOTHING;
    const flight = this.#read(datagram.slice());
    if (flight === null) return NOTHING;
    switch (this.#fateOf(flight)) {
      case "ready":
        return [rewriteFlight(flight)];
      case "waiting":
        return this.#hold(flight);
      case "refused":
        return NOTHING;
    }
  }

  forgetHeld(): void {
    this.#held = [];
    this.#heldBytes = 0;
    for (const attempt of this.#attempts) attempt.forgetPieces();
  }

  rest(): void {
    if (!this.#isInUse) {
      this.forgetHeld();
      this.#attempts.length = 0;
      this.#opens = 0;
    }
    this.#isInUse = false;
  }

  /**
   * Opens the packets of a datagram; null where it must not go to the target.
   *
   * That is where an Initial is not authentic, where it breaks the rules of frames, where packets are for several connections
   * (RFC 9000 §12.2), or where one may be an Initial, but is of a version that cannot be read: an honest client sends no such
   * datagrams, and the target could do nothing with the first two.
   */
  #read(datagram: Uint8Array<ArrayBuffer>): Flight | null {
    const initials: Initial[] = [];
    let id: Uint8Array | null = null;
    let earlyId: Uint8Array | null = null;
    let offset = 0;
    // A short header, or padding behind the packets, has no first bit; it takes the rest of the datagram.
    for (let count = 0; this.sees(datagram[offset]); count++) {
      const packet = parseLongHeader(datagram, offset);
      if (packet === null || count === MAX_COALESCED_PACKETS) return null;
      id ??= packet.dcid;
      if (!equalBytes(id, packet.dcid)) return null;
      switch (packet.kind) {
        case "initial": {
          const initial = this.#openInitial(datagram, packet);
          if (initial === null) return null;
          initials.push(initial);
          break;
        }
        case "zeroRtt":
          earlyId = packet.dcid;
          break;
        case "handshake":
          this.#awaitsSecond = false;
          break;
        default:
          return null; // of a version that is not known, or a packet of servers
      }
      offset = packet.end;
    }
    return { datagram, initials, earlyId };
  }

  #openInitial(datagram: Uint8Array, packet: InitialPacket): Initial | null {
    for (const attempt of this.#attempts) {
      const opened = attempt.open(datagram, packet);
      if (opened !== null) return this.#readInitial(attempt, packet, opened);
    }
    if (this.#attempts.some(({ id }) => equalBytes(id, packet.dcid))) return null;
    const attempt = new ConnectionAttempt(packet.dcid);
    const opened = attempt.open(datagram, packet);
    if (opened === null || !this.#admit(attempt)) return null;
    return this.#readInitial(attempt, packet, opened);
  }

  #readInitial(
    attempt: ConnectionAttempt,
    packet: InitialPacket,
    opened: OpenInitial,
  ): Initial | null {
    this.#isInUse = true;
    this.#attempts.splice(this.#attempts.indexOf(attempt), 1);
    this.#attempts.unshift(attempt);
    const frames = readFrames(opened.payload);
    return frames === null ? null : { attempt, packet, opened, ...frames };
  }

  /** Takes up a new attempt, in the place of one whose hello is not known, if there are many. Tells whether there is room. */
  #admit(attempt: ConnectionAttempt): boolean {
    const attempts = this.#attempts;
    if (attempts.length === MAX_QUIC_ATTEMPTS) {
      const index = attempts.findLastIndex(({ swap }) => swap === null);
      if (index < 0) return false;
      attempts[index]?.refuse();
      attempts.splice(index, 1);
      this.#forgetRefused();
    }
    attempts.push(attempt);
    return true;
  }

  #fateOf({ initials, earlyId }: Flight): CryptoFate {
    const fates = initials.map(({ attempt, crypto }) => attempt.fateOf(crypto));
    if (earlyId !== null) fates.push(this.#fateOfEarly(earlyId));
    if (fates.includes("refused")) return "refused";
    return fates.includes("waiting") ? "waiting" : "ready";
  }

  /** Early data follows the hello that it depends on. */
  #fateOfEarly(id: Uint8Array): CryptoFate {
    const attempt = this.#attempts.find((candidate) => equalBytes(candidate.id, id));
    if (attempt === undefined || attempt.swap !== null) return "ready";
    return attempt.isGathering ? "waiting" : "refused";
  }

  #hold(flight: Flight): readonly Uint8Array<ArrayBuffer>[] {
    const bytes = this.#heldBytes + bytesOf(flight);
    const fits = this.#held.length < MAX_HELD_DATAGRAMS && bytes <= MAX_HELD_DATAGRAM_BYTES;
    if (!fits) return NOTHING;
    this.#held.push(flight);
    this.#heldBytes = bytes;
    return this.#absorb(flight) ? this.#release() : NOTHING;
  }

  #forgetRefused(): void {
    this.#held = this.#held.filter((flight) => this.#fateOf(flight) !== "refused");
    this.#heldBytes = this.#held.reduce((sum, flight) => sum + bytesOf(flight), 0);
  }

  /** Gives out what has become ready, and forgets what is refused. */
  #release(): readonly Uint8Array<ArrayBuffer>[] {
    const released: Uint8Array<ArrayBuffer>[] = [];
    for (let again = true; again;) {
      again = false;
      const held = this.#held;
      this.#held = [];
      for (const flight of held) {
        const fate = this.#fateOf(flight);
        if (fate === "waiting") {
          this.#held.push(flight);
          // Behind a first hello that has become whole may stand the second.
          again = this.#absorb(flight) || again;
          continue;
        }
        this.#heldBytes -= bytesOf(flight);
        if (fate === "ready") released.push(rewriteFlight(flight));
      }
    }
    return released;
  }

  #absorb({ initials }: Flight): boolean {
    let changed = false;
    for (const initial of initials) {
      const { attempt, crypto } = initial;
      if (attempt.fateOf(crypto) !== "waiting") continue;
      const onFault = (alert: number) => this.#refuse(initial, alert);
      if (attempt.absorb(crypto, (hello) => this.#identify(hello), onFault)) changed = true;
    }
    return changed;
  }

  #identify(hello: CryptoHello): HelloSwap | null {
    // After a Retry the client sends the same hello (RFC 9000 §17.2.5.3).
    for (const { swap } of this.#attempts) if (swap?.beginsWith(hello.message)) return swap;
    return ++this.#opens < MAX_QUIC_ATTEMPTS ? this.#open(hello) : null;
  }

  /** Ends the connection of a client whose second hello breaks a rule. It knows the server's ID by now, and sends to it. */
  #refuse({ attempt, packet: { version, dcid, scid } }: Initial, alert: number): void {
    if (!this.#awaitsSecond) return;
    const client = { version, keyId: attempt.id, clientId: scid, serverId: dcid };
    const reply = closeConnection(client, cryptoError(alert), LATE_PACKET_NUMBER);
    this.#drop = { kind: "drop", outcome: { reason: "ech_fault" }, reply };
  }
}

/** The first bit of a packet (RFC 8999 §5.1). */
const LONG_HEADER = 0x80;

/** What a datagram takes that waits, with the pieces of hellos that are kept of it. */
function bytesOf({ datagram, initials }: Flight): number {
  const pieces = initials.reduce((sum, { crypto }) => sum + crypto.length, 0);
  return datagram.length + pieces * HELD_CRYPTO_PIECE_BYTES;
}

const NOTHING: readonly Uint8Array<ArrayBuffer>[] = [];

/** None that a server reaches in a handshake, and one that is not taken for a smaller one. */
const LATE_PACKET_NUMBER = 2 ** 30;
