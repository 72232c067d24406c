/**
 * Laws of QUIC detection.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { MAX_COALESCED_PACKETS, MAX_HELD_DATAGRAMS } from "../../../../src/model/limits.ts";
import type { Detected } from "../../../../src/model/protocol.ts";
import type { Verdict } from "../../../../src/model/verdict.ts";
import { QuicDetector } from "../../../../src/proto/quic/detect.ts";
import type { InitialProtection } from "../../../../src/proto/quic/packet_protection.ts";
import { QUIC_VERSIONS, type QuicVersion } from "../../../../src/proto/quic/versions.ts";
import { buildClientHello, concat } from "../../../support/client_hello_builder.ts";
import { countingProtection } from "../../../support/counting_protection.ts";
import {
  ackFrame,
  connectionCloseFrame,
  cryptoFrame,
  longHeaderPacket,
  paddingFrames,
  pingFrame,
  sealInitial,
  u32,
} from "../../../support/quic_initial_builder.ts";

/** A first flight that holds a whole hello, cut up in any way that the protocol allows. */
interface Flight {
  readonly version: QuicVersion;
  readonly dcid: Uint8Array;
  readonly serverName: string;
  readonly alpn: readonly string[];
  readonly datagrams: readonly Uint8Array[];
}

Deno.test("QuicDetector finds the same hello however it is spread over frames, packets and datagrams", () => {
  fc.assert(
    fc.property(flights(), batches(), (flight, sizes) => {
      const verdict = detect(flight.datagrams);
      assert(verdict.kind === "match", verdict.kind);
      assert.equal(verdict.value.sni, flight.serverName);
      assert.deepEqual(verdict.value.alpn, flight.alpn);
      assert.equal(verdict.value.version, flight.version.name);
      assert.deepEqual(detectInBatches(flight.datagrams, sizes), verdict);
    }),
    { numRuns: 200 },
  );
});

Deno.test("QuicDetector's verdict on a prefix is final, and rests on what it says it rests on", () => {
  fc.assert(
    fc.property(flights(), (flight) => {
      const whole = detect(flight.datagrams);
      assert(whole.kind === "match");
      for (let count = 1; count <= flight.datagrams.length; count++) {
        const verdict = detect(flight.datagrams.slice(0, count));
        if (count < whole.value.consumed) assert.equal(verdict.kind, "needMore");
        else assert.deepEqual(verdict, whole);
      }
    }),
    { numRuns: 100 },
  );
});

Deno.test("QuicDetector never takes a wrong name from a damaged flight, and never throws", () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(flights(), fc.array(damages(), { minLength: 1, maxLength: 4 }), (flight, list) => {
      const datagrams = list.reduce((held, damage) => damage(held), flight.datagrams);
      const verdict = detect(datagrams);
      seen.add(verdict.kind);
      if (verdict.kind === "malformed") assert.equal(verdict.code, "too_long");
      if (verdict.kind !== "match" || verdict.value.version?.startsWith("QUIC 0x")) return;
      assert.equal(verdict.value.sni, flight.serverName);
      assert.deepEqual(verdict.value.alpn, flight.alpn);
    }),
    { numRuns: 300 },
  );
  // Damage that always or never mattered would prove nothing.
  assert(seen.has("match") && seen.has("noMatch"), [...seen].join());
});

Deno.test("QuicDetector never throws on any bytes, nor on any frames that are authentic", () => {
  const sealed = fc.uint8Array({ maxLength: 300 }).map((frames) =>
    sealInitial({ frames: [frames] })
  );
  const headed = fc.tuple(fc.constantFrom(...QUIC_VERSIONS), fc.uint8Array({ maxLength: 300 }))
    .map(([version, rest]) => concat(Uint8Array.of(0xc0), u32(version.id), rest));
  const datagram = fc.oneof(fc.uint8Array({ maxLength: 1400 }), headed, sealed);
  fc.assert(
    fc.property(
      fc.array(datagram, { maxLength: 2 * MAX_HELD_DATAGRAMS }),
      batches(),
      (held, sizes) => {
        const verdict = detect(held);
        if (held.length >= MAX_HELD_DATAGRAMS) assert.notEqual(verdict.kind, "needMore");
        assert.deepEqual(detectInBatches(held, sizes), verdict);
      },
    ),
    { numRuns: 300 },
  );
});

Deno.test("QuicDetector does not read outside of the datagrams, nor change them", () => {
  fc.assert(
    fc.property(flights(), fc.uint8Array({ minLength: 1, maxLength: 64 }), (flight, around) => {
      const framed = flight.datagrams.map((datagram) => concat(around, datagram, around));
      const views = framed.map((bytes) =>
        bytes.subarray(around.length, bytes.length - around.length)
      );
      assert.deepEqual(detect(views), detect(flight.datagrams));
      framed.forEach((bytes, i) => {
        assert.deepEqual(bytes, concat(around, flight.datagrams[i] ?? around, around));
      });
    }),
    { numRuns: 50 },
  );
});

Deno.test("QuicDetector decrypts each packet once, and derives keys once for each connection", () => {
  fc.assert(
    fc.property(flights(), batches(), (flight, sizes) => {
      const { counts, protection } = countingProtection();
      detectInBatches(flight.datagrams, sizes, protection);
      assert.equal(counts.derived, 1);
      assert(counts.opened <= flight.datagrams.length * MAX_COALESCED_PACKETS);
      const again = countingProtection();
      detectInBatches(flight.datagrams, [flight.datagrams.length], again.protection);
      assert.deepEqual(again.counts, counts);
    }),
    { numRuns: 50 },
  );
});

Deno.test("QuicDetector's work on a hostile flow is bounded", () => {
  fc.assert(
    fc.property(fc.infiniteStream(fc.uint8Array({ minLength: 8, maxLength: 8 })), (ids) => {
      // As many of the least Initials as a datagram holds, none of which opens, each datagram for another connection.
      const datagrams = [...ids.take(2 * MAX_HELD_DATAGRAMS)].map((dcid) => {
        const least = sealInitial({ dcid, keyDcid: new Uint8Array(3), frames: [pingFrame()] });
        return concat(...new Array(Math.floor(65_000 / least.length)).fill(least));
      });
      const ping = sealInitial({ frames: [pingFrame()] }); // or else the first would end it
      const { counts, protection } = countingProtection();
      detectInBatches([ping, ...datagrams], [1], protection);
      assert(counts.derived <= MAX_HELD_DATAGRAMS, `${counts.derived} derived`);
      assert(counts.opened <= 1 + (MAX_HELD_DATAGRAMS - 1) * MAX_COALESCED_PACKETS);
    }),
    { numRuns: 5 },
  );
});

function detect(held: readonly Uint8Array[]): Verdict<Detected> {
  return new QuicDetector().detect(held);
}

/** Shows one detector more and more of the datagrams, `sizes` more in turn. */
function detectInBatches(
  held: readonly Uint8Array[],
  sizes: readonly number[],
  protection?: InitialProtection,
): Verdict<Detected> {
  const detector = new QuicDetector(protection);
  let verdict = detector.detect([]);
  let shown = 0;
  for (let turn = 0; shown < held.length; turn++) {
    shown += sizes[turn % sizes.length] ?? 1;
    verdict = detector.detect(held.slice(0, shown));
  }
  return verdict;
}

function batches(): fc.Arbitrary<number[]> {
  return fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 5 });
}

function flights(): fc.Arbitrary<Flight> {
  return fc.record({
    version: fc.constantFrom(...QUIC_VERSIONS),
    dcid: fc.uint8Array({ minLength: 8, maxLength: 20 }),
    scid: fc.uint8Array({ maxLength: 20 }),
    token: fc.uint8Array({ maxLength: 100 }),
    serverName: fc.domain().map((name) => name.toLowerCase()),
    alpn: fc.array(fc.constantFrom("h3", "h3-29", "doq", "hq-interop", "moq-00"), { minLength: 1 }),
    padding: fc.integer({ min: 0, max: 3000 }),
  }).chain((parts) => {
    const { version, dcid, serverName, alpn } = parts;
    const hello = buildClientHello({
      serverName,
      alpn,
      extensions: [{ type: 21, data: new Uint8Array(parts.padding) }],
    });
    return spreads(hello).map((spread) => {
      let packetNumber = 0;
      const datagrams = spread.map(({ packets, before, after }) => {
        const initials = packets.map(({ gap, extraLength, frames }) => {
          packetNumber += gap;
          const least = packetNumber < 256 ? 1 : packetNumber < 65536 ? 2 : 3;
          return sealInitial({
            ...parts,
            packetNumber,
            packetNumberLength: Math.min(4, least + extraLength),
            frames,
          });
        });
        const rest = new Uint8Array(after).fill(0x55);
        const zeroRtt = before === null
          ? new Uint8Array(0)
          : longHeaderPacket("zeroRtt", new Uint8Array(before), { version, dcid });
        return concat(zeroRtt, ...initials, rest);
      });
      return { version, dcid, serverName, alpn, datagrams };
    });
  });
}

interface PacketSpread {
  readonly gap: number;
  readonly extraLength: number;
  readonly frames: readonly Uint8Array[];
}

interface DatagramSpread {
  readonly packets: readonly PacketSpread[];
  /** Size of a 0-RTT packet before the Initials. */
  readonly before: number | null;
  /** Size of a short header packet behind them. */
  readonly after: number;
}

/** Frames that cover a hello, in any order, overlapping and repeated, over any packets of any datagrams. */
function spreads(hello: Uint8Array): fc.Arbitrary<DatagramSpread[]> {
  const offset = fc.integer({ min: 0, max: hello.length });
  const extra = fc.tuple(offset, offset).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
  return fc.tuple(fc.array(offset, { maxLength: 12 }), fc.array(extra, { maxLength: 6 }))
    .chain(([cuts, extras]) => {
      const edges = [0, ...[...cuts].sort((a, b) => a - b), hello.length];
      const cover = edges.slice(1).map((end, i) => [edges[i] ?? 0, end] as const);
      const pieces = [...cover, ...extras];
      return fc.tuple(
        fc.shuffledSubarray(pieces, { minLength: pieces.length }),
        fc.array(fc.tuple(otherFrames(), fc.nat(99), fc.nat(99)), {
          minLength: pieces.length,
          maxLength: pieces.length,
        }),
        fc.array(
          fc.record({
            gap: fc.integer({ min: 1, max: 500 }),
            extraLength: fc.integer({ min: 0, max: 3 }),
            before: fc.option(fc.integer({ min: 20, max: 200 })),
            after: fc.integer({ min: 0, max: 60 }),
          }),
          { minLength: 3, maxLength: 10 },
        ),
      ).map(([order, between, places]) => deal(hello, order, between, places));
    });
}

function deal(
  hello: Uint8Array,
  order: readonly (readonly [number, number])[],
  between: readonly (readonly [Uint8Array, number, number])[],
  places: readonly (Omit<PacketSpread, "frames"> & Omit<DatagramSpread, "packets">)[],
): DatagramSpread[] {
  const perDatagram = 3;
  const table = places.map((place) => ({
    ...place,
    packets: Array.from({ length: perDatagram }, () => ({ ...place, frames: [] as Uint8Array[] })),
  }));
  order.forEach(([start, end], i) => {
    const [other, datagram, packet] = between[i] ?? [new Uint8Array(0), 0, 0];
    table[datagram % table.length]?.packets[packet % perDatagram]?.frames
      .push(other, cryptoFrame(start, hello.subarray(start, end)));
  });
  for (const { packets } of table) {
    for (const { frames } of packets) if (frames.length === 0) frames.push(pingFrame());
  }
  return table;
}

function otherFrames(): fc.Arbitrary<Uint8Array> {
  const one = fc.oneof(
    fc.constant(pingFrame()),
    fc.integer({ min: 1, max: 30 }).map(paddingFrames),
    fc.tuple(fc.integer({ min: 0, max: 5 }), fc.boolean()).map(([ranges, ecn]) =>
      ackFrame(ranges, ecn)
    ),
    fc.constant(connectionCloseFrame()),
  );
  return fc.array(one, { maxLength: 3 }).map((frames) => concat(...frames));
}

/** Ways in which a network or an attacker without the keys may change a flight. */
function damages(): fc.Arbitrary<(held: readonly Uint8Array[]) => readonly Uint8Array[]> {
  const place = fc.nat(1_000_000);
  const at = (held: readonly Uint8Array[], index: number) => index % Math.max(1, held.length);
  return fc.oneof(
    fc.tuple(place, place, fc.integer({ min: 1, max: 255 })).map(
      ([index, position, flip]) => (held: readonly Uint8Array[]) =>
        held.map((datagram, i) => {
          if (i !== at(held, index) || datagram.length === 0) return datagram;
          const changed = datagram.slice();
          const byte = position % changed.length;
          changed[byte] = (changed[byte] ?? 0) ^ flip;
          return changed;
        }),
    ),
    fc.tuple(place, place).map(([index, length]) => (held: readonly Uint8Array[]) =>
      held.map((datagram, i) =>
        i === at(held, index) ? datagram.subarray(0, length % (datagram.length + 1)) : datagram
      )
    ),
    place.map((index) => (held: readonly Uint8Array[]) =>
      held.filter((_, i) => i !== at(held, index))
    ),
    fc.tuple(place, fc.uint8Array({ maxLength: 1300 })).map(
      ([index, stray]) => (held: readonly Uint8Array[]) =>
        held.toSpliced(at(held, index), 0, stray),
    ),
  );
}
