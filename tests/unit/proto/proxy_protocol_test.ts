import assert from "node:assert/strict";
import type { SocketAddress } from "../../../src/model/address.ts";
import { MAX_PROXY_HEADER } from "../../../src/model/limits.ts";
import { encodeProxyHeader, parseProxyHeader } from "../../../src/proto/proxy_protocol.ts";
import { crc32cWithout } from "../../../src/proto/proxy_protocol/crc32c.ts";
import { concat, latin1 } from "../../support/client_hello_builder.ts";
import { inChunks, matched } from "../../support/chunks.ts";
import {
  buildProxyV2,
  type ProxyV2Spec,
  tlv,
  V2_SIGNATURE,
} from "../../support/proxy_header_builder.ts";

const IPV4: SocketAddress = { host: "192.0.2.1", port: 56324 };
const OTHER_IPV4: SocketAddress = { host: "198.51.100.7", port: 443 };
const IPV6: SocketAddress = { host: "2001:db8::1", port: 1 };

/** 192.0.2.1:56324 → 198.51.100.7:443. */
const IPV4_BODY = Uint8Array.fromHex("c0000201c6336407dc0401bb");
/** [2001:db8::1]:1 → [::1]:65535. */
const IPV6_BODY = Uint8Array.fromHex(
  "20010db8000000000000000000000001" + "00000000000000000000000000000001" + "0001ffff",
);

/** The verdict in one chunk, after a check that it is the same byte by byte; malformed ones by their code. */
function verdictOf(head: Uint8Array): string {
  const verdict = parseProxyHeader(head);
  assert.deepEqual(inChunks(parseProxyHeader, head, [1]), verdict);
  return verdict.kind === "malformed" ? verdict.code : verdict.kind;
}

function parseV2(spec: ProxyV2Spec) {
  return matched(parseProxyHeader(concat(buildProxyV2(spec), latin1("GET /"))));
}

function withChecksum(spec: ProxyV2Spec, before: Uint8Array): Uint8Array {
  const body = concat(spec.body, before, tlv(3, new Uint8Array(4)));
  const header = buildProxyV2({ ...spec, body });
  const at = header.length - 4;
  new DataView(header.buffer).setUint32(at, crc32cWithout(header, at));
  return header;
}

Deno.test("parseProxyHeader() reads the addresses of version 1", () => {
  for (
    const [line, source, destination] of [
      ["PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n", IPV4, OTHER_IPV4],
      ["PROXY TCP4 0.0.0.0 255.255.255.255 0 65535\r\n", { host: "0.0.0.0", port: 0 }, {
        host: "255.255.255.255",
        port: 65535,
      }],
      ["PROXY TCP6 2001:DB8::1 ::1 1 2\r\n", IPV6, { host: "::1", port: 2 }],
      ["PROXY TCP6 ::ffff:192.0.2.1 2001:db8::1 56324 1\r\n", IPV4, IPV6],
    ] as const
  ) {
    const head = latin1(`${line}GET / HTTP/1.1\r\n`);
    assert.equal(verdictOf(head), "match");
    assert.deepEqual(matched(parseProxyHeader(head)), {
      length: line.length,
      source,
      destination,
      tlvs: null,
    });
  }
});

Deno.test("parseProxyHeader() reads the header that curl writes", () => {
  const line = "PROXY TCP4 127.0.0.1 127.0.0.1 45968 43019\r\n"; // curl 7.88.1 --haproxy-protocol
  assert.deepEqual(matched(parseProxyHeader(latin1(`${line}GET / HTTP/1.1\r\n`))).source, {
    host: "127.0.0.1",
    port: 45968,
  });
});

Deno.test("parseProxyHeader() keeps the peer for UNKNOWN, whatever else the line says", () => {
  const full = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
  for (
    const line of [
      "PROXY UNKNOWN\r\n",
      "PROXY UNKNOWN whatever it may be\r\n",
      `PROXY UNKNOWN ${full} ${full} 65535 65535\r\n`, // the longest line of 107 bytes
    ]
  ) {
    assert(line.length <= 107);
    assert.equal(verdictOf(latin1(line)), "match");
    assert.deepEqual(matched(parseProxyHeader(latin1(line))), {
      length: line.length,
      source: null,
      destination: null,
      tlvs: null,
    });
  }
});

Deno.test("parseProxyHeader() refuses broken lines of version 1", () => {
  for (
    const line of [
      "PROXY \r\n",
      "PROXY  TCP4 192.0.2.1 198.51.100.7 1 2\r\n",
      "PROXY tcp4 192.0.2.1 198.51.100.7 1 2\r\n",
      "PROXY UDP4 192.0.2.1 198.51.100.7 1 2\r\n",
      "PROXY TCP4 192.0.2.1 198.51.100.7 1\r\n",
      "PROXY TCP4 192.0.2.1 198.51.100.7 1 2 3\r\n",
      "PROXY TCP4 192.0.2.1 198.51.100.7 1 2 \r\n",
      "PROXY TCP4 192.0.2.1 2001:db8::1 1 2\r\n",
      "PROXY TCP4 ::ffff:192.0.2.1 198.51.100.7 1 2\r\n",
      "PROXY TCP6 192.0.2.1 ::1 1 2\r\n",
      "PROXY TCP6 [::1] ::1 1 2\r\n",
      "PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n",
      "PROXY TCP4 192.0.2.01 198.51.100.7 1 2\r\n",
      "PROXY TCP4 192.0.2.1 198.51.100.7 01 2\r\n",
      "PROXY TCP4 192.0.2.1 198.51.100.7 -1 2\r\n",
      "PROXY TCP4 192.0.2.1 198.51.100.7 1 65536\r\n",
      "PROXY TCP4 192.0.2.1 198.51.100.7 1 2\n",
      "PROXY TCP4 192.0.2.1 198.51.100.7 1 2\r\r\n",
      "PROXY TCP4\t192.0.2.1 198.51.100.7 1 2\r\n",
    ]
  ) assert.equal(verdictOf(latin1(line)), "bad_value", JSON.stringify(line));
});

Deno.test("parseProxyHeader() ends a line of version 1 at 107 bytes", () => {
  const open = "PROXY UNKNOWN ";
  assert.equal(verdictOf(latin1(`${open.padEnd(105, "x")}\r\n`)), "match");
  assert.equal(verdictOf(latin1(open.padEnd(106, "x"))), "needMore");
  assert.equal(verdictOf(latin1(open.padEnd(107, "x"))), "too_long");
  assert.equal(verdictOf(latin1(`${open.padEnd(106, "x")}\r\n`)), "too_long");
});

Deno.test("parseProxyHeader() does not match other first bytes", () => {
  for (
    const text of ["GET / HTTP/1.1\r\n", "PROXYTCP4", "proxy TCP4", "PRI * HTTP/2.0", "\r\nPROXY "]
  ) assert.equal(verdictOf(latin1(text)), "noMatch", JSON.stringify(text));
  for (let i = 0; i < V2_SIGNATURE.length; i++) {
    const broken = V2_SIGNATURE.slice();
    broken[i] = (broken[i] ?? 0) ^ 0x20;
    assert.equal(verdictOf(broken), "noMatch", `signature broken at ${i}`);
  }
});

Deno.test("parseProxyHeader() reads the addresses of version 2, of streams and datagrams", () => {
  for (const familyAndTransport of [0x11, 0x12]) {
    assert.deepEqual(parseV2({ familyAndTransport, body: IPV4_BODY }), {
      length: 28,
      source: IPV4,
      destination: OTHER_IPV4,
      tlvs: null,
    });
  }
  for (const familyAndTransport of [0x21, 0x22]) {
    assert.deepEqual(parseV2({ familyAndTransport, body: IPV6_BODY }), {
      length: 52,
      source: IPV6,
      destination: { host: "::1", port: 65535 },
      tlvs: null,
    });
  }
});

Deno.test("parseProxyHeader() keeps the peer for LOCAL, UNSPEC and UNIX", () => {
  const junk = new Uint8Array(99).fill(0xee);
  const authority = tlv(2, latin1("a.example"));
  for (
    const [spec, tlvs] of [
      [{ versionAndCommand: 0x20, familyAndTransport: 0x00, body: new Uint8Array(0) }, null],
      [{ versionAndCommand: 0x20, familyAndTransport: 0x11, body: IPV4_BODY }, null],
      [{ versionAndCommand: 0x20, familyAndTransport: 0xff, body: junk }, null],
      [{ familyAndTransport: 0x00, body: junk }, null],
      [{ familyAndTransport: 0x31, body: concat(new Uint8Array(216), authority) }, authority],
      [{ familyAndTransport: 0x10, body: concat(IPV4_BODY, authority) }, authority],
    ] as const
  ) {
    const { length, source, destination, tlvs: found } = parseV2(spec);
    assert.deepEqual([source, destination, found], [null, null, tlvs]);
    assert.equal(length, 16 + spec.body.length);
  }
});

Deno.test("parseProxyHeader() keeps TLVs as they came", () => {
  const tlvs = concat(tlv(2, latin1("a.example")), tlv(0xe0, new Uint8Array(0)), tlv(4, IPV4_BODY));
  const head = buildProxyV2({ body: concat(IPV4_BODY, tlvs) });
  const found = matched(parseProxyHeader(head)).tlvs;
  head.fill(0);
  assert.deepEqual(found, tlvs);
});

Deno.test("parseProxyHeader() verifies the checksum where there is one", () => {
  const authority = tlv(2, latin1("a.example"));
  for (const spec of [{ body: IPV4_BODY }, { familyAndTransport: 0x21, body: IPV6_BODY }]) {
    const header = withChecksum(spec, authority);
    assert.equal(verdictOf(header), "match");
    for (const at of [20, header.length - 8, header.length - 1]) {
      const broken = header.slice();
      broken[at] = (broken[at] ?? 0) ^ 1;
      assert.equal(verdictOf(broken), "bad_checksum", `byte ${at}`);
    }
  }
});

Deno.test("parseProxyHeader() refuses broken headers of version 2", () => {
  const crc = tlv(3, new Uint8Array(4));
  const faults: Record<string, readonly [ProxyV2Spec, string]> = {
    "version 1": [{ versionAndCommand: 0x11, body: IPV4_BODY }, "bad_value"],
    "version 3": [{ versionAndCommand: 0x31, body: IPV4_BODY }, "bad_value"],
    "unknown command": [{ versionAndCommand: 0x22, body: IPV4_BODY }, "bad_value"],
    "unknown family": [{ familyAndTransport: 0x41, body: IPV4_BODY }, "bad_value"],
    "unknown transport": [{ familyAndTransport: 0x13, body: IPV4_BODY }, "bad_value"],
    "IPv4 addresses cut": [{ body: IPV4_BODY.subarray(0, 11) }, "bad_length"],
    "IPv6 addresses cut": [{ familyAndTransport: 0x21, body: IPV4_BODY }, "bad_length"],
    "UNIX addresses cut": [{ familyAndTransport: 0x31, body: new Uint8Array(215) }, "bad_length"],
    "TLV header cut": [{ body: concat(IPV4_BODY, Uint8Array.of(2, 0)) }, "bad_length"],
    "TLV longer than the header": [
      { body: concat(IPV4_BODY, Uint8Array.of(2, 0, 2, 9)) },
      "bad_length",
    ],
    "checksum of 3 bytes": [{ body: concat(IPV4_BODY, tlv(3, new Uint8Array(3))) }, "bad_length"],
    "two checksums": [{ body: concat(IPV4_BODY, crc, crc) }, "duplicate"],
    "longer than the bound": [
      { body: IPV4_BODY, length: MAX_PROXY_HEADER - 16 + 1 },
      "too_long",
    ],
  };
  for (const [what, [spec, code]] of Object.entries(faults)) {
    assert.equal(verdictOf(buildProxyV2(spec)), code, what);
  }
});

Deno.test("parseProxyHeader() accepts a header as long as the bound", () => {
  const body = concat(IPV4_BODY, tlv(4, new Uint8Array(MAX_PROXY_HEADER - 16 - 12 - 3)));
  assert.equal(matched(parseProxyHeader(buildProxyV2({ body }))).length, MAX_PROXY_HEADER);
});

Deno.test("encodeProxyHeader() writes version 1", () => {
  for (
    const [source, destination, line] of [
      [IPV4, OTHER_IPV4, "PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n"],
      [IPV6, IPV6, "PROXY TCP6 2001:db8::1 2001:db8::1 1 1\r\n"],
      [IPV4, IPV6, "PROXY TCP6 ::ffff:192.0.2.1 2001:db8::1 56324 1\r\n"],
      [IPV6, IPV4, "PROXY TCP6 2001:db8::1 ::ffff:192.0.2.1 1 56324\r\n"],
      [{ host: "no.address", port: 1 }, IPV4, "PROXY UNKNOWN\r\n"],
    ] as const
  ) {
    assert.deepEqual(encodeProxyHeader("v1", { source, destination, tlvs: null }), latin1(line));
  }
});

Deno.test("encodeProxyHeader() writes version 2", () => {
  const encode = (source: SocketAddress, destination: SocketAddress) =>
    encodeProxyHeader("v2", { source, destination, tlvs: null });
  assert.deepEqual(encode(IPV4, OTHER_IPV4), buildProxyV2({ body: IPV4_BODY }));
  assert.deepEqual(
    encode(IPV6, { host: "::1", port: 65535 }),
    buildProxyV2({ familyAndTransport: 0x21, body: IPV6_BODY }),
  );
  assert.deepEqual(
    encode(IPV4, IPV6),
    buildProxyV2({
      familyAndTransport: 0x21,
      body: Uint8Array.fromHex(
        "00000000000000000000ffffc0000201" + "20010db8000000000000000000000001" + "dc040001",
      ),
    }),
  );
  assert.deepEqual(
    encode({ host: "no.address", port: 1 }, IPV4),
    buildProxyV2({ familyAndTransport: 0x00, body: new Uint8Array(0) }),
  );
});

Deno.test("encodeProxyHeader() passes TLVs on and computes their checksum anew", () => {
  const authority = tlv(2, latin1("a.example"));
  const { tlvs } = matched(parseProxyHeader(withChecksum({ body: IPV4_BODY }, authority)));
  const sent = encodeProxyHeader("v2", { source: IPV6, destination: OTHER_IPV4, tlvs });
  const received = matched(parseProxyHeader(sent)); // which verifies the checksum
  assert.deepEqual(received.source, IPV6);
  assert.deepEqual(received.tlvs?.subarray(0, authority.length), authority);
  assert.equal(received.tlvs?.length, tlvs?.length);
  assert.notDeepEqual(received.tlvs, tlvs);
});

Deno.test("encodeProxyHeader() leaves out TLVs that cannot be read", () => {
  const tlvs = Uint8Array.of(2, 0, 9);
  assert.deepEqual(
    encodeProxyHeader("v2", { source: IPV4, destination: OTHER_IPV4, tlvs }),
    buildProxyV2({ body: IPV4_BODY }),
  );
});

Deno.test("crc32cWithout() gives the check value of CRC-32C, its own place taken as zero", () => {
  const text = latin1("123456789");
  assert.equal(crc32cWithout(text, text.length), 0xe3069283);
  assert.equal(
    crc32cWithout(concat(text, Uint8Array.of(1, 2, 3, 4)), 9),
    crc32cWithout(concat(text, new Uint8Array(4)), 13),
  );
});
