import assert from "node:assert/strict";
import {
  canonicalHost,
  formatHostPort,
  formatIp,
  isIpv4Mapped,
  parseIp,
  toIpv6Bytes,
} from "../../../src/proto/ip.ts";

Deno.test("canonicalHost() writes addresses in the form of RFC 5952", () => {
  for (
    const [text, canonical] of [
      ["0.0.0.0", "0.0.0.0"],
      ["255.255.255.255", "255.255.255.255"],
      ["::", "::"],
      ["::1", "::1"],
      ["1::", "1::"],
      ["[::1]", "::1"],
      ["2001:DB8::A", "2001:db8::a"],
      ["2001:0db8:0000:0000:0000:0000:0002:0001", "2001:db8::2:1"],
      ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"], // §4.2.2: one zero group is not shortened
      ["2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
      ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"], // §4.2.3: the longest run
      ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"], // §4.2.3: the first of two
      ["0:0:1:2:3:4:5:6", "::1:2:3:4:5:6"],
      ["1:2:3:4:5:6:0:0", "1:2:3:4:5:6::"],
      ["::ffff:192.0.2.1", "192.0.2.1"],
      ["::FFFF:c000:201", "192.0.2.1"],
      ["[0:0:0:0:0:ffff:192.0.2.1]", "192.0.2.1"],
      ["::192.0.2.1", "::c000:201"],
      ["64:ff9b::192.0.2.33", "64:ff9b::c000:221"],
      ["ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
    ] as const
  ) assert.equal(canonicalHost(text), canonical, text);
});

Deno.test("canonicalHost() refuses what is no address", () => {
  for (
    const text of [
      "",
      " 10.0.0.1",
      "10.0.0.1 ",
      "10.0.0",
      "10.0.0.0.1",
      "10.0.0.256",
      "010.0.0.1",
      "10.0.0.01",
      "0x0a.0.0.1",
      "167772161",
      "10.0.0.-1",
      "10.0.0.1e0",
      "10..0.1",
      "[10.0.0.1]",
      ":",
      ":::",
      ":1",
      "1:",
      "1::2::3",
      "1:2:3:4:5:6:7",
      "1:2:3:4:5:6:7:8:9",
      "1:2:3:4:5:6:7::8:9",
      "1:2:3:4::5:6:7:8", // "::" stands for one group at least
      "12345::",
      "g::",
      "::1%eth0",
      "fe80::1%1",
      "[::1",
      "::1]",
      "[[::1]]",
      "1.2.3.4::",
      "::1.2.3.4:5",
      "::1.2.3",
      "1:2:3:4:5:6:7:1.2.3.4",
      "::ffff:010.0.0.1",
      "example.com",
      "1".repeat(100_000),
      ":".repeat(100_000),
    ]
  ) assert.equal(canonicalHost(text), null, text.slice(0, 60));
});

Deno.test("parseIp() gives 4 bytes for IPv4 in either form, 16 for IPv6", () => {
  assert.deepEqual([...parseIp("192.0.2.1") ?? []], [192, 0, 2, 1]);
  assert.deepEqual([...parseIp("::ffff:192.0.2.1") ?? []], [192, 0, 2, 1]);
  assert.deepEqual([...parseIp("::1:2") ?? []], [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2]);
});

Deno.test("toIpv6Bytes() maps IPv4 and leaves IPv6 alone", () => {
  const mapped = toIpv6Bytes(Uint8Array.of(192, 0, 2, 1));
  assert(isIpv4Mapped(mapped));
  assert.equal(formatIp(mapped), "192.0.2.1");
  const loopback = parseIp("::1") ?? new Uint8Array(0);
  assert.equal(toIpv6Bytes(loopback), loopback);
  assert(!isIpv4Mapped(loopback));
});

Deno.test("formatHostPort() puts IPv6 in brackets", () => {
  assert.equal(formatHostPort({ host: "192.0.2.1", port: 80 }), "192.0.2.1:80");
  assert.equal(formatHostPort({ host: "::1", port: 443 }), "[::1]:443");
});
