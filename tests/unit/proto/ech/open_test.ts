import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { EchKem, EchKey, EchSettings } from "../../../../src/model/ech.ts";
import {
  type EchContext,
  type EchOpening,
  openClientHello,
  reopenClientHello,
} from "../../../../src/proto/ech/open.ts";
import { ALERT } from "../../../../src/proto/tls/alert.ts";
import captured from "../../../corpus/tls.json" with { type: "json" };
import { buildClientHello } from "../../../support/client_hello_builder.ts";
import {
  ALL_SUITES,
  COMMON_SUITE,
  EchClient,
  type EchHelloSpec,
  echKey,
  echSettings,
  greaseHello,
} from "../../../support/ech_client.ts";
import { helloOf } from "../../../support/parsed_hello.ts";

const KEY = echKey();
const SETTINGS = echSettings({ keys: [KEY] });

for (const kem of ["x25519", "p256"] satisfies EchKem[]) {
  for (const suite of ALL_SUITES) {
    Deno.test(`hellos that hpke-js seals open, both: ${kem}, KDF ${suite.kdf}, AEAD ${suite.aead}`, async () => {
      const key = echKey({ kem });
      const client = await EchClient.foreign(key, suite);
      const first = await client.hello({ compressed: [43, 51] });
      const opening = open(first.outer, echSettings({ keys: [key] }));
      assert.ok(opening.kind === "accepted", opening.kind);
      assert.equal(opening.inner.toHex(), first.inner.toHex());
      assert.equal(opening.hello.serverName, "private.example");
      assert.equal(opening.key, key);
      const second = await client.hello({ compressed: [16, 43, 51], isSecond: true });
      const reopening = reopenClientHello(second.outer, opening.context);
      assert.ok(reopening.kind === "accepted");
      assert.equal(reopening.inner.toHex(), second.inner.toHex());
      assert.deepEqual(reopening.hello, helloOf(second.inner));
    });
  }
}

Deno.test("openClientHello has nothing to do with a hello without ECH", () => {
  assert.deepEqual(open(buildClientHello({ serverName: "public.example" })), { kind: "none" });
});

Deno.test("openClientHello takes a hello without a name outside", () => {
  assert.equal(open(EchClient.seeded(KEY).hello({ isNameless: true }).outer).kind, "accepted");
});

Deno.test("openClientHello does not read what is behind the hello", () => {
  const { outer, inner } = EchClient.seeded(KEY).hello();
  const longer = new Uint8Array(outer.length + 9).fill(7);
  longer.set(outer);
  const opening = open(longer);
  assert.ok(opening.kind === "accepted");
  assert.equal(opening.inner.toHex(), inner.toHex());
});

Deno.test("openClientHello and reopenClientHello leave a hello in a Buffer as it is", () => {
  const client = EchClient.seeded(KEY);
  const [first, second] = [client.hello(), client.hello({ isSecond: true })];
  const message = Buffer.from(first.outer);
  const opening = open(message);
  assert.equal(message.toHex(), first.outer.toHex());
  assert.ok(opening.kind === "accepted");
  const again = Buffer.from(second.outer);
  reopenClientHello(again, opening.context);
  assert.equal(again.toHex(), second.outer.toHex());
});

Deno.test("openClientHello tries each key of a config_id in turn", () => {
  const keys = [echKey({ seed: 1 }), echKey({ seed: 2 }), echKey({ seed: 3 })];
  for (const key of keys) {
    const opening = open(EchClient.seeded(key).hello().outer, echSettings({ keys }));
    assert.ok(opening.kind === "accepted");
    assert.equal(opening.key, key);
  }
  const stale = EchClient.seeded(echKey({ seed: 4 })).hello();
  assert.deepEqual(open(stale.outer, echSettings({ keys })), {
    kind: "rejected",
    configId: 7,
    isOurs: true,
    tried: 3,
    isLimited: false,
  });
});

Deno.test("openClientHello tells one configuration of a key from another", () => {
  const old = echKey({ publicName: "old.example" });
  const { outer } = EchClient.seeded(old).hello();
  assert.equal(
    open(outer, echSettings({ keys: [echKey({ publicName: "new.example" })] })).kind,
    "rejected",
  );
  const opening = open(outer, echSettings({ keys: [KEY, old] }));
  assert.ok(opening.kind === "accepted");
  assert.equal(opening.key, old);
});

Deno.test("openClientHello tries keys of another config_id when it is told to, and only then", () => {
  const other = echKey({ configId: 9 });
  const { outer } = EchClient.seeded(other).hello({ configId: 200 });
  const keys = [KEY, other];
  assert.deepEqual(open(outer, echSettings({ keys })), rejected(200, { isOurs: false, tried: 0 }));
  const opening = open(outer, echSettings({ keys, trialDecryption: true }));
  assert.ok(opening.kind === "accepted");
  assert.equal(opening.key, other);
  const stale = EchClient.seeded(echKey({ seed: 3 })).hello({ configId: 9 }).outer;
  assert.deepEqual(
    open(stale, echSettings({ keys, trialDecryption: true })),
    rejected(9, { isOurs: true, tried: 2 }),
  );
});

Deno.test("openClientHello holds a hello to the suites of the configuration", () => {
  const key = echKey({ suites: [{ kdf: 1, aead: 3 }, { kdf: 2, aead: 1 }] });
  const settings = echSettings({ keys: [key] });
  for (const suite of ALL_SUITES) {
    const isListed = key.suites.some(({ kdf, aead }) => kdf === suite.kdf && aead === suite.aead);
    const opening = open(EchClient.seeded(key, suite).hello().outer, settings);
    assert.equal(opening.kind, isListed ? "accepted" : "rejected");
    if (opening.kind === "rejected") assert.equal(opening.tried, 0);
  }
});

Deno.test("openClientHello takes another key of the config_id whose configuration has the suite", () => {
  const suite = { kdf: 3, aead: 2 };
  const keys = [echKey({ suites: [COMMON_SUITE] }), echKey({ suites: [suite], seed: 2 })];
  const [, key] = keys;
  assert.ok(key !== undefined);
  const opening = open(EchClient.seeded(key, suite).hello().outer, echSettings({ keys }));
  assert.ok(opening.kind === "accepted");
  assert.equal(opening.key, key);
});

Deno.test("openClientHello rejects suites that it does not know, even when a configuration lists them", () => {
  for (const suite of [{ kdf: 9, aead: 1 }, { kdf: 1, aead: 0xffff }]) {
    const settings = echSettings({ keys: [echKey({ suites: [suite] })] });
    const { outer } = EchClient.seeded(KEY).hello({ suite });
    assert.deepEqual(open(outer, settings), rejected(7, { isOurs: true, tried: 1 }));
  }
});

Deno.test("openClientHello asks once for leave to try, and only when there is a key to try", () => {
  const keys = [echKey({ seed: 1 }), echKey({ seed: 2 })];
  const { outer } = EchClient.seeded(KEY).hello();
  for (const isAllowed of [true, false]) {
    let asked = 0;
    const opening = openClientHello(outer, helloOf(outer), echSettings({ keys }), () => {
      asked++;
      return isAllowed;
    });
    assert.equal(asked, 1);
    assert.deepEqual(opening, {
      ...rejected(7, { isOurs: true, tried: isAllowed ? 2 : 0 }),
      isLimited: !isAllowed,
    });
  }
  const never = () => assert.fail("There is nothing to try");
  const grease = greaseHello(8);
  assert.deepEqual(
    openClientHello(grease, helloOf(grease), SETTINGS, never),
    rejected(8, { isOurs: false, tried: 0 }),
  );
});

Deno.test("openClientHello tells a stale configuration from GREASE by its config_id", () => {
  const settings = echSettings({ keys: [KEY], retiredConfigIds: [3, 250] });
  for (let configId = 0; configId < 256; configId++) {
    const isHeld = configId === KEY.configId;
    const isOurs = isHeld || configId === 3 || configId === 250;
    assert.deepEqual(
      open(greaseHello(configId), settings),
      rejected(configId, { isOurs, tried: isHeld ? 1 : 0 }),
    );
  }
});

Deno.test("openClientHello never answers GREASE with an alert, whatever enc and payload are", () => {
  for (const kem of ["x25519", "p256"] satisfies EchKem[]) {
    const keys = [echKey({ kem })];
    for (const enc of [0, 1, 31, 32, 33, 64, 65, 66, 1000]) {
      for (const length of [1, 15, 16, 17, 500]) {
        for (const first of [0, 4]) {
          const hello = greaseHello(7, { enc: new Uint8Array(enc).fill(first, 0, 1), length });
          assert.equal(open(hello, echSettings({ keys })).kind, "rejected");
        }
      }
    }
  }
});

for (const { name, hex, expected } of captured.filter(({ expected }) => expected.ech)) {
  const RECORD_HEADER = 5;
  const message = Uint8Array.fromHex(hex).subarray(RECORD_HEADER, expected.consumed);

  Deno.test(`openClientHello rejects the GREASE of a browser: ${name}`, () => {
    const opening = open(message);
    assert.ok(opening.kind === "rejected");
    const { configId } = opening;
    assert.equal(opening.isOurs, configId === KEY.configId);
    // Should its config_id be that of a key by chance, it is tried, and that is all.
    const colliding = echSettings({ keys: [echKey({ configId })] });
    assert.deepEqual(open(message, colliding), rejected(configId, { isOurs: true, tried: 1 }));
  });
}

Deno.test("openClientHello receives nothing with a key whose private part is none", () => {
  const key: EchKey = { ...echKey({ kem: "p256" }), privateKey: new Uint8Array(32) };
  const { outer } = EchClient.seeded(key).hello();
  assert.equal(open(outer, echSettings({ keys: [key] })).kind, "rejected");
});

Deno.test("openClientHello opens with a copy of a key, as another thread has", () => {
  const { outer } = EchClient.seeded(KEY).hello();
  assert.equal(open(outer, structuredClone(SETTINGS)).kind, "accepted");
});

Deno.test("reopenClientHello opens with the context of the first hello", () => {
  const { client, context } = accepted();
  const second = client.hello({ isSecond: true });
  const reopening = reopenClientHello(second.outer, context);
  assert.ok(reopening.kind === "accepted");
  assert.equal(reopening.inner.toHex(), second.inner.toHex());
});

/** RFC 9849 §7.1.1. */
const SECOND_ROWS: readonly (readonly [name: string, spec: EchHelloSpec, alert: number])[] = [
  ["a changed config_id", { configId: 8, isSecond: true }, ALERT.illegalParameter],
  ["a changed KDF", { suite: { kdf: 2, aead: 1 }, isSecond: true }, ALERT.illegalParameter],
  ["a changed cipher", { suite: { kdf: 1, aead: 2 }, isSecond: true }, ALERT.illegalParameter],
  ["an encapsulated key", {}, ALERT.illegalParameter],
  ["a byte of an encapsulated key", { enc: new Uint8Array(1) }, ALERT.illegalParameter],
];

for (const [name, spec, alert] of SECOND_ROWS) {
  Deno.test(`reopenClientHello answers alert ${alert} to ${name}`, () => {
    const { client, context } = accepted();
    assert.deepEqual(reopenClientHello(client.hello(spec).outer, context), {
      kind: "fault",
      alert,
    });
  });
}

Deno.test("reopenClientHello answers missing_extension to a hello without ECH", () => {
  const { context } = accepted();
  const alert = ALERT.missingExtension;
  const message = buildClientHello({ serverName: "public.example" });
  assert.deepEqual(reopenClientHello(message, context), { kind: "fault", alert });
});

Deno.test("reopenClientHello answers decrypt_error to what was not sealed as the second", () => {
  const alert = ALERT.decryptError;
  const { client, context } = accepted();
  client.hello(); // uses up the number
  const third = client.hello({ isSecond: true }).outer;
  assert.deepEqual(reopenClientHello(third, context), { kind: "fault", alert });

  const anew = EchClient.seeded(KEY).hello({ isSecond: true }).outer;
  assert.deepEqual(reopenClientHello(anew, context), { kind: "fault", alert });
});

Deno.test("reopenClientHello answers decrypt_error to a payload or an outer hello that was changed", () => {
  for (const place of ["payload", "before", "behind"]) {
    const { client, context } = accepted();
    const { outer, payloadStart, payloadEnd } = client.hello({ isSecond: true, place: 0 });
    const at = { payload: payloadStart, before: 10, behind: payloadEnd + 6 }[place] ?? 0;
    outer[at] = (outer[at] ?? 0) ^ 1;
    assert.deepEqual(reopenClientHello(outer, context), {
      kind: "fault",
      alert: ALERT.decryptError,
    }, place);
  }
});

Deno.test("reopenClientHello answers what is no hello", () => {
  const { client, context } = accepted();
  const { outer } = client.hello({ isSecond: true });
  const { unexpectedMessage, decodeError } = ALERT;
  for (
    const [message, alert] of [
      [outer.with(0, 2), unexpectedMessage],
      [outer.subarray(0, -1), decodeError],
      [new Uint8Array(0), decodeError],
      [outer.with(38, 33), decodeError], // the length of the session ID
    ] as const
  ) assert.deepEqual(reopenClientHello(message, context), { kind: "fault", alert });
});

function open(message: Uint8Array, settings: EchSettings = SETTINGS): EchOpening {
  return openClientHello(message, helloOf(message), settings);
}

/** A client whose first hello was accepted. */
function accepted(): { client: EchClient<Uint8Array>; context: EchContext } {
  const client = EchClient.seeded(KEY);
  const opening = open(client.hello().outer);
  assert.ok(opening.kind === "accepted");
  return { client, context: opening.context };
}

function rejected(
  configId: number,
  part: { readonly isOurs: boolean; readonly tried: number },
): EchOpening {
  return { kind: "rejected", configId, isLimited: false, ...part };
}
