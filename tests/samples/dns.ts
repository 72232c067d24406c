/**
 * Requests of DNS, over TCP and UDP.
 *
 * @module
 */

import type { Random } from "../fuzz/random.ts";
import tcpCorpus from "../corpus/dns_tcp.json" with { type: "json" };
import udpCorpus from "../corpus/dns_udp.json" with { type: "json" };
import { dnsMessage, dnsName, OPT_RECORD } from "../support/dns_builder.ts";
import { concat } from "../support/client_hello_builder.ts";
import { captured, type ProtocolSamples } from "./samples.ts";

const A = 1;
const SOA = 6;
const PTR = 12;
const NB = 32;

/** `WORKGROUP`, padded with spaces, as a NetBIOS name. */
const NETBIOS_NAME = "FHEPFCELEHFCEPFFFACACACACACACAAA";

/** DNS over TCP. */
export const DNS_TCP_SAMPLES: ProtocolSamples = {
  protocol: "dns",
  transport: "tcp",
  flights: [
    ...captured(tcpCorpus),
    {
      name: "two requests at once",
      parts: [concat(framed(dnsMessage({})), framed(dnsMessage({ id: 2, type: SOA })))],
      expected: { consumed: 35 },
      fields: { queryName: "www.example.com" },
    },
    {
      name: "the longest name there can be",
      parts: [framed(dnsMessage({ name: longName(3, 61) }))],
      expected: { consumed: 273 },
      fields: { queryName: longName(3, 61) },
    },
  ],
  lookalikes: [
    { name: "a response", parts: [framed(dnsMessage({ flags: 0x8180 }))] },
    { name: "a length that ends within the question", parts: [framed(dnsMessage({}), 32)] },
    { name: "a length for more than there is in the message", parts: [framed(dnsMessage({}), 40)] },
    { name: "a name that is a pointer", parts: [framed(dnsMessage({ nameBytes: [0xc0, 12] }))] },
    { name: "a name of 256 bytes", parts: [framed(dnsMessage({ name: longName(3, 62) }))] },
    { name: "two questions", parts: [framed(dnsMessage({ questions: 2 }))] },
  ],
  generate: (random) => {
    const message = generateMessage(random);
    return [
      random.oneIn(8) ? framed(message, message.length + random.between(-9, 9)) : framed(message),
    ];
  },
};

/** DNS over UDP. */
export const DNS_UDP_SAMPLES: ProtocolSamples = {
  protocol: "dns",
  transport: "udp",
  flights: [
    ...captured(udpCorpus),
    {
      name: "a resolver that asks the root about a name of one label",
      parts: [dnsMessage({ flags: 0, name: "com", additional: [OPT_RECORD] })],
      expected: { consumed: 1 },
      fields: { queryName: "com" },
    },
    {
      name: "a notification with the new SOA record (RFC 1996 §3.7)",
      parts: [
        dnsMessage({
          flags: 0x2400,
          type: SOA,
          answers: [[0xc0, 12, 0, SOA, 0, 1, 0, 0, 0, 0, 0, 22, 0, 0, ...new Uint8Array(20)]],
        }),
      ],
      fields: { queryName: "www.example.com" },
    },
    {
      name: "a query with recursion whose name is cut",
      parts: [dnsMessage({ additional: [OPT_RECORD] }).subarray(0, 20)],
      expected: { consumed: 1 },
    },
    {
      name: "a name that no host can have",
      parts: [dnsMessage({ nameBytes: [3, 0x61, 0x2e, 0x62, 0] })],
    },
  ],
  lookalikes: [
    {
      name: "multicast DNS",
      parts: [dnsMessage({ id: 0, flags: 0, name: "_http._tcp.local", type: PTR })],
    },
    {
      name: "multicast DNS that wants a unicast answer",
      parts: [dnsMessage({ flags: 0, class: 0x8001 })],
    },
    { name: "LLMNR about a name", parts: [dnsMessage({ flags: 0, name: "printer" })] },
    {
      name: "LLMNR about an address",
      parts: [dnsMessage({ flags: 0, name: "1.2.0.192.in-addr.arpa", type: PTR })],
    },
    {
      name: "a NetBIOS name query",
      parts: [dnsMessage({ flags: 0x0110, name: NETBIOS_NAME, type: NB })],
    },
    { name: "a response", parts: [dnsMessage({ flags: 0x8180 })] },
    {
      name: "a byte behind a query without recursion",
      parts: [concat(dnsMessage({ flags: 0x0020 }), Uint8Array.of(0))],
    },
    {
      name: "a record that ends outside the datagram, without recursion",
      parts: [dnsMessage({ flags: 0, additional: [[...OPT_RECORD.slice(0, -1), 1]] })],
    },
  ],
  generate: (random) => [generateMessage(random)],
};

/** Four labels: `count` of 63 bytes and one of `last`. */
function longName(count: number, last: number): string {
  return [...new Array<string>(count).fill("a".repeat(63)), "b".repeat(last)].join(".");
}

function framed(message: Uint8Array, length: number = message.length): Uint8Array {
  return concat(Uint8Array.of(length >> 8, length), message);
}

function generateMessage(random: Random): Uint8Array {
  const record = () => [
    ...random.pick([[0], [0xc0, 12], [0xc0, 255], [...dnsName("a.example")], [64]]),
    ...random.pick([[0, 41, 16, 0], [0, 1, 0, 1], [0, 6, 0, 1]]),
    ...[0, 0, 0, 0],
    ...random.pick([[0, 0], [0, 4, 1, 2, 3, 4], [0, 9, 1], [0xff, 0xff]]),
  ];
  return dnsMessage({
    id: random.pick([0, 1, random.below(65_536)]),
    flags: random.pick([0x0100, 0x0100, 0x0120, 0, 0x0010, 0x0110, 0x2400, 0x2800, 0x8180, 0x0200]),
    questions: random.pick([1, 1, 1, 1, 0, 2, 256]),
    name: random.pick(["", "com", "A.Example", "x".repeat(64), longName(3, 61), NETBIOS_NAME]),
    type: random.pick([A, SOA, PTR, NB, 33, 28, 251, 255, 0]),
    class: random.pick([1, 1, 1, 3, 255, 2, 0x8001]),
    ...(random.oneIn(4) && { answers: random.list(0, 2, record) }),
    ...(random.oneIn(4) && { authorities: random.list(0, 2, record) }),
    ...(random.oneIn(2) && { additional: random.list(0, 4, record) }),
  });
}
