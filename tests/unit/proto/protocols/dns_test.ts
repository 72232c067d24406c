import assert from "node:assert/strict";
import { detectDnsDatagram, detectDnsStream } from "../../../../src/proto/protocols/dns.ts";
import { matched } from "../../../support/chunks.ts";
import { concat } from "../../../support/client_hello_builder.ts";
import { type DnsMessage, dnsMessage, OPT_RECORD } from "../../../support/dns_builder.ts";

const IXFR = 251;
const RECORD = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1];

const kindOf = (message: DnsMessage) => detectDnsDatagram(dnsMessage(message)).kind;
const nameOf = (message: DnsMessage) =>
  matched(detectDnsDatagram(dnsMessage(message), true)).fields;

Deno.test("detectDnsDatagram() takes queries, notifications and updates, and no other operation", () => {
  for (let opcode = 0; opcode < 16; opcode++) {
    const expected = [0, 4, 5].includes(opcode) ? "match" : "noMatch";
    assert.equal(kindOf({ flags: opcode << 11 | 0x0100 }), expected, `opcode ${opcode}`);
  }
});

Deno.test("detectDnsDatagram() takes the flags of a request alone", () => {
  for (const flag of [0x0400, 0x0100, 0x0020, 0x0010]) {
    assert.equal(kindOf({ flags: flag }), "match", `AA, RD, AD, CD: ${flag}`);
  }
  for (const flag of [0x8000, 0x0200, 0x0080, 0x0040, 1, 2, 4, 8]) {
    assert.equal(kindOf({ flags: 0x0100 | flag }), "noMatch", `QR, TC, RA, Z, RCODE: ${flag}`);
  }
});

Deno.test("detectDnsDatagram() takes as many records as the operation has", () => {
  assert.equal(kindOf({ answers: [RECORD] }), "noMatch");
  assert.equal(kindOf({ flags: 0x2400, answers: [RECORD] }), "match");
  assert.equal(kindOf({ flags: 0x2400, answers: [RECORD, RECORD] }), "noMatch");
  assert.equal(
    kindOf({ flags: 0x2800, answers: [RECORD, RECORD], authorities: [RECORD] }),
    "match",
  );
  assert.equal(kindOf({ authorities: [RECORD] }), "noMatch", "a probe of multicast DNS");
  assert.equal(kindOf({ type: IXFR, authorities: [RECORD] }), "match", "RFC 1995");
  assert.equal(kindOf({ additional: [OPT_RECORD, RECORD, RECORD] }), "match");
  assert.equal(kindOf({ additional: [OPT_RECORD, RECORD, RECORD, RECORD] }), "noMatch");
});

Deno.test("detectDnsDatagram() takes classes that there are, and any type but zero", () => {
  const flags = 0x0020;
  for (const known of [1, 3, 4, 254, 255]) assert.equal(kindOf({ flags, class: known }), "match");
  for (const other of [0, 2, 253, 256, 0x8001]) {
    assert.equal(kindOf({ flags, class: other }), "noMatch");
  }
  assert.equal(kindOf({ flags, type: 65_535 }), "match");
  assert.equal(kindOf({ flags, type: 0 }), "noMatch");
});

Deno.test("detectDnsDatagram() says no to a message without recursion that is cut anywhere", () => {
  const whole = dnsMessage({ flags: 0x0020, additional: [OPT_RECORD] });
  for (let length = 0; length < whole.length; length++) {
    assert.notEqual(detectDnsDatagram(whole.subarray(0, length)).kind, "match", `${length} bytes`);
  }
});

Deno.test("detectDnsDatagram() knows a query with recursion by its header, whatever follows", () => {
  const header = dnsMessage({}).subarray(0, 12);
  const behind = (...bytes: number[]) =>
    detectDnsDatagram(concat(header, Uint8Array.from(bytes)), true);
  assert.equal(behind().kind, "noMatch", "nothing does");
  for (const question of [[0xc0, 12, 0, 1, 0, 1], [64], [1], [0, 0, 1, 0, 2], [0, 0, 1, 0, 1, 9]]) {
    assert.equal(behind(...question).kind, "match", `${question}`);
  }
  assert.equal(matched(behind(64)).fields, undefined);
  assert.deepEqual(matched(behind(0, 0, 1, 0, 1, 9)).fields, { queryName: "" });
  assert.equal(kindOf({ questions: 10 }), "match");
  assert.equal(kindOf({ questions: 0 }), "noMatch");
  assert.equal(kindOf({ questions: 256 }), "noMatch");
});

Deno.test("detectDnsDatagram() tells LLMNR from a resolver by the OPT record, the type or the name", () => {
  assert.equal(kindOf({ flags: 0, name: "printer" }), "noMatch");
  assert.equal(kindOf({ flags: 0, name: "printer", additional: [OPT_RECORD] }), "match");
  assert.equal(kindOf({ flags: 0, name: "com", type: 6 }), "match", "before a zone transfer");
  assert.equal(kindOf({ flags: 0, name: "", type: 2 }), "match", "a resolver that starts");
  assert.equal(kindOf({ flags: 0, name: "" }), "match");
  assert.equal(kindOf({ flags: 0, name: "www.example.com" }), "match");
});

Deno.test("detectDnsDatagram() tells NetBIOS by its names and its types together", () => {
  const name = "FHEPFCELEHFCEPFFFACACACACACACAAA";
  for (const type of [32, 33]) assert.equal(kindOf({ name, type }), "noMatch");
  assert.equal(kindOf({ name }), "match");
  assert.equal(kindOf({ name: `${name}.example.com`, type: 33 }), "noMatch", "with a scope");
  assert.equal(kindOf({ name: name.replace("A", "Q"), type: 33 }), "match", "an SRV record");
});

Deno.test("detectDnsDatagram() tells the name as a host, and leaves out one that is none", () => {
  assert.deepEqual(nameOf({ name: "WWW.Example.COM" }), { queryName: "www.example.com" });
  assert.deepEqual(nameOf({ name: "_dns.resolver.arpa" }), { queryName: "_dns.resolver.arpa" });
  assert.deepEqual(nameOf({ name: "" }), { queryName: "" });
  assert.equal(nameOf({ nameBytes: [3, 0x61, 0x2e, 0x62, 0] }), undefined, "a dot in a label");
  assert.equal(nameOf({ name: "a b.example" }), undefined);
  assert.equal(nameOf({ name: "é.example" }), undefined);
});

Deno.test("detectDnsStream() says no at the first byte that no request has", () => {
  const message = dnsMessage({ additional: [OPT_RECORD] });
  const head = concat(Uint8Array.of(0, message.length), message);
  const broken: readonly [offset: number, byte: number][] = [
    [0, 0x40], // the length: of more than 16 KiB
    [1, 16], // the length: no room for a question
    [4, 0x81],
    [5, 0x80],
    [6, 1],
    [7, 2],
    [8, 1],
    [9, 1],
    [10, 1],
    [11, 2],
    [12, 1],
    [13, 4],
    [14, 0x40],
  ];
  for (const [offset, byte] of broken) {
    assert.equal(detectDnsStream(head.subarray(0, offset)).kind, "needMore", `before ${offset}`);
    const upToIt = head.slice(0, offset + 1);
    upToIt[offset] = byte;
    assert.equal(detectDnsStream(upToIt).kind, "noMatch", `at ${offset}`);
  }
});

Deno.test("detectDnsStream() takes what multicast protocols do not send over TCP", () => {
  const message = dnsMessage({ id: 0, flags: 0, name: "com" });
  assert.equal(detectDnsStream(concat(Uint8Array.of(0, message.length), message)).kind, "match");
});
