import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { EchKem } from "../../../../src/model/ech.ts";
import { keyPairFromSeed } from "../../../../src/proto/hpke/key.ts";
import { HpkeRecipient } from "../../../../src/proto/hpke/receiver.ts";
import { ALL_SUITES, COMMON_SUITE } from "../../../support/ech_client.ts";
import { foreignSender, seededSender } from "../../../support/hpke_sender.ts";
import {
  HPKE_INFO,
  HPKE_PLAINTEXT,
  HPKE_VECTORS,
  type HpkeVector,
} from "../../../vectors/hpke_base.ts";

const INFO = Uint8Array.fromHex(HPKE_INFO);
const NONE = new Uint8Array(0);

for (const vector of HPKE_VECTORS) {
  const { kem, kdf, aead, ciphertexts } = vector;
  const name = `${kem}, KDF ${kdf}, AEAD ${aead}`;

  if (ciphertexts.length > 0) {
    Deno.test(`HpkeReceiver opens the encryptions of RFC 9180: ${name}`, () => {
      const receiver = recipientOf(vector).setup(vector, Uint8Array.fromHex(vector.enc));
      ciphertexts.forEach((ciphertext, i) => {
        const aad = new TextEncoder().encode(`Count-${i}`);
        const opened = receiver?.open(aad, Uint8Array.fromHex(ciphertext));
        assert.equal(hexOf(opened), HPKE_PLAINTEXT);
      });
    });
  }

  Deno.test(`HpkeReceiver opens a thousand encryptions whose sum is known: ${name}`, () => {
    const seed = Uint8Array.fromHex(vector.ikmE);
    const publicKey = Uint8Array.fromHex(vector.pkR);
    const sender = seededSender({ kem, publicKey }, vector, INFO, seed);
    assert.equal(sender.enc.toHex(), vector.enc);
    const receiver = recipientOf(vector).setup(vector, sender.enc);
    const source = createHash("shake128", { outputLength: 600_000 }).digest();
    let offset = 0;
    const draw = () => {
      const start = offset + 1;
      offset = start + (source[offset] ?? 0);
      return new Uint8Array(source.subarray(start, offset));
    };
    const sum = createHash("shake128", { outputLength: 16 });
    for (let i = 0; i < 1000; i++) {
      const aad = draw();
      const plaintext = draw();
      const sealed = sender.seal(aad, plaintext);
      sum.update(sealed);
      assert.equal(hexOf(receiver?.open(aad, sealed)), plaintext.toHex());
    }
    assert.ok(offset <= source.length);
    assert.equal(sum.digest("hex"), vector.accumulated);
  });
}

for (const kem of ["x25519", "p256"] satisfies EchKem[]) {
  for (const suite of ALL_SUITES) {
    Deno.test(`HpkeReceiver opens what hpke-js seals: ${kem}, KDF ${suite.kdf}, AEAD ${suite.aead}`, async () => {
      const { publicKey, privateKey } = keyPairFromSeed(kem, new Uint8Array(32).fill(3));
      const recipient = new HpkeRecipient(kem, privateKey, publicKey, INFO);
      // Many keys: now and then a shared secret begins with zeros, which must be kept.
      for (let round = 0; round < 8; round++) {
        const sender = await foreignSender({ kem, publicKey }, suite, INFO);
        const receiver = recipient.setup(suite, sender.enc);
        for (const text of ["first", "", "third"]) {
          const plaintext = new TextEncoder().encode(text);
          const sealed = await sender.seal(INFO, plaintext);
          assert.equal(hexOf(receiver?.open(INFO, sealed)), plaintext.toHex());
        }
      }
    });
  }
}

Deno.test("HpkeReceiver.open opens nothing that was changed, and keeps its place", () => {
  for (const suite of ALL_SUITES) {
    const { publicKey, privateKey } = keyPairFromSeed("x25519", new Uint8Array(32));
    const sender = seededSender({ kem: "x25519", publicKey }, suite, INFO);
    const receiver = new HpkeRecipient("x25519", privateKey, publicKey, INFO)
      .setup(suite, sender.enc);
    assert.ok(receiver !== null);
    const plaintext = Uint8Array.of(1, 2, 3);
    const sealed = sender.seal(INFO, plaintext);
    for (let i = 0; i < sealed.length; i++) {
      const changed = sealed.slice();
      changed[i] = (changed[i] ?? 0) ^ 1 << i % 8;
      assert.equal(receiver.open(INFO, changed), null);
    }
    for (let end = 0; end < sealed.length; end++) {
      assert.equal(receiver.open(INFO, sealed.subarray(0, end)), null);
    }
    assert.equal(receiver.open(NONE, sealed), null);
    assert.equal(hexOf(receiver.open(INFO, sealed)), plaintext.toHex());
    assert.equal(receiver.open(INFO, sealed), null, "and never twice");
    assert.equal(hexOf(receiver.open(NONE, sender.seal(NONE, NONE))), "");
  }
});

Deno.test("HpkeRecipient.setup takes no encapsulated key of another length or form", () => {
  for (const kem of ["x25519", "p256"] satisfies EchKem[]) {
    const pair = keyPairFromSeed(kem, new Uint8Array(32));
    const recipient = new HpkeRecipient(kem, pair.privateKey, pair.publicKey, INFO);
    const { enc } = seededSender({ kem, publicKey: pair.publicKey }, COMMON_SUITE, INFO);
    assert.notEqual(recipient.setup(COMMON_SUITE, enc), null);
    for (let end = 0; end < enc.length; end++) {
      assert.equal(recipient.setup(COMMON_SUITE, enc.subarray(0, end)), null);
    }
    assert.equal(recipient.setup(COMMON_SUITE, Uint8Array.of(...enc, 0)), null);
  }
});

Deno.test("HpkeRecipient.setup takes no point of X25519 that gives zeros (RFC 9180 §7.1.4)", () => {
  const pair = keyPairFromSeed("x25519", new Uint8Array(32));
  const recipient = new HpkeRecipient("x25519", pair.privateKey, pair.publicKey, INFO);
  // Points of small order (RFC 7748 §6.1), in all their encodings: of order 1, 2, 4, 8, and those beyond the prime.
  const points = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  ];
  for (const point of points) {
    assert.equal(recipient.setup(COMMON_SUITE, Uint8Array.fromHex(point)), null, point);
  }
});

Deno.test("HpkeRecipient.setup takes no point that is not on P-256", () => {
  const pair = keyPairFromSeed("p256", new Uint8Array(32));
  const recipient = new HpkeRecipient("p256", pair.privateKey, pair.publicKey, INFO);
  const { enc } = seededSender({ kem: "p256", publicKey: pair.publicKey }, COMMON_SUITE, INFO);
  for (let i = 0; i < enc.length; i++) {
    const changed = enc.slice();
    changed[i] = (changed[i] ?? 0) ^ 1;
    assert.equal(recipient.setup(COMMON_SUITE, changed), null, `byte ${i}`);
  }
  assert.equal(recipient.setup(COMMON_SUITE, new Uint8Array(65)), null, "the point at infinity");
  assert.equal(recipient.setup(COMMON_SUITE, new Uint8Array(65).fill(0xff, 1).fill(4, 0, 1)), null);
  const compressed = Uint8Array.of(2 + (enc[64] ?? 0) % 2, ...enc.subarray(1, 33));
  assert.equal(recipient.setup(COMMON_SUITE, compressed), null, "a compressed one");
});

Deno.test("HpkeRecipient.setup knows nothing of suites without a number here", () => {
  const { publicKey, privateKey } = keyPairFromSeed("x25519", new Uint8Array(32));
  const recipient = new HpkeRecipient("x25519", privateKey, publicKey, INFO);
  const { enc } = seededSender({ kem: "x25519", publicKey }, COMMON_SUITE, INFO);
  for (const [kdf, aead] of [[0, 1], [4, 1], [1, 0], [1, 4], [1, 0xffff], [0xffff, 1]] as const) {
    assert.equal(recipient.setup({ kdf, aead }, enc), null);
  }
});

Deno.test("HpkeRecipient receives nothing with a private key that is none", () => {
  const { publicKey } = keyPairFromSeed("p256", new Uint8Array(32));
  const { enc } = seededSender({ kem: "p256", publicKey }, COMMON_SUITE, INFO);
  for (const privateKey of [new Uint8Array(32), new Uint8Array(32).fill(0xff), NONE]) {
    const recipient = new HpkeRecipient("p256", privateKey, publicKey, INFO);
    assert.equal(recipient.setup(COMMON_SUITE, enc), null);
  }
});

function recipientOf({ kem, skR, pkR }: HpkeVector): HpkeRecipient {
  return new HpkeRecipient(kem, Uint8Array.fromHex(skR), Uint8Array.fromHex(pkR), INFO);
}

function hexOf(bytes: Uint8Array | null | undefined): string | undefined {
  return bytes?.toHex();
}
