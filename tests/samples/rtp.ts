/**
 * First packets of RTP and RTCP.
 *
 * @module
 */

import corpus from "../corpus/rtp.json" with { type: "json" };
import type { Random } from "../fuzz/random.ts";
import { captured, type ProtocolSamples } from "./samples.ts";

const SSRC = [0xa2, 0x54, 0xe0, 0x17];

const RECEIVER_REPORT = 201;
const SOURCE_DESCRIPTION = 202;
const BYE = 203;

/** An empty report, and a source description that names `a@b`. */
const EMPTY_REPORT = rtcp(RECEIVER_REPORT, [...SSRC]);
const DESCRIPTION = rtcp(SOURCE_DESCRIPTION, [...SSRC, 1, 3, 0x61, 0x40, 0x62, 0, 0, 0], 1);

/** RTP and RTCP. */
export const RTP_SAMPLES: ProtocolSamples = {
  protocol: "rtp",
  transport: "udp",
  flights: [
    ...captured(corpus),
    {
      name: "sequence numbers that begin anew, and another payload type",
      parts: [rtp({ sequence: 0xffff }), rtp({ sequence: 0, type: 101 })],
      expected: { consumed: 2 },
    },
    {
      name: "the first two packets the other way round",
      parts: [rtp({ sequence: 8 }), rtp({ sequence: 7 })],
    },
    {
      name: "contributing sources, an extension and padding",
      parts: [
        rtp({ first: 0xb1, behind: [1, 2, 3, 4, 0xbe, 0xde, 0, 1, 0x10, 7, 0, 0, 9, 0, 0, 3] }),
        rtp({ sequence: 2 }),
      ],
      expected: { consumed: 2 },
    },
    {
      name: "a receiver that has not heard anything yet",
      parts: [Uint8Array.from([...EMPTY_REPORT, ...DESCRIPTION])],
      expected: { consumed: 1 },
    },
    {
      name: "RTCP on the same port behind the first packet",
      parts: [rtp({}), Uint8Array.from([...EMPTY_REPORT, ...DESCRIPTION])],
      expected: { consumed: 2 },
    },
  ],
  lookalikes: [
    { name: "another source in the second packet", parts: [rtp({}), rtp({ ssrc: [1, 2, 3, 4] })] },
    { name: "the same packet twice", parts: [rtp({}), rtp({})] },
    { name: "sequence numbers far apart", parts: [rtp({}), rtp({ sequence: 30_000 })] },
    { name: "version 1", parts: [rtp({ first: 0x40 }), rtp({ first: 0x40, sequence: 2 })] },
    { name: "more padding than payload", parts: [rtp({ first: 0xa0, behind: [9] }), rtp({})] },
    { name: "RTCP that begins with a goodbye", parts: [Uint8Array.from(rtcp(BYE, SSRC, 1))] },
    {
      name: "RTCP with a byte behind it",
      parts: [Uint8Array.from([...EMPTY_REPORT, ...DESCRIPTION, 0])],
    },
    { name: "a report without the block it counts", parts: [Uint8Array.from(rtcp(201, SSRC, 1))] },
  ],
  generate: (random) => {
    const sequence = random.below(65_536);
    const step = random.pick([1, 1, 2, 0, -1, 2999, 3000, -100, -101]);
    const second = random.oneIn(4)
      ? generateRtcp(random)
      : generateRtp(random, sequence + step & 0xffff);
    return random.oneIn(3) ? [generateRtcp(random)] : [generateRtp(random, sequence), second];
  },
};

interface RtpPacket {
  /** Version, padding, extension, and number of contributing sources. */
  readonly first?: number;
  readonly type?: number;
  readonly sequence?: number;
  readonly ssrc?: readonly number[];
  /** What follows the fixed header. */
  readonly behind?: readonly number[];
}

function rtp(
  { first = 0x80, type = 0, sequence = 1, ssrc = SSRC, behind = new Array(160).fill(0xff) }:
    RtpPacket,
): Uint8Array {
  return Uint8Array.of(first, type, sequence >> 8, sequence, 0, 0, 0, 160, ...ssrc, ...behind);
}

/** A packet of whole words, with a count in its first byte. */
function rtcp(type: number, content: readonly number[], count = 0): number[] {
  return [0x80 | count, type, 0, content.length / 4, ...content];
}

function generateRtp(random: Random, sequence: number): Uint8Array {
  return rtp({
    first: random.pick([0x80, 0x80, 0x82, 0x90, 0xa0, 0xbf, 0x00]),
    type: random.pick([0, 8, 96, 0xe0, 200]),
    sequence,
    ssrc: random.oneIn(8) ? [...random.bytes(4)] : SSRC,
    behind: [...random.bytes(random.below(24)), random.below(4)],
  });
}

function generateRtcp(random: Random): Uint8Array {
  return Uint8Array.from(
    random.list(1, 3, () => {
      const words = random.below(9);
      const type = random.pick([200, 201, 201, 202, 203, 206, 96]);
      return rtcp(type, [...SSRC, ...random.bytes(4 * words)], random.below(3));
    }).flat(),
  );
}
