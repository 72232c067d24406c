import assert from "node:assert/strict";
import { parseServiceBinding } from "../../../../src/proto/dns/service_binding.ts";
import { encodeServiceBinding, PLAIN_BINDING } from "../../../support/https_record_builder.ts";

// Records in wire format with what they stand for, from RFC 9460 Appendix D.
const VECTORS: [string, string, object][] = [
  ["Figure 2: alias", "000003666f6f076578616d706c6503636f6d00", {
    priority: 0,
    target: "foo.example.com",
  }],
  ["Figure 3: root target", "000100", { priority: 1 }],
  ["Figure 4: port", "001003666f6f076578616d706c6503636f6d00000300020035", {
    priority: 16,
    target: "foo.example.com",
    port: 53,
  }],
  ["Figure 5: key667", "000103666f6f076578616d706c6503636f6d00029b000568656c6c6f", {
    target: "foo.example.com",
    otherKeys: [667],
  }],
  [
    "Figure 7: two IPv6 hints",
    "000103666f6f076578616d706c6503636f6d000006002020010db800000000000000000000000120010db8000000000000000000530001",
    { target: "foo.example.com", ipv6Hints: ["2001:db8::1", "2001:db8::53:1"] },
  ],
  [
    "Figure 8: IPv6 hint with an embedded IPv4 address",
    "0001076578616d706c6503636f6d000006001020010db80122034400000000c0000221",
    { target: "example.com", ipv6Hints: ["2001:db8:122:344::c000:221"] },
  ],
  [
    "Figure 9: keys in order",
    "001003666f6f076578616d706c65036f7267000000000400010004000100090268320568332d313900040004c0000201",
    {
      priority: 16,
      target: "foo.example.org",
      mandatory: [1, 4],
      alpn: ["h2", "h3-19"],
      ipv4Hints: ["192.0.2.1"],
    },
  ],
  [
    "Figure 10: ALPN with a comma and a backslash",
    "001003666f6f076578616d706c65036f7267000001000c08665c6f6f2c626172026832",
    { priority: 16, target: "foo.example.org", alpn: ["f\\oo,bar", "h2"] },
  ],
];

for (const [name, hex, expected] of VECTORS) {
  Deno.test(`parseServiceBinding() reads RFC 9460 ${name}`, () => {
    assert.deepEqual(parseServiceBinding(Uint8Array.fromHex(hex)), {
      ...PLAIN_BINDING,
      ...expected,
    });
  });
}

Deno.test("parseServiceBinding() reads ech as it is", () => {
  const ech = Uint8Array.of(0, 4, 0xfe, 0x0d, 0, 0);
  const binding = { ...PLAIN_BINDING, target: "a.example", ech, alpn: ["h3"], noDefaultAlpn: true };
  assert.deepEqual(parseServiceBinding(encodeServiceBinding(binding)), binding);
});

Deno.test("parseServiceBinding() refuses what clients refuse", () => {
  const param = (...bytes: number[]) => Uint8Array.of(0, 1, 0, ...bytes);
  const cases: [string, Uint8Array][] = [
    ["nothing", new Uint8Array(0)],
    ["no target", Uint8Array.of(0, 1)],
    ["target that goes on", Uint8Array.of(0, 1, 3, 97)],
    ["target that points elsewhere", Uint8Array.of(0, 1, 0xc0, 0)],
    ["half a key", param(0)],
    ["value that goes on", param(0, 3, 0, 2, 1)],
    ["keys that descend", param(0, 4, 0, 4, 1, 2, 3, 4, 0, 3, 0, 2, 1, 187)],
    ["key that is there twice", param(0, 9, 0, 0, 0, 9, 0, 0)],
    ["empty alpn", param(0, 1, 0, 0)],
    ["empty ALPN name", param(0, 1, 0, 1, 0)],
    ["ALPN name that goes on", param(0, 1, 0, 2, 2, 104)],
    ["no-default-alpn without alpn", param(0, 2, 0, 0)],
    ["no-default-alpn with a value", param(0, 1, 0, 2, 1, 97, 0, 2, 0, 1, 0)],
    ["port of one byte", param(0, 3, 0, 1, 80)],
    ["two ports", param(0, 3, 0, 4, 0, 80, 1, 187)],
    ["no port", param(0, 3, 0, 0)],
    ["IPv4 hint of three bytes", param(0, 4, 0, 3, 1, 2, 3)],
    ["no IPv6 hint", param(0, 6, 0, 0)],
    ["mandatory key that is not there", param(0, 0, 0, 2, 0, 1)],
    ["mandatory key 0", param(0, 0, 0, 2, 0, 0)],
    [
      "mandatory keys that descend",
      encodeServiceBinding({
        ...PLAIN_BINDING,
        mandatory: [4, 1],
        alpn: ["h2"],
        ipv4Hints: ["192.0.2.1"],
      }),
    ],
    [
      "mandatory key that is there twice",
      encodeServiceBinding({
        ...PLAIN_BINDING,
        mandatory: [1, 1],
        alpn: ["h2"],
      }),
    ],
  ];
  for (const [name, data] of cases) assert.equal(parseServiceBinding(data), null, name);
});
