import assert from "node:assert/strict";
import fc from "fast-check";
import { concat, toRecords } from "../../../support/client_hello_builder.ts";
import { chunkSizes } from "../../../support/detector_laws.ts";
import { assertRetryLaws } from "../../../support/retry_laws.ts";
import { PUBLIC_KEY, RETRY_CONFIGS } from "../../../support/retry_rejection.ts";
import { connect, RetrySession } from "../../../support/retry_session.ts";
import { GROUP, type OfferSpec } from "../../../support/tls13_client.ts";

const NO_BYTES = new Uint8Array(0);
const UNKNOWN = [0x0a0a, 0x0018, 0x0019, 0xfafa];

/** Offers that can be served: some suite and some group that is known, in any order, among others. */
const offer: fc.Arbitrary<OfferSpec> = fc.record({
  cipherSuites: someOf([0x1301, 0x1302, 0x1303], [0x0a0a, 0xc02b, 0x1304]),
  groups: someOf([GROUP.x25519, GROUP.p256], UNKNOWN),
  signatureAlgorithms: someOf([0x0403], [0x0804, 0x0603, 0x1a1a]),
  sessionId: fc.uint8Array({ maxLength: 32 }),
  ech: fc.boolean(),
}).chain((spec) =>
  fc.record({
    shares: fc.subarray(spec.groups),
    alpn: fc.array(fc.constantFrom("h2", "http/1.1", "dot"), { minLength: 1, maxLength: 3 }),
  }).map((more) => ({ ...spec, ...more }))
);

Deno.test("RetryServer serves every offer that it can, and whatever way its bytes are cut", () => {
  const recordSize = fc.integer({ min: 1, max: 500 });
  fc.assert(
    fc.property(offer, recordSize, chunkSizes, (spec, size, sizes) => {
      const session = new RetrySession();
      const { client } = session;
      const hello = (offered: OfferSpec) => toRecords(client.hello(offered), [size]);
      let reply = session.reply(hello(spec));
      const known = (group: number) => group === GROUP.x25519 || group === GROUP.p256;
      if (!spec.shares?.some((group) => typeof group === "number" && known(group))) {
        const asked = client.takeRetryRequest(reply).get(51);
        const group = Number.parseInt(asked?.toHex() ?? "", 16);
        reply = session.reply(hello({ ...spec, shares: [group] }));
      }
      const said = client.takeFlight(reply, PUBLIC_KEY);
      assert.equal(
        said.extensions.get(0xfe0d)?.toHex(),
        spec.ech ? RETRY_CONFIGS.toHex() : undefined,
      );
      assert.equal(said.extensions.has(16), spec.alpn?.includes("http/1.1"));
      assert.equal(session.push(client.finished(), client.alert(121)).kind, "retried");
      assert.equal(assertRetryLaws(session.head, sizes), "retried");
    }),
    { numRuns: 60 },
  );
});

Deno.test("RetryServer keeps its laws on any bytes, from the start and behind a hello", () => {
  const bytes = fc.uint8Array({ maxLength: 200 });
  const record = fc.tuple(fc.integer({ min: 19, max: 24 }), bytes).map(([type, payload]) =>
    concat(Uint8Array.of(type, 3, 3, 0, payload.length), payload)
  );
  const noise = fc.oneof(bytes, fc.array(record, { maxLength: 5 }).map((all) => concat(...all)));
  fc.assert(
    fc.property(noise, fc.boolean(), chunkSizes, (behind, hasHello, sizes) => {
      const hello = hasHello ? new RetrySession().client.helloRecord() : NO_BYTES;
      assertRetryLaws(concat(hello, behind), sizes);
    }),
    { numRuns: 60 },
  );
});

Deno.test("PlaintextChannel passes on what both sides say, however it is cut", () => {
  const talk = fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), {
    minLength: 1,
    maxLength: 8,
  });
  const answers = fc.array(fc.uint8Array({ maxLength: 40_000, size: "max" }), { maxLength: 3 });
  fc.assert(
    fc.property(talk, answers, chunkSizes, (texts, replies, sizes) => {
      const { client, channel, first } = connect(...texts);
      const heard: Uint8Array[] = [];
      let start = 0;
      for (let i = 0; start < first.length; i++) {
        const size = Math.max(1, sizes[Math.min(i, sizes.length - 1)] ?? 1);
        const output = channel.fromClient(first.subarray(start, start + size));
        assert.equal(output.next, "filter");
        if (output.toTarget !== null) heard.push(output.toTarget.slice());
        start += size;
      }
      assert.equal(concat(...heard).toHex(), concat(...texts).toHex());
      for (const reply of replies) {
        const { toClient } = channel.fromTarget(reply);
        const contents = client.open(toClient ?? NO_BYTES).map(({ content }) => content);
        assert.equal(concat(...contents).toHex(), reply.toHex());
      }
    }),
    { numRuns: 40 },
  );
});

/** Some of these, at least one, among some of those, in any order. */
function someOf(known: readonly number[], others: readonly number[]): fc.Arbitrary<number[]> {
  return fc.tuple(fc.subarray([...known], { minLength: 1 }), fc.subarray([...others]))
    .chain(([some, more]) =>
      fc.shuffledSubarray([...some, ...more], {
        minLength: some.length + more.length,
      })
    );
}
