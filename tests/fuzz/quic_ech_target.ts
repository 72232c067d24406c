/**
 * What gives QUIC targets the inner hellos of clients.
 *
 * @module
 */

import assert from "node:assert/strict";
import { MAX_HELD_DATAGRAM_BYTES, MAX_QUIC_ATTEMPTS } from "../../src/model/limits.ts";
import { openClientHello } from "../../src/proto/ech/open.ts";
import { readInitialFrames } from "../../src/proto/quic/frames.ts";
import { type InitialPacket, parseLongHeader } from "../../src/proto/quic/header.ts";
import { HelloSwap } from "../../src/proto/quic/hello_swap.ts";
import { deriveInitialKeys, type InitialKeys } from "../../src/proto/quic/initial_keys.ts";
import { InitialRewriter } from "../../src/proto/quic/initial_rewriter.ts";
import { type OpenInitial, openInitial } from "../../src/proto/quic/packet_protection.ts";
import { QUIC_VERSIONS, type QuicVersion } from "../../src/proto/quic/versions.ts";
import { concat } from "../support/client_hello_builder.ts";
import { EchClient, echKey, echSettings } from "../support/ech_client.ts";
import { helloOf } from "../support/parsed_hello.ts";
import { QuicClient } from "../support/quic_client.ts";
import {
  ackFrame,
  connectionCloseFrame,
  cryptoFrame,
  paddingFrames,
  pingFrame,
  SAMPLE_DCID,
} from "../support/quic_initial_builder.ts";
import { mutate } from "./mutate.ts";
import type { Random } from "./random.ts";
import type { FuzzTarget } from "./target.ts";

const SETTINGS = echSettings({ keys: [echKey()] });
const CLIENT = EchClient.seeded(echKey());
const FIRST = CLIENT.hello();
const SECOND = CLIENT.hello({ isSecond: true });
const OUTER = concat(FIRST.outer, SECOND.outer);
const INNER = concat(FIRST.inner, SECOND.inner);

/** What keys may be derived from: more than attempts are followed, one of the greatest length. */
const KEY_IDS = [
  SAMPLE_DCID,
  new Uint8Array(20).fill(3),
  ...Array.from({ length: 6 }, (_, i) => new Uint8Array(8).fill(0x40 + i)),
];

/** The Initials of a hostile client, or of one whose datagrams come through a hostile network. */
export const QUIC_ECH_TARGET: FuzzTarget = {
  name: "quic_ech",
  generate: (random) => {
    const client = new QuicClient(OUTER);
    let flight = random.list(1, 14, () => datagram(random, client));
    if (random.oneIn(2)) flight = random.shuffled(flight);
    if (random.oneIn(4)) flight.push(random.pick(flight));
    return flight.map((one) => random.oneIn(8) ? mutate(random, one, flight) : one);
  },
  check: (input) => {
    const rewriter = newRewriter();
    let got = 0;
    let largest = -1;
    for (const sent of input) {
      const copy = sent.slice();
      const released = rewriter.push(sent);
      assert.equal(sent.toHex(), copy.toHex(), "a datagram is only read");
      for (const one of released) {
        assert.notEqual(one.buffer, sent.buffer, "what comes out is for keeps");
        assert.ok(input.some(({ length }) => length === one.length), "no length changes");
        largest = checkInner(one, largest);
      }
      got += released.length;
      assert.ok(rewriter.heldBytes <= MAX_HELD_DATAGRAM_BYTES);
      if (rewriter.drop !== null) assert.equal(released.length, 0);
    }
    assert.ok(got <= input.length, "nothing comes out twice");
    if (rewriter.drop !== null) return "drop";
    return got === input.length ? "match" : got > 0 ? "some" : "none";
  },
};

function newRewriter(): InitialRewriter {
  const opening = openClientHello(FIRST.outer, helloOf(FIRST.outer), SETTINGS);
  assert(opening.kind === "accepted");
  const swap = new HelloSwap(FIRST.outer, opening.inner, opening.context);
  let opened = 0;
  return new InitialRewriter({
    first: { dcid: SAMPLE_DCID, swap },
    open: () => {
      assert.ok(++opened < MAX_QUIC_ATTEMPTS, "few hellos are opened");
      return null;
    },
  });
}

/** The CRYPTO data of all Initials must be that of the inner hellos. Returns the largest packet number so far. */
function checkInner(datagram: Uint8Array, largest: number): number {
  let newest = largest;
  for (let offset = 0; offset < datagram.length;) {
    const packet = parseLongHeader(datagram, offset);
    if (packet?.kind !== "initial") {
      if (packet === null || packet.kind === "unknownVersion") break;
      offset = packet.end;
      continue;
    }
    const opened = open(datagram, packet, largest);
    newest = Math.max(newest, opened.packetNumber);
    const fault = readInitialFrames(opened.payload, {
      insert: (start, data) => {
        const inner = INNER.subarray(start, start + data.length);
        assert.equal(data.toHex(), inner.toHex(), "inner bytes alone");
        return null;
      },
    });
    assert.equal(fault, null);
    offset = packet.end;
  }
  return newest;
}

function open(datagram: Uint8Array, packet: InitialPacket, largest: number): OpenInitial {
  for (const keys of KEYS.get(packet.version) ?? []) {
    for (const known of [largest, -1]) {
      const opened = openInitial(keys, datagram, packet, known);
      if (opened !== null) return opened;
    }
  }
  throw new Error("an Initial that is not authentic");
}

const KEYS: ReadonlyMap<QuicVersion, readonly InitialKeys[]> = new Map(
  QUIC_VERSIONS.map((version) => [
    version,
    KEY_IDS.map((id) => deriveInitialKeys(version, id, "client")),
  ]),
);

function datagram(random: Random, client: QuicClient): Uint8Array {
  if (random.oneIn(6)) client.version = random.pick(QUIC_VERSIONS);
  if (random.oneIn(5)) client.retry(random.pick(KEY_IDS));
  if (random.oneIn(6)) client.adopt(random.bytes(random.below(21)));
  client.packetNumberLength = random.between(1, 4);
  const packets = random.list(1, 3, () => packet(random, client));
  if (random.oneIn(6)) packets.push(random.oneIn(2) ? client.short() : new Uint8Array(20));
  return concat(...packets);
}

function packet(random: Random, client: QuicClient): Uint8Array {
  if (random.oneIn(8)) return client.other(random.oneIn(2) ? "zeroRtt" : "handshake");
  const frames = random.list(1, 5, () => frame(random, client));
  const isForeign = random.oneIn(30);
  return client.initial(frames, isForeign ? { sender: "server" } : {});
}

function frame(random: Random, client: QuicClient): Uint8Array {
  switch (random.below(9)) {
    case 0:
      return pingFrame();
    case 1:
      return paddingFrames(random.below(20));
    case 2:
      return ackFrame(random.below(4), random.oneIn(2));
    case 3:
      return random.oneIn(4) ? connectionCloseFrame() : pingFrame();
    case 4:
      return random.oneIn(10)
        ? random.bytes(random.below(9))
        : client.frame([0, FIRST.outer.length]);
    case 5:
      return client.frame([FIRST.outer.length - random.below(30), OUTER.length]);
    default: {
      const start = random.below(OUTER.length);
      const data = client.stream.slice(start, start + random.below(300));
      if (random.oneIn(12)) data.fill(random.u32(), random.below(data.length));
      return cryptoFrame(random.oneIn(20) ? random.below(70_000) : start, data);
    }
  }
}
