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
  MAX_COALESCED_PACKETS,
  MAX_HELD_DATAGRAM_BYTES,
  MAX_HELD_DATAGRAMS,
  MAX_QUIC_ATTEMPTS,
  QUIET_QUIC_DATAGRAMS,
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
  readonly #isRest: boolean;
  /** The one that had the latest packet first. */
  readonly #attempts: ConnectionAttempt[];
  #held: Flight[] = [];
  #heldBytes = 0;
  /** Datagrams without an Initial, since the last with one. */
  #quiet = 0;
  /** Hellos that were opened anew: each may have cost an operation with a private key. */
  #opens = 0;
  #drop: UdpDrop | null = null;

  constructor({ first, open }: InitialRewriterOptions) {
    this.#open = open;
    this.#isRest = first === null;
    this.#attempts = first === null ? [] : [new ConnectionAttempt(first.dcid, first.swap)];
  }

  /**
   * Never where the flow is the rest of another one: whoever has seen its ID on the way can have sent what came so far, and
   * go on with a hello to learn by the answer whose target that is.
   */
  get done(): boolean {
    return !this.#isRest && this.#quiet >= QUIET_QUIC_DATAGRAMS;
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
    this.#countQuiet(flight);
    switch (this.#fateOf(flight)) {
      case "ready":
        return [rewriteFlight(flight)];
      case "waiting":
        return this.#hold(flight);
      case "refused":
        return NOTHING;
    }
  }

  /**
   * Opens the packets of a datagram; null where it must not go to the target.
   *
   * That is where an Initial is not authentic, where it breaks the rules of frames, or where a packet may be one, but is of
   * a version that cannot be read: an honest client sends no such datagrams, and the target could do nothing with the first
   * two.
   */
  #read(datagram: Uint8Array<ArrayBuffer>): Flight | null {
    const initials: Initial[] = [];
    let earlyId: Uint8Array | null = null;
    let offset = 0;
    // A short header, or padding behind the packets, has no first bit; it takes the rest of the datagram.
    for (let count = 0; ((datagram[offset] ?? 0) & 0x80) !== 0; count++) {
      const packet = parseLongHeader(datagram, offset);
      if (packet === null || count === MAX_COALESCED_PACKETS) return null;
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

  #countQuiet({ initials, earlyId }: Flight): void {
    if (initials.length > 0) this.#quiet = 0;
    else if (earlyId === null) this.#quiet++;
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
    const { length } = flight.datagram;
    const fits = this.#held.length < MAX_HELD_DATAGRAMS &&
      this.#heldBytes + length <= MAX_HELD_DATAGRAM_BYTES;
    if (!fits) return NOTHING;
    this.#held.push(flight);
    this.#heldBytes += length;
    return this.#absorb(flight) ? this.#release() : NOTHING;
  }

  #forgetRefused(): void {
    this.#held = this.#held.filter((flight) => this.#fateOf(flight) !== "refused");
    this.#heldBytes = this.#held.reduce((sum, { datagram }) => sum + datagram.length, 0);
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
        this.#heldBytes -= flight.datagram.length;
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
    const client = { version, keyId: attempt.id, clientId: scid, serverId: dcid };
    const reply = closeConnection(client, cryptoError(alert), LATE_PACKET_NUMBER);
    this.#drop = { kind: "drop", outcome: { reason: "ech_fault" }, reply };
  }
}

const NOTHING: readonly Uint8Array<ArrayBuffer>[] = [];

/** None that a server reaches in a handshake, and one that is not taken for a smaller one. */
const LATE_PACKET_NUMBER = 2 ** 30;
