/**
 * First messages of STUN, over TCP and UDP.
 *
 * @module
 */

import tcpCorpus from "../corpus/stun_tcp.json" with { type: "json" };
import udpCorpus from "../corpus/stun_udp.json" with { type: "json" };
import type { Random } from "../fuzz/random.ts";
import { captured, type ProtocolSamples } from "./samples.ts";

const COOKIE = [0x21, 0x12, 0xa4, 0x42];
const TRANSACTION = [0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae];

/** PRIORITY and ICE-CONTROLLED of a connectivity check (RFC 8445 §16.1). */
const CHECK_ATTRIBUTES = [
  0,
  0x24,
  0,
  4,
  0x6e,
  0,
  1,
  0xff,
  0x80,
  0x29,
  0,
  8,
  9,
  3,
  2,
  1,
  5,
  6,
  7,
  8,
];

/** CHANGE-REQUEST (RFC 3489 §11.2.4). */
const CHANGE_REQUEST = [0, 3, 0, 4, 0, 0, 0, 6];

/** STUN over TCP. */
export const STUN_TCP_SAMPLES: ProtocolSamples = {
  protocol: "stun",
  transport: "tcp",
  flights: [
    ...captured(tcpCorpus),
    {
      name: "a binding request",
      parts: [message({})],
      expected: { consumed: 8 },
    },
    {
      name: "a connectivity check of ICE in its frame (RFC 6544)",
      parts: [framed(message({ attributes: CHECK_ATTRIBUTES }))],
      expected: { consumed: 10 },
    },
  ],
  lookalikes: [
    { name: "another cookie", parts: [message({ cookie: [0x21, 0x12, 0xa4, 0x43] })] },
    { name: "a length of no whole words", parts: [message({ length: 2 })] },
    { name: "a method that is not given out", parts: [message({ type: 0x0401 })] },
    { name: "a frame that is longer than its message", parts: [framed(message({}), 24)] },
    { name: "a frame of TURN's channel data", parts: [Uint8Array.of(0x40, 0, 0, 4, 1, 2, 3, 4)] },
  ],
  generate: (random) => {
    const sent = generateMessage(random);
    return [random.oneIn(3) ? framed(sent, sent.length + random.pick([0, 0, 0, 1, 4])) : sent];
  },
};

/** STUN over UDP. */
export const STUN_UDP_SAMPLES: ProtocolSamples = {
  protocol: "stun",
  transport: "udp",
  flights: [
    ...captured(udpCorpus),
    {
      name: "a connectivity check of ICE",
      parts: [message({ attributes: CHECK_ATTRIBUTES })],
      expected: { consumed: 1 },
    },
    { name: "a binding indication, to keep a mapping alive", parts: [message({ type: 0x0011 })] },
    { name: "an answer of a peer that was asked elsewhere", parts: [message({ type: 0x0101 })] },
    {
      name: "a binding request of RFC 3489",
      parts: [message({ cookie: [1, 2, 3, 4] })],
      expected: { consumed: 1 },
    },
    {
      name: "a binding request of RFC 3489 that asks for another address",
      parts: [message({ cookie: [1, 2, 3, 4], attributes: CHANGE_REQUEST })],
    },
  ],
  lookalikes: [
    { name: "a byte behind the message", parts: [Uint8Array.of(...message({}), 0)] },
    {
      name: "an allocation without the cookie",
      parts: [message({ type: 3, cookie: [1, 2, 3, 4] })],
    },
    {
      name: "attributes of RFC 3489 that do not fill the message",
      parts: [message({ cookie: [1, 2, 3, 4], attributes: [0, 3, 0, 8, 0, 0, 0, 6] })],
    },
    { name: "the ID and counts of a DNS query", parts: [message({ cookie: [0, 1, 0, 0] })] },
    { name: "TURN's channel data", parts: [Uint8Array.of(0x40, 0, 0, 4, 1, 2, 3, 4)] },
  ],
  generate: (random) => [generateMessage(random)],
};

interface Message {
  readonly type?: number;
  /** Default: that of the attributes. */
  readonly length?: number;
  readonly cookie?: readonly number[];
  readonly attributes?: readonly number[];
}

function message(
  { type = 1, attributes = [], length = attributes.length, cookie = COOKIE }: Message,
): Uint8Array {
  const header = [type >> 8, type, length >> 8, length, ...cookie, ...TRANSACTION];
  return Uint8Array.from([...header, ...attributes]);
}

function framed(sent: Uint8Array, length: number = sent.length): Uint8Array {
  return Uint8Array.of(length >> 8, length, ...sent);
}

function generateMessage(random: Random): Uint8Array {
  const attributes = random.list(0, 3, () => {
    const words = random.below(6);
    const claimed = random.oneIn(8) ? random.below(300) : words * 4;
    return [0, random.below(40), claimed >> 8, claimed, ...random.bytes(words * 4)];
  }).flat();
  return message({
    type: random.pick([1, 1, 1, 3, 0x11, 0x101, 0x3ff, 0x401, 0x4001]),
    cookie: random.pick([COOKIE, COOKIE, [...random.bytes(4)], [0, 1, 0, 0]]),
    attributes,
    ...(random.oneIn(8) && { length: random.below(64) }),
  });
}
