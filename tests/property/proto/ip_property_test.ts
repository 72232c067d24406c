import assert from "node:assert/strict";
import { isIP } from "node:net";
import fc from "fast-check";
import { cidrContains, CidrTable, parseCidr } from "../../../src/proto/cidr.ts";
import { canonicalHost, formatIp, isIpv4Mapped, parseIp } from "../../../src/proto/ip.ts";

const ipv4 = fc.uint8Array({ minLength: 4, maxLength: 4 });
const ipv6 = fc
  .array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff })), {
    minLength: 8,
    maxLength: 8,
  })
  .map((groups) => Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff])));
const address = fc.oneof(ipv4, ipv6);

const block = fc.tuple(address, fc.nat({ max: 128 })).map(([bytes, prefix]) => {
  const cidr = parseCidr(`${formatIp(bytes)}/${Math.min(prefix, bytes.length * 8)}`);
  assert(cidr !== null);
  return cidr;
});

Deno.test("parseIp() reads back what formatIp() writes", () => {
  fc.assert(fc.property(address, (bytes) => {
    const expected = isIpv4Mapped(bytes) ? bytes.slice(12) : bytes;
    assert.deepEqual([...parseIp(formatIp(bytes)) ?? []], [...expected]);
  }));
});

Deno.test("canonicalHost() writes IPv6 as the URL standard does", () => {
  fc.assert(fc.property(ipv6.filter((bytes) => !isIpv4Mapped(bytes)), (bytes) => {
    const groups = Array.from(
      { length: 8 },
      (_, i) =>
        `${(bytes[2 * i] ?? 0).toString(16)}${
          (bytes[2 * i + 1] ?? 0).toString(16).padStart(2, "0")
        }`,
    );
    const text = groups.join(":");
    assert.equal(`[${canonicalHost(text)}]`, new URL(`http://[${text}]/`).hostname);
  }));
});

Deno.test("parseIp() takes the texts that node:net takes, without zones", () => {
  const piece = fc.constantFrom("0", "1", "ffff", "12345", "255", "256", "01", ":", "::", ".", "");
  const text = fc.array(piece, { maxLength: 17 }).map((pieces) => pieces.join(""));
  fc.assert(fc.property(fc.oneof(text, fc.ipV4(), fc.ipV6()), (candidate) => {
    assert.equal(parseIp(candidate) !== null, isIP(candidate) !== 0, candidate);
  }));
});

Deno.test("canonicalHost() is its own canonical form", () => {
  fc.assert(fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), fc.string()), (text) => {
    const host = canonicalHost(text);
    if (host !== null) assert.equal(canonicalHost(host), host);
  }));
});

Deno.test("CidrTable.contains() says what a look at every block says", () => {
  fc.assert(
    fc.property(fc.array(block, { maxLength: 40 }), fc.array(address), (blocks, addresses) => {
      const table = new CidrTable(blocks);
      for (const bytes of [...addresses, ...blocks.map(({ bytes }) => bytes)]) {
        const expected = blocks.some((cidr) => cidrContains(cidr, bytes));
        assert.equal(table.contains(bytes), expected);
      }
    }),
  );
});
