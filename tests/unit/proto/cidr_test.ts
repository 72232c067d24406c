import assert from "node:assert/strict";
import type { Cidr } from "../../../src/model/address.ts";
import { cidrContains, CidrTable, parseCidr } from "../../../src/proto/cidr.ts";
import { formatIp, parseIp } from "../../../src/proto/ip.ts";

function cidr(text: string): Cidr {
  const parsed = parseCidr(text);
  assert(parsed !== null, text);
  return parsed;
}

Deno.test("parseCidr() clears host bits and takes an address alone as its own block", () => {
  for (
    const [text, block] of [
      ["10.1.2.3/8", "10.0.0.0/8"],
      ["10.1.2.255/25", "10.1.2.128/25"],
      ["10.1.2.3", "10.1.2.3/32"],
      ["0.0.0.0/0", "0.0.0.0/0"],
      ["255.255.255.255/0", "0.0.0.0/0"],
      ["2001:db8:ffff::/33", "2001:db8:8000::/33"],
      ["[2001:db8::1]/32", "2001:db8::/32"],
      ["::1", "::1/128"],
      ["::/0", "::/0"],
      ["::ffff:10.0.0.0/104", "10.0.0.0/8"],
      ["::ffff:10.1.2.3", "10.1.2.3/32"],
      ["::ffff:0:0/96", "0.0.0.0/0"],
    ] as const
  ) {
    const { bytes, prefixLength } = cidr(text);
    assert.equal(`${formatIp(bytes)}/${prefixLength}`, block, text);
  }
});

Deno.test("parseCidr() refuses what is no block", () => {
  for (
    const text of [
      "",
      "/8",
      "10.0.0.0/",
      "10.0.0.0/33",
      "10.0.0.0/08",
      "10.0.0.0/+8",
      "10.0.0.0/-1",
      "10.0.0.0/8/8",
      "10.0.0.0/255.0.0.0",
      "10/8",
      "::/129",
      "::ffff:10.0.0.0/95",
      "fe80::1%eth0/64",
      "example.com/24",
    ]
  ) assert.equal(parseCidr(text), null, text);
});

Deno.test("cidrContains() compares the prefix only, and never across families", () => {
  for (
    const [block, host, expected] of [
      ["10.0.0.0/8", "10.255.255.255", true],
      ["10.0.0.0/8", "11.0.0.0", false],
      ["10.0.0.128/25", "10.0.0.127", false],
      ["10.0.0.128/25", "10.0.0.128", true],
      ["192.0.2.1/32", "192.0.2.1", true],
      ["192.0.2.1/32", "192.0.2.0", false],
      ["0.0.0.0/0", "203.0.113.9", true],
      ["0.0.0.0/0", "::1", false],
      ["::/0", "203.0.113.9", false],
      ["::/0", "2001:db8::1", true],
      ["10.0.0.0/8", "::ffff:10.0.0.1", true],
      ["2001:db8:8000::/33", "2001:db8:7fff::1", false],
      ["2001:db8:8000::/33", "2001:db8:ffff::1", true],
    ] as const
  ) {
    const address = parseIp(host);
    assert(address !== null);
    assert.equal(cidrContains(cidr(block), address), expected, `${block} ${host}`);
  }
});

Deno.test("CidrTable finds addresses in blocks that nest, touch or repeat", () => {
  const blocks = [
    "10.0.0.0/8",
    "10.1.0.0/16",
    "10.0.0.0/8",
    "10.255.255.255/32",
    "11.0.0.0/9",
    "192.0.2.0/24",
    "2001:db8::/32",
  ];
  const table = new CidrTable(blocks.map(cidr));
  for (const host of ["10.0.0.0", "10.1.9.9", "10.255.255.255", "11.127.0.0", "2001:db8:1::"]) {
    assert(table.containsHost(host), host);
  }
  for (const host of ["9.255.255.255", "11.128.0.0", "192.0.3.0", "2001:db9::", "::", "no-host"]) {
    assert(!table.containsHost(host), host);
  }
});

Deno.test("CidrTable contains nothing when it is empty", () => {
  assert(!new CidrTable([]).containsHost("10.0.0.1"));
});
