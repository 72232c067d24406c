import assert from "node:assert/strict";
import fc from "fast-check";
import { tlsDetector } from "../../../../src/proto/tls/detect.ts";
import { parseClientHello } from "../../../../src/proto/tls/client_hello.ts";
import { clientHelloSpec, expectedServerName } from "../../../support/client_hello_arbitrary.ts";
import {
  buildClientHello,
  concat,
  extensionsOf,
  toRecords,
} from "../../../support/client_hello_builder.ts";
import { matched } from "../../../support/chunks.ts";
import { assertLaws, chunkSizes, mutate, mutations } from "../../../support/detector_laws.ts";

const recordSizes = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 20 });
const following = fc.uint8Array({ maxLength: 60 });

Deno.test("parseClientHello() reads back whatever is built", () => {
  fc.assert(fc.property(clientHelloSpec, following, (spec, behind) => {
    const message = buildClientHello(spec);
    const hello = matched(parseClientHello(concat(message, behind)));
    assert.equal(hello.length, message.length);
    assert.equal(hello.legacyVersion, spec.legacyVersion ?? 0x0303);
    assert.equal(hello.serverName, expectedServerName(spec));
    assert.deepEqual(hello.alpn, spec.alpn ?? []);
    assert.deepEqual(hello.supportedVersions, spec.supportedVersions ?? []);
    assert.deepEqual(
      hello.extensions.map(({ type, start, end }) => ({ type, data: message.slice(start, end) })),
      extensionsOf(spec),
    );
  }));
});

Deno.test("tlsDetector() keeps the laws for every hello, cut into any records and chunks", () => {
  fc.assert(
    fc.property(
      clientHelloSpec,
      recordSizes,
      chunkSizes,
      following,
      (spec, records, sizes, behind) => {
        const bytes = toRecords(buildClientHello(spec), records);
        const detected = matched(tlsDetector()(bytes));
        assert.equal(detected.sni, expectedServerName(spec));
        assert.deepEqual(detected.alpn, spec.alpn ?? []);
        assert.equal(detected.ech, spec.echPayloadLength !== undefined);
        assert.equal(detected.consumed, bytes.length);
        assertLaws(tlsDetector, (value) => value.consumed, concat(bytes, behind), sizes);
      },
    ),
    { numRuns: 60 },
  );
});

Deno.test("tlsDetector() keeps the laws for hellos with bytes flipped", () => {
  fc.assert(
    fc.property(
      clientHelloSpec,
      recordSizes,
      chunkSizes,
      mutations,
      (spec, records, sizes, changes) => {
        const bytes = mutate(toRecords(buildClientHello(spec), records), changes);
        assertLaws(tlsDetector, (value) => value.consumed, bytes, sizes);
      },
    ),
    { numRuns: 200 },
  );
});

Deno.test("parseClientHello() bounds what it says by the bytes, whatever they are", () => {
  fc.assert(fc.property(clientHelloSpec, mutations, (spec, changes) => {
    const message = mutate(buildClientHello(spec), changes);
    const verdict = parseClientHello(message);
    if (verdict.kind !== "match") return;
    const { length, serverName, alpn, extensions } = verdict.value;
    assert(length <= message.length);
    assert(serverName === null || /^[a-z0-9._-]{1,253}$/.test(serverName));
    assert(alpn.every((name) => name.length >= 1 && name.length <= 255));
    let end = 0;
    for (const extension of extensions) {
      assert(extension.start >= end + 4 && extension.end >= extension.start);
      end = extension.end;
    }
    assert(end <= length);
    assert.equal(new Set(extensions.map(({ type }) => type)).size, extensions.length);
  }));
});
