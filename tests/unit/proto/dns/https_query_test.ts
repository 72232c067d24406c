import assert from "node:assert/strict";
import { decodeHttpsResponse, encodeHttpsQuery } from "../../../../src/proto/dns/https_query.ts";
import { type DnsMessage, dnsMessage, OPT_RECORD } from "../../../support/dns_builder.ts";
import {
  cnameRecord,
  encodeServiceBinding,
  httpsRecord,
  PLAIN_BINDING,
  record,
} from "../../../support/https_record_builder.ts";

const QUERY = { id: 0x1234, name: "www.example.com" };
const DATA = encodeServiceBinding(PLAIN_BINDING);

function response(message: DnsMessage): Uint8Array {
  return dnsMessage({ id: QUERY.id, flags: 0x8180, type: 65, ...message });
}

function decode(message: DnsMessage) {
  return decodeHttpsResponse(response(message), QUERY);
}

Deno.test("encodeHttpsQuery() asks for recursion and tells the size of response that it takes", () => {
  const opt = [0, 0, 41, 0x04, 0xd0, 0, 0, 0, 0, 0, 0];
  const expected = dnsMessage({ ...QUERY, type: 65, additional: [opt] });
  assert.deepEqual(encodeHttpsQuery(QUERY), expected);
});

Deno.test("decodeHttpsResponse() reads HTTPS and CNAME records and passes over others", () => {
  const answers = [
    cnameRecord("WWW.example.com", "cdn.example.net", 60),
    record([0], 46, 1, [1, 2, 3]),
    httpsRecord("cdn.example.net", DATA, 3600),
    httpsRecord("cdn.example.net", Uint8Array.of(0)),
  ];
  assert.deepEqual(decode({ name: "wWw.Example.com", answers, additional: [OPT_RECORD] }), {
    isTruncated: false,
    isAuthoritative: false,
    rcode: 0,
    answers: [
      { kind: "cname", owner: "www.example.com", ttl: 60, target: "cdn.example.net" },
      { kind: "https", owner: "cdn.example.net", ttl: 3600, binding: PLAIN_BINDING },
      { kind: "https", owner: "cdn.example.net", ttl: 300, binding: null },
    ],
  });
});

Deno.test("decodeHttpsResponse() follows pointers to earlier names", () => {
  const toQuestion = [0xc0, 12];
  const toExample = [0xc0, 16];
  const answers = [record(toQuestion, 5, 9, [1, 97, ...toExample])];
  assert.deepEqual(decode({ answers })?.answers, [
    { kind: "cname", owner: "www.example.com", ttl: 9, target: "a.example.com" },
  ]);
});

Deno.test("decodeHttpsResponse() reads flags and response codes", () => {
  assert.equal(decode({ flags: 0x8583 })?.rcode, 3);
  assert.equal(decode({ flags: 0x8583 })?.isAuthoritative, true);
  assert.equal(decode({ flags: 0x8380 })?.isTruncated, true);
  // A datagram that was cut may end anywhere.
  const cut = response({ flags: 0x8380, answers: [httpsRecord("www.example.com", DATA)] });
  assert.deepEqual(decodeHttpsResponse(cut.subarray(0, -3), QUERY)?.answers, []);
});

Deno.test("decodeHttpsResponse() reads a time to live with its highest bit as none", () => {
  const answers = [httpsRecord("www.example.com", DATA, 0x8000_0001)];
  assert.equal(decode({ answers })?.answers[0]?.ttl, 0);
});

Deno.test("decodeHttpsResponse() passes over other classes", () => {
  const chaos = httpsRecord("a", DATA);
  chaos[6] = 3;
  assert.deepEqual(decode({ answers: [chaos] })?.answers, []);
});

Deno.test("decodeHttpsResponse() takes only an answer to its query", () => {
  const answers = [httpsRecord("www.example.com", DATA)];
  assert(decode({ answers }) !== null);
  const others: DnsMessage[] = [
    { id: 0x1235 },
    { flags: 0x0100 },
    { flags: 0xa980 },
    { questions: 0 },
    { questions: 2 },
    { name: "www.example.org" },
    { type: 1 },
    { class: 3 },
    { nameBytes: [0xc0, 12] },
  ];
  for (const other of others) {
    assert.equal(decode({ answers, ...other }), null, JSON.stringify(other));
  }
});

Deno.test("decodeHttpsResponse() refuses broken records", () => {
  const cases: (readonly number[])[] = [
    [],
    [0xc0],
    [0xc0, 0xff, 0, 65, 0, 1, 0, 0, 0, 0, 0, 0], // points forward
    record([0xc0, 33], 65, 1, []), // points at itself
    record([0x40, 0], 65, 1, []), // neither a label nor a pointer
    httpsRecord("a", DATA).slice(0, -1),
    record([0], 5, 1, [1, 97]), // name that goes on
    record([0], 5, 1, [0, 0]), // something behind the name
    record([...new Array(5)].flatMap(() => [60, ...new Array(60).fill(97)]).concat(0), 65, 1, []),
  ];
  for (const answer of cases) assert.equal(decode({ answers: [answer] }), null, answer.join());
});

Deno.test("decodeHttpsResponse() never shows bytes of a name that no host name has", () => {
  const owner = [4, 0x1b, 0x2e, 0xff, 0x41, 0];
  const answers = [record(owner, 65, 1, [...DATA])];
  assert.equal(decode({ answers })?.answers[0]?.owner, "\\027\\046\\255a");
});
