import assert from "node:assert/strict";
import { announce, parseResolver } from "../../../../src/cli/ech/choose_resolver.ts";
import { UsageError } from "../../../../src/cli/usage_error.ts";
import { parseNameServers } from "../../../../src/control/https_record/system_name_servers.ts";

Deno.test("parseResolver() takes addresses, with and without port, and URLs", () => {
  const cases: [string, string][] = [
    ["192.0.2.53", "192.0.2.53:53"],
    ["192.0.2.53:5353", "192.0.2.53:5353"],
    ["2001:db8::53", "[2001:db8::53]:53"],
    ["[2001:db8::53]", "[2001:db8::53]:53"],
    ["[2001:db8::53]:5353", "[2001:db8::53]:5353"],
    ["https://dns.test/dns-query{?dns}", "https://dns.test/dns-query"],
  ];
  for (const [text, label] of cases) {
    const resolver = parseResolver(text);
    assert.equal(resolver.label, label);
    assert.equal(resolver.isEncrypted, text.startsWith("https:"));
  }
});

Deno.test("parseResolver() refuses what is neither", () => {
  for (
    const text of [
      "dns.test",
      "dns.test:53",
      "192.0.2.1:0",
      "192.0.2.1:65536",
      "[]",
      "http://dns.test",
    ]
  ) {
    assert.throws(() => parseResolver(text), (error) => {
      assert(error instanceof UsageError);
      assert(error.message.startsWith(`"${text}" is not a resolver: say its IP address`));
      return true;
    });
  }
  assert.throws(() => parseResolver("https://"), new UsageError('"https://" is not a URL'));
});

Deno.test("announce() warns of names in the clear", () => {
  const plain = parseResolver("192.0.2.53");
  const encrypted = parseResolver("https://dns.test/q");
  assert.match(announce(plain, true), /private names too, in the clear/);
  assert.doesNotMatch(announce(plain, false), /clear/);
  assert.doesNotMatch(announce(encrypted, true), /clear/);
});

Deno.test("parseNameServers() reads resolv.conf", () => {
  const text =
    "# nameserver 192.0.2.9\nsearch test\nnameserver 192.0.2.1\nnameserver\tfe80::1%eth0\n";
  assert.deepEqual(parseNameServers(text), ["192.0.2.1", "fe80::1"]);
});
