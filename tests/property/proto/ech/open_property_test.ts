import assert from "node:assert/strict";
import fc from "fast-check";
import type { EchKem } from "../../../../src/model/ech.ts";
import { openClientHello, reopenClientHello } from "../../../../src/proto/ech/open.ts";
import { parseClientHello } from "../../../../src/proto/tls/client_hello.ts";
import { clientHelloSpec } from "../../../support/client_hello_arbitrary.ts";
import { type ClientHelloSpec, extensionsOf } from "../../../support/client_hello_builder.ts";
import {
  ALL_SUITES,
  DEFAULT_INNER,
  EchClient,
  type EchHelloSpec,
  echKey,
  echSettings,
  type SealedHello,
} from "../../../support/ech_client.ts";
import { helloOf } from "../../../support/parsed_hello.ts";

const KEYS = { x25519: echKey(), p256: echKey({ kem: "p256" }) };
const OUTER_EXTENSIONS = 0xfd00;

const kem = fc.constantFrom<EchKem>("x25519", "p256");
const suite = fc.constantFrom(...ALL_SUITES);

/** What an inner hello may say. */
const innerSpec: fc.Arbitrary<ClientHelloSpec> = clientHelloSpec.map((spec) => {
  const { echPayloadLength: _, extensions = [], ...rest } = spec;
  return {
    ...DEFAULT_INNER,
    ...rest,
    supportedVersions: [0x0a0a, 0x0304],
    extensions: extensions.filter(({ type }) => type !== OUTER_EXTENSIONS),
  };
});

/** A sound hello that leaves any extensions that follow on one another to the outer one. */
const helloSpec: fc.Arbitrary<EchHelloSpec> = fc
  .record({
    inner: innerSpec,
    from: fc.nat(8),
    count: fc.nat(8),
    padding: fc.nat(200),
    place: fc.nat(8),
  })
  .map(({ inner, from, count, padding, place }) => {
    const types = extensionsOf(inner).map(({ type }) => type);
    // The name of the outer hello is another, so it cannot be left to that.
    const compressed = types.slice(from, from + count).filter((type) => type !== 0);
    return { inner, compressed, padding, place: Math.min(place, types.length) };
  });

Deno.test("every hello opens to the client's inner one, first and second, and is not longer than it was", () => {
  fc.assert(
    fc.property(kem, suite, helloSpec, helloSpec, (kem, suite, firstSpec, secondSpec) => {
      const client = EchClient.seeded(KEYS[kem], suite);
      const first = client.hello(firstSpec);
      const before = first.outer.toHex();
      const opening = openClientHello(
        first.outer,
        helloOf(first.outer),
        echSettings({ keys: [KEYS[kem]] }),
      );
      assert.ok(opening.kind === "accepted", JSON.stringify(opening));
      assertOpened(first, opening.inner);
      assert.deepEqual(opening.hello, helloOf(first.inner));
      assert.equal(first.outer.toHex(), before, "the message is only read");

      const second = client.hello({ ...secondSpec, isSecond: true });
      const reopening = reopenClientHello(second.outer, opening.context);
      assert.ok(reopening.kind === "accepted", JSON.stringify(reopening));
      assertOpened(second, reopening.inner);
    }),
    { numRuns: 150 },
  );
});

function assertOpened({ outer, inner }: SealedHello, opened: Uint8Array): void {
  assert.equal(opened.toHex(), inner.toHex());
  assert.ok(opened.length < outer.length);
}

for (const kem of ["x25519", "p256"] satisfies EchKem[]) {
  const settings = echSettings({ keys: [KEYS[kem]], trialDecryption: true });

  Deno.test(`no hello opens of which any byte was changed, first: ${kem}`, () => {
    const { outer } = EchClient.seeded(KEYS[kem]).hello({ compressed: [43, 51], padding: 3 });
    for (const message of changedSomewhere(outer)) {
      const verdict = parseClientHello(message);
      if (verdict.kind !== "match") continue;
      const opening = openClientHello(message, verdict.value, settings);
      assert.ok(["rejected", "fault", "none"].includes(opening.kind));
      // A fault is that of an extension which is broken: nothing was opened that could be.
      if (opening.kind === "fault") assert.equal(opening.configId, null);
    }
  });

  Deno.test(`no hello opens of which any byte was changed, second: ${kem}`, () => {
    const client = EchClient.seeded(KEYS[kem]);
    const { outer } = client.hello();
    const opening = openClientHello(outer, helloOf(outer), settings);
    assert.ok(opening.kind === "accepted");
    const second = client.hello({ compressed: [43, 51], padding: 3, isSecond: true });
    for (const message of changedSomewhere(second.outer)) {
      assert.equal(reopenClientHello(message, opening.context).kind, "fault");
    }
    // A failed open uses nothing up.
    assert.equal(reopenClientHello(second.outer, opening.context).kind, "accepted");
  });
}

/** The message with one byte changed in turn, by one bit and wholly. */
function* changedSomewhere(message: Uint8Array): Generator<Uint8Array> {
  for (let i = 0; i < message.length; i++) {
    for (const change of [1 << i % 8, 0xff]) {
      yield message.with(i, (message[i] ?? 0) ^ change);
    }
  }
}

Deno.test("no hello opens that was changed in any way, nor does one throw", () => {
  const settings = echSettings({ keys: [KEYS.x25519], trialDecryption: true });
  fc.assert(
    fc.property(
      helloSpec,
      fc.nat(),
      fc.uint8Array({ minLength: 1, maxLength: 6 }),
      (spec, at, put) => {
        const { outer } = EchClient.seeded(KEYS.x25519).hello(spec);
        const changed = outer.slice();
        put.forEach((byte, i) => {
          const place = (at + i) % changed.length;
          changed[place] = (changed[place] ?? 0) ^ byte;
        });
        const verdict = parseClientHello(changed);
        if (verdict.kind !== "match" || changed.toHex() === outer.toHex()) return;
        assert.notEqual(openClientHello(changed, verdict.value, settings).kind, "accepted");
      },
    ),
    { numRuns: 200 },
  );
});
