import assert from "node:assert/strict";
import fc from "fast-check";
import type { SocketAddress } from "../../../src/model/address.ts";
import { MAX_PROXY_HEADER } from "../../../src/model/limits.ts";
import { formatIp } from "../../../src/proto/ip.ts";
import {
  encodeProxyHeader,
  parseProxyHeader,
  type ProxiedConnection,
} from "../../../src/proto/proxy_protocol.ts";
import { concat } from "../../support/client_hello_builder.ts";
import { matched } from "../../support/chunks.ts";
import { assertLaws, chunkSizes, mutate, mutations } from "../../support/detector_laws.ts";
import { tlv, V2_SIGNATURE } from "../../support/proxy_header_builder.ts";

const host = fc
  .oneof(
    fc.uint8Array({ minLength: 4, maxLength: 4 }),
    fc.uint8Array({ minLength: 16, maxLength: 16 }),
  )
  .map(formatIp);
const address: fc.Arbitrary<SocketAddress> = fc.record(
  { host, port: fc.integer({ min: 0, max: 65_535 }) },
  { noNullPrototype: true },
);

/** TLVs of any type but the checksum, whose value a header decides. */
const tlvs = fc
  .array(
    fc.tuple(
      fc.integer({ min: 0, max: 255 }).filter((type) => type !== 3),
      fc.uint8Array({ maxLength: 60 }),
    ),
    { minLength: 1, maxLength: 6 },
  )
  .map((list) => concat(...list.map(([type, value]) => tlv(type, value))));

const connection: fc.Arbitrary<ProxiedConnection> = fc.record({
  source: address,
  destination: address,
  tlvs: fc.option(tlvs),
});
const version = fc.constantFrom("v1", "v2");

Deno.test("parseProxyHeader() reads back what encodeProxyHeader() writes", () => {
  fc.assert(fc.property(version, connection, fc.uint8Array(), (spoken, written, behind) => {
    const header = encodeProxyHeader(spoken, written);
    assert(header.length <= MAX_PROXY_HEADER);
    assert.deepEqual(matched(parseProxyHeader(concat(header, behind))), {
      length: header.length,
      source: written.source,
      destination: written.destination,
      tlvs: spoken === "v2" ? written.tlvs : null,
    });
  }));
});

Deno.test("parseProxyHeader() verifies every checksum that encodeProxyHeader() computes", () => {
  const flip = fc.record({ at: fc.nat({ max: 10_000 }), bit: fc.nat({ max: 7 }) });
  fc.assert(fc.property(connection, flip, (written, { at, bit }) => {
    const checked = concat(written.tlvs ?? new Uint8Array(0), tlv(3, new Uint8Array(4)));
    const header = encodeProxyHeader("v2", { ...written, tlvs: checked });
    assert.equal(parseProxyHeader(header).kind, "match");
    const addresses = header[13] === 0x11 ? 12 : 36;
    const place = 16 + at % addresses; // a flip elsewhere may make another kind of fault of it
    header[place] = (header[place] ?? 0) ^ 1 << bit;
    assert.deepEqual(parseProxyHeader(header), { kind: "malformed", code: "bad_checksum" });
  }));
});

Deno.test("parseProxyHeader() keeps the laws for headers, whole or with bytes flipped", () => {
  fc.assert(
    fc.property(
      version,
      connection,
      fc.option(mutations),
      chunkSizes,
      (spoken, written, changes, sizes) => {
        const header = encodeProxyHeader(spoken, written);
        const bytes = changes === null ? header : mutate(header, changes);
        assertLaws(() => parseProxyHeader, (value) => value.length, bytes, sizes);
      },
    ),
  );
});

Deno.test("parseProxyHeader() ends its need for more within the bound", () => {
  const start = fc.constantFrom(new TextEncoder().encode("PROXY "), V2_SIGNATURE);
  fc.assert(fc.property(start, fc.uint8Array({ maxLength: 60 }), (signature, rest) => {
    const bytes = new Uint8Array(MAX_PROXY_HEADER).fill(0x41);
    bytes.set(concat(signature, rest));
    assert.notEqual(parseProxyHeader(bytes).kind, "needMore");
  }));
});
