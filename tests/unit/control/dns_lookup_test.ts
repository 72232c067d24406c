import assert from "node:assert/strict";
import { createLookup } from "../../../src/control/dns_lookup.ts";
import {
  type DnsReply,
  NXDOMAIN,
  REFUSED,
  SERVFAIL,
  startDnsServer,
} from "../../support/dns_server.ts";

const NONE: DnsReply = { kind: "records", ttl: 0, addresses: [] };

Deno.test("createLookup() gives the addresses of both families with their time to live", async () => {
  await using server = startDnsServer((_, type) =>
    type === "A"
      ? { kind: "records", ttl: 7, addresses: [[10, 0, 0, 2], [10, 0, 0, 1]] }
      : { kind: "records", ttl: 9, addresses: [[0xfd, ...new Array(14).fill(0), 1]] }
  );
  const lookup = createLookup([server.address]);
  assert.deepEqual(await lookup("backend.test", new AbortController().signal), {
    kind: "found",
    records: [
      { address: "10.0.0.2", ttl: 7 },
      { address: "10.0.0.1", ttl: 7 },
      { address: "fd00::1", ttl: 9 },
    ],
    complete: true,
  });
  assert.deepEqual([...server.queries].sort(), ["backend.test A", "backend.test AAAA"]);
});

Deno.test("createLookup() is content with one family", async () => {
  await using server = startDnsServer((_, type) =>
    type === "A" ? NONE : { kind: "records", ttl: 9, addresses: [new Array(16).fill(1)] }
  );
  const result = await createLookup([server.address])("v6.test", new AbortController().signal);
  assert.deepEqual(result, {
    kind: "found",
    records: [{ address: "101:101:101:101:101:101:101:101", ttl: 9 }],
    complete: true,
  });
});

Deno.test("createLookup() does not wait long for a family that gets no answer", async () => {
  await using server = startDnsServer((_, type) =>
    type === "AAAA" ? { kind: "silent" } : { kind: "records", ttl: 60, addresses: [[10, 0, 0, 1]] }
  );
  const result = await createLookup([server.address])("half.test", new AbortController().signal);
  assert.deepEqual(result, {
    kind: "found",
    records: [{ address: "10.0.0.1", ttl: 60 }],
    complete: false,
  });
});

for (
  const [what, reply] of [
    ["does not exist", { kind: "error", rcode: NXDOMAIN }],
    ["has no address", NONE],
    ["gets SERVFAIL", { kind: "error", rcode: SERVFAIL }],
    ["gets REFUSED", { kind: "error", rcode: REFUSED }],
  ] as const satisfies readonly (readonly [string, DnsReply])[]
) {
  Deno.test(`createLookup() says notFound when the name ${what}`, async () => {
    await using server = startDnsServer(() => reply);
    const result = await createLookup([server.address])("no.test", new AbortController().signal);
    assert.deepEqual(result, { kind: "failed", reason: "notFound" });
  });
}

Deno.test("createLookup() never makes up an address for a name that cannot exist", async () => {
  await using server = startDnsServer(() => ({ kind: "error", rcode: NXDOMAIN }));
  const lookup = createLookup([server.address]);
  for (const name of ["test.invalid", "a..b", "", "-", "x".repeat(64), "a b", "%00", "\0"]) {
    const result = await lookup(name, new AbortController().signal);
    assert.deepEqual(result, { kind: "failed", reason: "notFound" }, JSON.stringify(name));
  }
});

Deno.test("createLookup() gives up when told to", async () => {
  const { promise: asked, resolve: noteQuery } = Promise.withResolvers<void>();
  await using server = startDnsServer(() => {
    noteQuery();
    return { kind: "silent" };
  });
  const controller = new AbortController();
  const result = createLookup([server.address])("silent.test", controller.signal);
  await asked;
  controller.abort();
  assert.deepEqual(await result, { kind: "failed", reason: "timeout" });
});

Deno.test("createLookup() finds the names of the hosts file without any name server", async () => {
  const result = await createLookup()("localhost", new AbortController().signal);
  assert.equal(result.kind, "found");
  const addresses = result.kind === "found" ? result.records.map(({ address }) => address) : [];
  assert.ok(addresses.includes("127.0.0.1"), addresses.join());
});

Deno.test({
  name: "createLookup() gets by with a grant for the bare name, but then knows no time to live",
  permissions: { net: ["localhost"] },
  async fn() {
    const result = await createLookup()("localhost", new AbortController().signal);
    assert.equal(result.kind, "found");
    const records = result.kind === "found" ? result.records : [];
    assert.ok(records.some(({ address }) => address === "127.0.0.1"));
    assert.ok(records.every(({ ttl }) => ttl === null));
  },
});

Deno.test({
  name: "createLookup() says notPermitted when neither name server nor name is granted",
  permissions: { net: ["192.0.2.1", "localhost:443"] },
  async fn() {
    const result = await createLookup()("localhost", new AbortController().signal);
    assert.deepEqual(result, { kind: "failed", reason: "notPermitted" });
  },
});
