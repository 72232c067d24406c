/**
 * Packets and control messages of NTP.
 *
 * @module
 */

import corpus from "../corpus/ntp.json" with { type: "json" };
import type { Random } from "../fuzz/random.ts";
import { captured, type ProtocolSamples } from "./samples.ts";

const CLIENT = 3;
const SERVER = 4;

/** A unique identifier and a cookie of Network Time Security (RFC 8915 §5.3, §5.4). */
const NTS_EXTENSIONS = [
  ...extension(0x0104, 32),
  ...extension(0x0204, 100),
];

/** NTP. */
export const NTP_SAMPLES: ProtocolSamples = {
  protocol: "ntp",
  transport: "udp",
  flights: [
    ...captured(corpus),
    {
      name: "an SNTP client that sends nothing but version and mode (RFC 4330 §5)",
      parts: [packet({ version: 1 })],
      expected: { version: "NTPv1", consumed: 1 },
    },
    {
      name: "Network Time Security",
      parts: [packet({ behind: NTS_EXTENSIONS })],
      expected: { version: "NTPv4" },
    },
    {
      name: "a server's answer, where the first datagram got lost",
      parts: [packet({ mode: SERVER, head: [2, 6, 0xe8, 0, 0, 2, 0x91, 0, 0, 6, 0xb7] })],
      expected: { version: "NTPv4" },
    },
    {
      name: "ntpq: read the variables of the system (RFC 9327 §2)",
      parts: [Uint8Array.of(0x16, 2, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0)],
      expected: { version: "NTPv2", consumed: 1 },
    },
  ],
  lookalikes: [
    { name: "version 0", parts: [packet({ version: 0 })] },
    { name: "version 5, which is not published", parts: [packet({ version: 5 })] },
    { name: "a reserved stratum", parts: [packet({ head: [17] })] },
    { name: "a root delay of hours", parts: [packet({ head: [1, 6, 0xe8, 0x20, 0] })] },
    { name: "a byte too many", parts: [packet({ behind: [0] })] },
    {
      name: "a private request of ntpdc, which are used to attack",
      parts: [Uint8Array.of(0x17, 0, 3, 42, 0, 0, 0, 0)],
    },
  ],
  generate: (random) => [random.oneIn(4) ? generateControl(random) : generatePacket(random)],
};

interface Packet {
  readonly version?: number;
  readonly mode?: number;
  /** The bytes behind the first; zero where there are none. */
  readonly head?: readonly number[];
  /** What follows the header. */
  readonly behind?: readonly number[];
}

function packet({ version = 4, mode = CLIENT, head = [], behind = [] }: Packet): Uint8Array {
  const bytes = new Uint8Array(48 + behind.length);
  bytes.set([version << 3 | mode, ...head]);
  bytes.set(behind, 48);
  return bytes;
}

function extension(type: number, length: number): number[] {
  return [type >> 8, type & 0xff, length >> 8, length & 0xff, ...new Array(length - 4).fill(0x5a)];
}

function generatePacket(random: Random): Uint8Array {
  return packet({
    version: random.below(8),
    mode: random.below(8),
    head: [
      random.pick([0, 1, 2, 16, 17]),
      random.pick([0, 6, 10, 0xf9, 25]),
      random.pick([0, 0xe8, 0x20, 0x7f]),
      ...random.pick([[0, 0], [0, 255], [1, 0], [0xff, 0xff]]),
      ...random.bytes(2),
      ...random.pick([[0, 0], [1, 0], [0xff, 0xff]]),
      ...random.bytes(34),
    ],
    behind: random.pick([
      [],
      [],
      [...random.bytes(random.pick([1, 4, 20, 24, 28, 36, 68]))],
      NTS_EXTENSIONS,
      [...NTS_EXTENSIONS, ...random.bytes(random.pick([3, 20]))],
      extension(0x0104, random.pick([12, 16, 18, 28])),
    ]),
  });
}

function generateControl(random: Random): Uint8Array {
  const count = random.below(40);
  return Uint8Array.of(
    random.pick([0x16, 0x1e, 0x26, 0x56]),
    random.pick([1, 2, 12, 31, 0, 0x82]),
    ...random.bytes(2),
    ...[0, random.pick([0, 0, 1]), 0, 1, 0, random.pick([0, 0, 1]), 0, count],
    ...random.bytes(count + random.pick([0, 1, 2, 3, 20])),
  );
}
