/**
 * Messages of SNMP.
 *
 * @module
 */

import corpus from "../corpus/snmp.json" with { type: "json" };
import type { Random } from "../fuzz/random.ts";
import { latin1 } from "../support/client_hello_builder.ts";
import { captured, type ProtocolSamples } from "./samples.ts";

const INTEGER = 0x02;
const OCTET_STRING = 0x04;
const SEQUENCE = 0x30;
const GET_REQUEST = 0xa0;
const TRAP_V1 = 0xa4;
const INFORM = 0xa6;

const REQUEST = [...integer(1), ...integer(0), ...integer(0), ...value(SEQUENCE, [])];

/** SNMP. */
export const SNMP_SAMPLES: ProtocolSamples = {
  protocol: "snmp",
  transport: "udp",
  flights: [
    ...captured(corpus),
    {
      name: "lengths of four bytes, as some senders always have them",
      parts: [message({ lengthBytes: 4 })],
      expected: { version: "SNMPv2c", consumed: 1 },
    },
    {
      name: "an inform request with an empty community",
      parts: [message({ community: "", pdu: INFORM })],
      expected: { version: "SNMPv2c" },
    },
  ],
  lookalikes: [
    { name: "a version that there is not", parts: [message({ version: 2 })] },
    { name: "a trap of version 1 in version 2c", parts: [message({ pdu: TRAP_V1 })] },
    { name: "an inform request in version 1", parts: [message({ version: 0, pdu: INFORM })] },
    { name: "a byte behind the message", parts: [Uint8Array.of(...message({}), 0)] },
    {
      name: "a search of LDAP over UDP",
      parts: [Uint8Array.from(value(SEQUENCE, [...integer(1), ...value(0x63, REQUEST)]))],
    },
    { name: "a message of version 3 without its parameters", parts: [message({ version: 3 })] },
  ],
  generate: (random) => [random.oneIn(3) ? generateVersion3(random) : generateMessage(random)],
};

interface Message {
  readonly version?: number;
  readonly community?: string;
  readonly pdu?: number;
  readonly content?: readonly number[];
  /** Bytes that each length is written in, behind the one that says how many; 0: as few as can be. */
  readonly lengthBytes?: number;
}

function message(
  { version = 1, community = "public", pdu = GET_REQUEST, content = REQUEST, lengthBytes }: Message,
): Uint8Array {
  const parts = [
    ...integer(version),
    ...value(OCTET_STRING, [...latin1(community)], lengthBytes),
    ...value(pdu, content, lengthBytes),
  ];
  return Uint8Array.from(value(SEQUENCE, parts, lengthBytes));
}

function integer(content: number): number[] {
  return value(INTEGER, [content]);
}

/** Tag, length and content in BER. */
function value(tag: number, content: readonly number[], lengthBytes = 0): number[] {
  const { length } = content;
  if (lengthBytes === 0 && length < 128) return [tag, length, ...content];
  const size = lengthBytes || 2;
  const bytes = Array.from({ length: size }, (_, i) => length >>> 8 * (size - 1 - i) & 0xff);
  return [tag, 0x80 | size, ...bytes, ...content];
}

function generateMessage(random: Random): Uint8Array {
  return message({
    version: random.pick([0, 1, 1, 2, 3]),
    community: random.pick(["", "public", "x".repeat(200)]),
    pdu: random.between(0x9f, 0xa9),
    lengthBytes: random.below(6),
    ...(random.oneIn(4) && { content: [...random.bytes(random.below(40))] }),
    ...(random.oneIn(4) && {
      content: [
        ...value(6, [0x2b, 6, 1]),
        ...value(0x40, [192, 0, 2, 1]),
        ...integer(6),
        ...integer(17),
        ...value(0x43, [1, 2]),
        ...value(SEQUENCE, []),
      ],
    }),
  });
}

function generateVersion3(random: Random): Uint8Array {
  const header = [
    ...integer(random.below(128)),
    ...value(INTEGER, [...random.bytes(random.below(7))]),
    ...value(OCTET_STRING, [random.below(8)]),
    ...integer(random.pick([3, 3, 1])),
    ...(random.oneIn(8) ? [0] : []),
  ];
  return Uint8Array.from(value(SEQUENCE, [
    ...integer(3),
    ...value(SEQUENCE, header),
    ...value(OCTET_STRING, [...random.bytes(random.below(200))]),
    ...value(random.pick([SEQUENCE, OCTET_STRING, OCTET_STRING, 2]), [...random.bytes(9)]),
  ]));
}
