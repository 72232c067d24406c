import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeHttpsResponse, encodeHttpsQuery } from "../../../../src/proto/dns/https_query.ts";
import { encodeDnsName, readDnsName } from "../../../../src/proto/dns/name.ts";
import {
  parseServiceBinding,
  type ServiceBinding,
} from "../../../../src/proto/dns/service_binding.ts";
import { formatIp } from "../../../../src/proto/ip.ts";
import { mutate, mutations } from "../../../support/detector_laws.ts";
import { dnsMessage } from "../../../support/dns_builder.ts";
import {
  cnameRecord,
  encodeServiceBinding,
  httpsRecord,
} from "../../../support/https_record_builder.ts";

/** Objects as literals make them. */
const PLAIN = { noNullPrototype: true };

const label = fc.stringMatching(/^[a-z0-9_-]{1,20}$/);
const name = fc.array(label, { minLength: 1, maxLength: 6 }).map((labels) => labels.join("."));
const ip = (length: number) =>
  fc.array(fc.uint8Array({ minLength: length, maxLength: length }).map(formatIp), { maxLength: 3 });

const binding: fc.Arbitrary<ServiceBinding> = fc
  .record({
    priority: fc.integer({ min: 0, max: 0xffff }),
    target: fc.oneof(fc.constant(""), name),
    alpn: fc.array(
      fc.uint8Array({ minLength: 1, maxLength: 20 }).map((bytes) => String.fromCharCode(...bytes)),
      { maxLength: 4 },
    ),
    wantsNoDefault: fc.boolean(),
    port: fc.option(fc.integer({ min: 0, max: 0xffff })),
    ipv4Hints: ip(4),
    ech: fc.option(fc.uint8Array({ maxLength: 80 })),
    ipv6Hints: ip(16),
    otherKeys: fc.uniqueArray(fc.integer({ min: 7, max: 0xffff }), { maxLength: 3 }),
    isMandatory: fc.boolean(),
  })
  .map(({ wantsNoDefault, isMandatory, ...rest }) => ({
    ...rest,
    otherKeys: rest.otherKeys.sort((a, b) => a - b),
    noDefaultAlpn: wantsNoDefault && rest.alpn.length > 0,
    mandatory: isMandatory ? [...(rest.alpn.length > 0 ? [1] : []), ...rest.otherKeys] : [],
  }));

Deno.test("parseServiceBinding() reads back every record that can be written", () => {
  fc.assert(fc.property(binding, (written) => {
    assert.deepEqual(parseServiceBinding(encodeServiceBinding(written)), written);
  }));
});

Deno.test("parseServiceBinding() has an answer to any bytes", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
    parseServiceBinding(bytes);
  }));
  fc.assert(fc.property(binding, mutations, (written, changes) => {
    parseServiceBinding(mutate(encodeServiceBinding(written), changes));
  }));
});

Deno.test("readDnsName() reads back what encodeDnsName() writes, and no byte more", () => {
  fc.assert(fc.property(name, fc.uint8Array({ maxLength: 20 }), (written, before) => {
    const message = Uint8Array.from([...before, ...encodeDnsName(written), 1, 97, 0]);
    const end = message.length - 3;
    for (const mayPoint of [false, true]) {
      assert.deepEqual(readDnsName(message, before.length, { mayPoint }), { name: written, end });
    }
  }));
});

Deno.test("decodeHttpsResponse() reads back any answer", () => {
  const answer = fc.oneof(
    fc.record({ kind: fc.constant("https" as const), owner: name, ttl: fc.nat(), binding }, PLAIN),
    fc.record(
      { kind: fc.constant("cname" as const), owner: name, ttl: fc.nat(), target: name },
      PLAIN,
    ),
  );
  fc.assert(fc.property(name, fc.array(answer, { maxLength: 4 }), (asked, answers) => {
    const message = dnsMessage({
      id: 7,
      flags: 0x8180,
      name: asked,
      type: 65,
      answers: answers.map((one) =>
        one.kind === "https"
          ? httpsRecord(one.owner, encodeServiceBinding(one.binding), one.ttl)
          : cnameRecord(one.owner, one.target, one.ttl)
      ),
    });
    assert.deepEqual(decodeHttpsResponse(message, { id: 7, name: asked })?.answers, answers);
  }));
});

Deno.test("decodeHttpsResponse() has an answer to any bytes, with names that are bounded", () => {
  const query = { id: 7, name: "a.test" };
  const head = encodeHttpsQuery(query).subarray(0, 24);
  head[2] = 0x81;
  const tail = fc.array(
    fc.oneof(
      fc.uint8Array({ maxLength: 20 }),
      fc.constantFrom(
        Uint8Array.of(0xc0, 12),
        Uint8Array.of(0xc0, 24),
        Uint8Array.of(0, 65, 0, 1, 0, 0, 0, 1, 0, 3, 0, 1, 0),
        Uint8Array.of(0, 5, 0, 1, 0, 0, 0, 1, 0, 2, 0xc0, 24),
      ),
    ),
    { maxLength: 12 },
  );
  fc.assert(fc.property(tail, fc.nat({ max: 8 }), (parts, count) => {
    const message = Uint8Array.from([...head, ...parts.flatMap((part) => [...part])]);
    message[7] = count;
    for (const answer of decodeHttpsResponse(message, query)?.answers ?? []) {
      assert(answer.owner.length <= 4 * 255);
    }
  }));
});
