import assert from "node:assert/strict";
import type { EchKem } from "../../../../src/model/ech.ts";
import {
  derivePublicKey,
  importPublicKey,
  keyPairFromSeed,
} from "../../../../src/proto/hpke/key.ts";
import { HPKE_VECTORS } from "../../../vectors/hpke_base.ts";

for (const { kem, kdf, aead, ikmR, skR, pkR } of HPKE_VECTORS) {
  Deno.test(`keyPairFromSeed derives the keys of RFC 9180: ${kem}, KDF ${kdf}, AEAD ${aead}`, () => {
    const { privateKey, publicKey } = keyPairFromSeed(kem, Uint8Array.fromHex(ikmR));
    assert.equal(privateKey.toHex(), skR);
    assert.equal(publicKey.toHex(), pkR);
  });

  Deno.test(`derivePublicKey finds the public keys of RFC 9180: ${kem}, KDF ${kdf}, AEAD ${aead}`, () => {
    assert.equal(derivePublicKey(kem, Uint8Array.fromHex(skR))?.toHex(), pkR);
  });
}

Deno.test("derivePublicKey gives nothing for bytes that are no private key", () => {
  const ORDER = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
  for (const scalar of ["00".repeat(32), ORDER, "ff".repeat(32)]) {
    assert.equal(derivePublicKey("p256", Uint8Array.fromHex(scalar)), null, scalar);
  }
  for (const kem of ["x25519", "p256"] satisfies EchKem[]) {
    for (const length of [0, 31, 33, 64]) {
      assert.equal(derivePublicKey(kem, new Uint8Array(length).fill(1)), null);
    }
  }
});

Deno.test("derivePublicKey takes the largest scalar of P-256, whose point has the generator's x", () => {
  const scalar = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550";
  assert.equal(
    derivePublicKey("p256", Uint8Array.fromHex(scalar))?.subarray(0, 33).toHex(),
    "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296",
  );
});

Deno.test("importPublicKey takes keys of the right form alone", () => {
  const { publicKey } = keyPairFromSeed("p256", new Uint8Array(32));
  assert.notEqual(importPublicKey("p256", publicKey), null);
  for (const first of [0, 2, 3, 5, 6, 7]) {
    assert.equal(importPublicKey("p256", publicKey.with(0, first)), null, `form ${first}`);
  }
  assert.equal(importPublicKey("x25519", publicKey), null);
});
