/**
 * The Initials of a QUIC client, as it may scatter its hellos over them, and what a server reads in them.
 *
 * @module
 */

import assert from "node:assert/strict";
import { parseLongHeader } from "../../src/proto/quic/header.ts";
import { deriveInitialKeys, type Sender } from "../../src/proto/quic/initial_keys.ts";
import { openInitial } from "../../src/proto/quic/packet_protection.ts";
import { readInitialFrames } from "../../src/proto/quic/frames.ts";
import { QUIC_V1, type QuicVersion } from "../../src/proto/quic/versions.ts";
import {
  cryptoFrame,
  type InitialSpec,
  longHeaderPacket,
  SAMPLE_DCID,
  sealInitialDatagram,
} from "./quic_initial_builder.ts";

/** Bytes of a stream, from one offset to before another. */
export type Range = readonly [start: number, end: number];

/** One client; its packet numbers go up. */
export class QuicClient {
  version: QuicVersion = QUIC_V1;
  /** Where it sends to. */
  dcid: Uint8Array = SAMPLE_DCID;
  /** What its keys are derived from. */
  keyDcid: Uint8Array = SAMPLE_DCID;
  scid: Uint8Array = Uint8Array.of(0xc1, 0xc2, 0xc3);
  token: Uint8Array = new Uint8Array(0);
  packetNumber = 0;
  packetNumberLength = 4;
  /** All that it says. */
  stream: Uint8Array;

  constructor(stream: Uint8Array) {
    this.stream = stream;
  }

  /** Does what a Retry tells it to (RFC 9000 §17.2.5.3). */
  retry(scid: Uint8Array, token: Uint8Array = Uint8Array.of(1, 2, 3)): void {
    this.dcid = this.keyDcid = scid;
    this.token = token;
  }

  /** Takes up the ID that its server has chosen (RFC 9000 §7.2). */
  adopt(scid: Uint8Array): void {
    this.dcid = scid;
  }

  /** The next packet, with these frames. */
  initial(frames: readonly Uint8Array[], part: Partial<InitialSpec> = {}): Uint8Array {
    return sealInitialDatagram({
      version: this.version,
      dcid: this.dcid,
      keyDcid: this.keyDcid,
      scid: this.scid,
      token: this.token,
      packetNumber: this.packetNumber++,
      packetNumberLength: this.packetNumberLength,
      frames,
      ...part,
    });
  }

  /** The next packet, with CRYPTO frames of these pieces of the stream; default: all of it. */
  crypto(...pieces: readonly Range[]): Uint8Array {
    const all: readonly Range[] = [[0, this.stream.length]];
    return this.initial((pieces.length === 0 ? all : pieces).map((piece) => this.frame(piece)));
  }

  /** A CRYPTO frame with a piece of the stream. */
  frame([start, end]: Range): Uint8Array {
    return cryptoFrame(start, this.stream.subarray(start, end));
  }

  /** A packet of another type, where its keys are of no account. */
  other(type: "zeroRtt" | "handshake", payload: Uint8Array = new Uint8Array(40)): Uint8Array {
    return longHeaderPacket(type, payload, { version: this.version, dcid: this.dcid });
  }

  /** A packet with a short header. */
  short(): Uint8Array {
    return Uint8Array.of(0x5f, ...this.dcid, ...new Uint8Array(24).fill(7));
  }
}

/** A packet as a server has read it. */
export interface ReadPacket {
  readonly packetNumber: number;
  readonly dcid: string;
  readonly payload: Uint8Array;
}

/** Reads the Initials of one sender, and puts their CRYPTO data together. */
export class QuicReader {
  readonly packets: ReadPacket[] = [];
  readonly #keyIds: readonly Uint8Array[];
  readonly #sender: Sender;
  readonly #bytes: number[] = [];

  /** @param keyIds what keys may be derived from */
  constructor(keyIds: readonly Uint8Array[] = [SAMPLE_DCID], sender: Sender = "client") {
    this.#keyIds = keyIds;
    this.#sender = sender;
  }

  /** The CRYPTO stream, which must have no gap. */
  get stream(): Uint8Array {
    const bytes = Uint8Array.from(this.#bytes);
    for (const index of bytes.keys()) assert(index in this.#bytes, `nothing at ${index}`);
    return bytes;
  }

  /** Reads a datagram, which must be authentic and sound. Returns the packets that are no Initials. */
  read(datagram: Uint8Array): Uint8Array {
    let offset = 0;
    const others: number[] = [];
    while (offset < datagram.length) {
      const packet = parseLongHeader(datagram, offset);
      const end = packet === null || packet.kind === "unknownVersion"
        ? datagram.length
        : packet.end;
      if (packet?.kind !== "initial") {
        others.push(...datagram.subarray(offset, end));
      } else {
        const largest = Math.max(-1, ...this.packets.map(({ packetNumber }) => packetNumber));
        const opened = this.#keyIds.map((id) =>
          openInitial(
            deriveInitialKeys(packet.version, id, this.#sender),
            datagram,
            packet,
            largest,
          )
        ).find((candidate) => candidate !== null);
        assert(opened, "an Initial that does not open");
        const { packetNumber, payload } = opened;
        this.packets.push({ packetNumber, payload, dcid: packet.dcid.toHex() });
        assert.equal(
          readInitialFrames(payload, { insert: (at, data) => this.#insert(at, data) }),
          null,
        );
      }
      offset = end;
    }
    return Uint8Array.from(others);
  }

  #insert(offset: number, data: Uint8Array): null {
    for (const [index, byte] of data.entries()) {
      const known = this.#bytes[offset + index];
      assert(known === undefined || known === byte, `two bytes at ${offset + index}`);
      this.#bytes[offset + index] = byte;
    }
    return null;
  }
}
