/**
 * First messages of SIP clients.
 *
 * @module
 */

import tcpFlights from "../corpus/sip_tcp.json" with { type: "json" };
import udpFlights from "../corpus/sip_udp.json" with { type: "json" };
import type { Random } from "../fuzz/random.ts";
import { latin1 } from "../support/client_hello_builder.ts";
import { captured, type Flight, type ProtocolSamples } from "./samples.ts";

const HEADERS =
  "Via: SIP/2.0/UDP pc33.atlanta.com;branch=z9hG4bK776asdhds\r\nMax-Forwards: 70\r\n" +
  "To: Bob <sip:bob@biloxi.com>\r\nFrom: Alice <sip:alice@atlanta.com>;tag=1928301774\r\n" +
  "Call-ID: a84b4c76e66710@pc33.atlanta.com\r\nCSeq: 314159 INVITE\r\nContent-Length: 0\r\n\r\n";

const MESSAGES: readonly { readonly name: string; readonly text: string }[] = [
  { name: "INVITE as in RFC 3261", text: "INVITE sip:bob@biloxi.com SIP/2.0\r\n" },
  { name: "REGISTER over TLS and further", text: "REGISTER sips:registrar.biloxi.com SIP/2.0\r\n" },
  { name: "a call to a number", text: "INVITE tel:+1-201-555-0123 SIP/2.0\r\n" },
  { name: "an emergency call", text: "INVITE urn:service:sos SIP/2.0\n" },
  { name: "a method of one vendor", text: "SERVICE sip:a@b.example SIP/2.0\r\n" },
  { name: "a response on a connection of its own", text: "SIP/2.0 200 OK\r\n" },
  { name: "a response without a reason", text: "SIP/2.0 486 \r\n" },
  { name: "a request behind a ping", text: "\r\n\r\nOPTIONS sip:carol@chicago.com SIP/2.0\r\n" },
];

const LOOKALIKES: readonly Flight[] = [
  { name: "a path where a URI belongs", text: "OPTIONS /a SIP/2.0\r\n" },
  { name: "nothing behind the scheme", text: "OPTIONS sip: SIP/2.0\r\n" },
  { name: "version 1.0", text: "INVITE sip:bob@biloxi.com SIP/1.0\r\n" },
  { name: "a space behind the version", text: "INVITE sip:bob@biloxi.com SIP/2.0 \r\n" },
  { name: "a status that there is not", text: "SIP/2.0 700 No\r\n" },
  { name: "a method in lower case", text: "invite sip:bob@biloxi.com SIP/2.0\r\n" },
  { name: "too many empty lines", text: `${"\r\n".repeat(5)}BYE sip:b@c SIP/2.0\r\n` },
].map(({ name, text }) => ({ name, parts: [latin1(text + HEADERS)] }));

/** SIP over TCP. */
export const SIP_TCP_SAMPLES: ProtocolSamples = {
  protocol: "sip",
  transport: "tcp",
  flights: [
    ...captured(tcpFlights),
    ...MESSAGES.map(({ name, text }) => ({
      name,
      parts: [latin1(text + HEADERS)],
      expected: {
        version: "SIP/2.0",
        consumed: text.startsWith("SIP") ? "SIP/2.0 200 ".length : text.length,
      },
    })),
  ],
  lookalikes: LOOKALIKES,
  generate: (random) => [startLine(random)],
};

/** SIP over UDP. */
export const SIP_UDP_SAMPLES: ProtocolSamples = {
  protocol: "sip",
  transport: "udp",
  flights: [
    ...captured(udpFlights),
    ...MESSAGES.map(({ name, text }) => ({
      name,
      parts: [latin1(text + HEADERS)],
      expected: { version: "SIP/2.0", consumed: 1 },
    })),
    {
      name: "a device that keeps its mapping alive before it speaks",
      parts: [
        new Uint8Array(4),
        latin1("\r\n\r\n"),
        latin1(`REGISTER sip:a.example SIP/2.0\r\n${HEADERS}`),
      ],
      expected: { version: "SIP/2.0", consumed: 3 },
    },
  ],
  lookalikes: [
    ...LOOKALIKES,
    { name: "a datagram that ends within its first line", parts: [latin1("BYE sip:b@c SIP/2.0")] },
    {
      name: "more that keeps alive than a client sends",
      parts: [...Array<Uint8Array>(4).fill(latin1("\r\n")), latin1("BYE sip:b@c SIP/2.0\r\n")],
    },
  ],
  generate: (random) => [
    ...random.list(
      0,
      random.pick([0, 0, 1, 4]),
      () =>
        random.pick([latin1("\r\n\r\n"), new Uint8Array(random.pick([0, 3, 4, 4])), latin1("\r")]),
    ),
    startLine(random),
  ],
};

function startLine(random: Random): Uint8Array {
  const long = random.oneIn(40) ? random.between(16_300, 16_400) : random.below(100);
  const line = random.oneIn(3)
    ? random.pick(["SIP/2.0 ", "SIP/2.0 ", "SIP/1.0 ", "SIP/2.0"]) +
      random.pick(["200", "699", "099", "700", "20"]) + random.pick([" OK", " ", ""])
    : random.pick(["INVITE", "OPTIONS", "SIP", "X", "invite", "A".repeat(33)]) +
      random.pick([" ", " ", " ", "  ", ""]) +
      random.pick(["sip:a@b", "tel:1", `sip:${"a".repeat(long)}`, "sip", "/a", "a:", "http://a"]) +
      random.pick([" ", " ", " ", "  ", ""]) +
      random.pick(["SIP/2.0", "SIP/2.0", "SIP/3.0", "HTTP/1.1", "RTSP/1.0", ""]);
  return latin1(
    random.pick(["", "", "", "\r\n\r\n", "\n", "\r"]) + line +
      random.pick(["\r\n", "\r\n", "\n", "\r", ""]) + random.pick(["", HEADERS]),
  );
}
