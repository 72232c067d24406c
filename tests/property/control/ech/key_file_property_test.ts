import assert from "node:assert/strict";
import fc from "fast-check";
import { ValueError } from "../../../../src/control/config/value_error.ts";
import { encodeEchKeyFile, parseEchKeyFile } from "../../../../src/control/ech/key_file.ts";
import { keyPairFromSeed } from "../../../../src/proto/hpke/key.ts";

const file = fc
  .record({
    kem: fc.constantFrom("x25519" as const, "p256" as const),
    seed: fc.uint8Array({ minLength: 32, maxLength: 32 }),
    configs: fc.uint8Array({ minLength: 1, maxLength: 400 }),
  })
  .map(({ kem, seed, configs }) => ({
    kem,
    privateKey: keyPairFromSeed(kem, seed).privateKey,
    configList: Uint8Array.of(configs.length >> 8, configs.length & 0xff, ...configs),
  }));

Deno.test("parseEchKeyFile() reads back every file that encodeEchKeyFile() writes", () => {
  fc.assert(fc.property(file, (written) => {
    assert.deepEqual(parseEchKeyFile(encodeEchKeyFile(written)), written);
  }));
});

Deno.test("parseEchKeyFile() refuses what was changed with a message that shows no key", () => {
  const change = fc.record({ at: fc.nat({ max: 1000 }), to: fc.string({ maxLength: 3 }) });
  fc.assert(fc.property(file, change, (written, { at, to }) => {
    const text = encodeEchKeyFile(written);
    const start = at % text.length;
    const changed = text.slice(0, start) + to + text.slice(start + 1);
    try {
      parseEchKeyFile(changed);
    } catch (error) {
      assert(error instanceof ValueError);
      const shown = `${error.message} ${error.hint}`;
      assert.doesNotMatch(shown, /[A-Za-z0-9+/]{24}/);
    }
  }));
});
