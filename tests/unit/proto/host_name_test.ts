import assert from "node:assert/strict";
import { canonicalHostName, shownServerName } from "../../../src/proto/host_name.ts";

const LABEL = "a".repeat(63);
const LONGEST = `${LABEL}.${LABEL}.${LABEL}.${"b".repeat(61)}`;

Deno.test("canonicalHostName() lower-cases and strips one trailing dot", () => {
  for (
    const [text, name] of [
      ["example.com", "example.com"],
      ["WWW.Example.COM.", "www.example.com"],
      ["_dns.resolver_1.example", "_dns.resolver_1.example"],
      ["xn--bcher-kva.example", "xn--bcher-kva.example"],
      ["localhost", "localhost"],
      ["192.0.2.1", "192.0.2.1"],
      [LONGEST, LONGEST],
      [`${LONGEST}.`, LONGEST],
    ] as const
  ) assert.equal(canonicalHostName(text), name);
});

Deno.test("canonicalHostName() refuses what cannot be a host name", () => {
  for (
    const text of [
      "",
      ".",
      "..",
      ".example.com",
      "example..com",
      "example.com..",
      `${LABEL}a.example`,
      `${LONGEST}b`,
      "a b",
      "a\n",
      "a\0b",
      "*.example.com",
      "bücher.example",
      "\u212aelvin.example", // a sign whose lower case is the letter k
      "[::1]",
      "2001:db8::1",
      "example.com:443",
      "a/b",
    ]
  ) assert.equal(canonicalHostName(text), null, JSON.stringify(text));
});

Deno.test("shownServerName() is the canonical name, or printable ASCII in lower case", () => {
  for (
    const [text, name] of [
      ["WWW.Example.COM.", "www.example.com"],
      ["Server4:443", "server4:443"],
      [" ~", " ~"],
      ["a..", "a.."],
      ["", null],
      ["a\n", null],
      ["\u212a:1", null], // lower case would make it ASCII
      ["b\xfccher:1", null],
      [":".repeat(255), ":".repeat(255)],
      [":".repeat(256), null],
    ] as const
  ) assert.equal(shownServerName(text), name, JSON.stringify(text));
});
