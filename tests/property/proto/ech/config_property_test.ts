import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type EchConfigContents,
  encodeEchConfig,
  encodeEchConfigList,
  parseEchConfigList,
} from "../../../../src/proto/ech/config.ts";
import { concat, u16, vector16 } from "../../../support/client_hello_builder.ts";

const u8Value = fc.nat(0xff);
const u16Value = fc.nat(0xffff);

const contents: fc.Arbitrary<EchConfigContents> = fc.record(
  {
    configId: u8Value,
    kem: u16Value,
    publicKey: fc.uint8Array({ minLength: 1, maxLength: 100 }),
    suites: fc.array(fc.record({ kdf: u16Value, aead: u16Value }, { noNullPrototype: true }), {
      minLength: 1,
      maxLength: 20,
    }),
    maximumNameLength: u8Value,
    publicName: fc.uint8Array({ minLength: 1, maxLength: 255 })
      .map((bytes) => String.fromCharCode(...bytes)),
    extensions: fc.uniqueArray(
      fc.record({ type: u16Value, data: fc.uint8Array({ maxLength: 50 }) }, {
        noNullPrototype: true,
      }),
      { maxLength: 5, selector: ({ type }) => type },
    ),
  },
  { noNullPrototype: true },
);

const opaque = fc
  .tuple(u16Value.filter((version) => version !== 0xfe0d), fc.uint8Array({ maxLength: 60 }))
  .map(([version, body]) => ({ version, raw: concat(u16(version), vector16(body)) }));

Deno.test("parseEchConfigList reads any list as encodeEchConfigList wrote it", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(contents, opaque), { minLength: 1, maxLength: 6 }), (items) => {
      const configs = items.map((item) => "raw" in item ? item.raw : encodeEchConfig(item));
      const verdict = parseEchConfigList(encodeEchConfigList(configs));
      assert.ok(verdict.kind === "match");
      const expected = items.map((item, i) => {
        const raw = configs[i];
        return "raw" in item
          ? { kind: "opaque", version: item.version, raw }
          : { kind: "config", version: 0xfe0d, raw, ...item };
      });
      assert.deepEqual(verdict.value, expected);
    }),
  );
});

Deno.test("parseEchConfigList says something of any bytes, and of what it takes writes the same", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      for (const list of [bytes, vector16(bytes), vector16(concat(u16(0xfe0d), vector16(bytes)))]) {
        const verdict = parseEchConfigList(list);
        if (verdict.kind !== "match") assert.equal(verdict.kind, "malformed");
        else {
          const again = encodeEchConfigList(verdict.value.map(({ raw }) => raw));
          assert.equal(again.toHex(), list.toHex());
        }
      }
    }),
  );
});
