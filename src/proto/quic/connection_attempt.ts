/**
 * One attempt of a client to connect by QUIC, as far as its Initials go.
 *
 * @module
 */

import { HandshakeStream } from "../tls/handshake_stream.ts";
import { type CryptoHello, readClientHello, readMessage } from "./crypto_hello.ts";
import type { CryptoData, HelloSwap } from "./hello_swap.ts";
import type { InitialPacket } from "./header.ts";
import { deriveInitialKeys, type InitialKeys } from "./initial_keys.ts";
import { type OpenInitial, openInitial } from "./packet_protection.ts";
import type { QuicVersion } from "./versions.ts";

/**
 * What becomes of CRYPTO data: it can be replaced; it cannot yet, as what it is a part of is not whole; it must not go to
 * the target, as it is neither what the client has said before nor a hello that may.
 */
export type CryptoFate = "ready" | "waiting" | "refused";

/**
 * Packets whose keys are derived from one connection ID: that of the client's first Initial, or of its first after a Retry
 * (RFC 9001 §5.2). They stay the same when the client takes up the ID that its server chooses, and when the version is
 * changed compatibly, each version has its own of the same ID (RFC 9369 §4.1). The packets share one row of packet numbers
 * and one CRYPTO stream.
 */
export class ConnectionAttempt {
  readonly id: Uint8Array;
  readonly #keys = new Map<QuicVersion, InitialKeys>();
  #largestNumber = -1;
  #swap: HelloSwap | null;
  #isRefused = false;
  /** The hello that is being put together: the first, then the second. */
  #stream = new HandshakeStream();

  /**
   * @param id the connection ID, of which a copy is kept
   * @param swap null where the hello is not known yet
   */
  constructor(id: Uint8Array, swap: HelloSwap | null = null) {
    this.id = new Uint8Array(id);
    this.#swap = swap;
  }

  /** What the hellos are replaced with; null as long as the first is not whole. */
  get swap(): HelloSwap | null {
    return this.#swap;
  }

  /** Whether its hello is not whole yet. */
  get isGathering(): boolean {
    return this.#swap === null && !this.#isRefused;
  }

  /** Whether nothing of it may go to the target. */
  get isRefused(): boolean {
    return this.#isRefused;
  }

  /** Lets nothing more of it pass. */
  refuse(): void {
    this.#isRefused = true;
    this.#stream = new HandshakeStream();
  }

  /** Lets go of the hello that is being put together. */
  forgetPieces(): void {
    this.#stream = new HandshakeStream();
  }

  keys(version: QuicVersion): InitialKeys {
    let keys = this.#keys.get(version);
    if (keys === undefined) {
      keys = deriveInitialKeys(version, this.id, "client");
      this.#keys.set(version, keys);
    }
    return keys;
  }

  /** Opens a packet of this attempt; null where it is none. */
  open(datagram: Uint8Array, packet: InitialPacket): OpenInitial | null {
    const opened = openInitial(this.keys(packet.version), datagram, packet, this.#largestNumber);
    if (opened === null) return null;
    this.#largestNumber = Math.max(this.#largestNumber, opened.packetNumber);
    return opened;
  }

  /** What becomes of a packet with this CRYPTO data. */
  fateOf(data: readonly CryptoData[]): CryptoFate {
    if (this.#isRefused) return "refused";
    const swap = this.#swap;
    if (swap === null) return "waiting";
    if (!data.every((piece) => swap.agreesWith(piece))) return "refused";
    if (data.every((piece) => piece.data.length === 0 || endOf(piece) <= swap.length)) {
      return "ready";
    }
    return swap.hasSecond ? "refused" : "waiting";
  }

  /**
   * Takes in data that is waiting.
   *
   * @param identify what a first hello that is whole is replaced with; null where it must not go to the target
   * @param onFault called with the alert for a second hello that breaks a rule
   * @returns whether the fate of what is waiting may have changed
   */
  absorb(
    data: readonly CryptoData[],
    identify: (hello: CryptoHello) => HelloSwap | null,
    onFault: (alert: number) => void,
  ): boolean {
    if (this.#isRefused || this.#swap?.hasSecond === true) return false;
    const start = this.#swap?.length ?? 0;
    for (const piece of data) {
      const known = Math.min(Math.max(0, start - piece.offset), piece.data.length);
      const fault = known === piece.data.length
        ? null
        : this.#stream.insert(piece.offset + known - start, piece.data.subarray(known));
      if (fault === null) continue;
      this.refuse();
      return true;
    }
    return this.#swap === null ? this.#readFirst(identify) : this.#readSecond(this.#swap, onFault);
  }

  #readFirst(identify: (hello: CryptoHello) => HelloSwap | null): boolean {
    const hello = readClientHello(this.#stream);
    if (hello.kind === "needMore") return false;
    this.#swap = hello.kind === "match" ? identify(hello.value) : null;
    this.#stream = new HandshakeStream();
    if (this.#swap === null) this.refuse();
    return true;
  }

  #readSecond(swap: HelloSwap, onFault: (alert: number) => void): boolean {
    const message = readMessage(this.#stream);
    if (message.kind === "needMore") return false;
    const alert = message.kind === "match" ? swap.addSecond(message.value) : null;
    if (alert !== null) onFault(alert);
    if (!swap.hasSecond) this.refuse();
    this.#stream = new HandshakeStream();
    return true;
  }
}

function endOf({ offset, data }: CryptoData): number {
  return offset + data.length;
}
