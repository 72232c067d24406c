import assert from "node:assert/strict";
import fc from "fast-check";
import { MAX_CLIENT_HELLO } from "../../../../src/model/limits.ts";
import { concat, toRecords } from "../../../support/client_hello_builder.ts";
import {
  CCS,
  client,
  cut,
  EARLY_DATA,
  FIRST,
  FIRST_RECORDS,
  passThrough,
  RETRY_REQUEST,
  type Said,
  SECOND,
  SERVER_HELLO,
  splitRelay,
  target,
} from "../../../support/split_handshake.ts";

const sizes = fc.array(
  fc.oneof(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 2000 })),
  {
    minLength: 1,
    maxLength: 12,
  },
);
const recordSizes = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 6 });
const early = fc.array(fc.constantFrom(CCS, EARLY_DATA), { maxLength: 3 })
  .map((records) => concat(...records));

Deno.test("SplitRelay makes the same of a handshake however both directions are cut", () => {
  const handshake = fc.record({ early, recordSizes, isAsked: fc.boolean() });
  fc.assert(fc.property(handshake, sizes, ({ early, recordSizes, isAsked }, sizes) => {
    const second = toRecords(SECOND.outer, recordSizes, 0x0303);
    const script: readonly Said[] = isAsked
      ? [client(FIRST_RECORDS, early), target(RETRY_REQUEST, CCS), client(early, second, early)]
      : [client(FIRST_RECORDS, early), target(SERVER_HELLO), client(early)];
    const sent = isAsked ? [early, early, toRecords(SECOND.inner, [16384], 0x0303), early] : [
      early,
      early,
    ];
    const heard = passThrough(splitRelay(), cut(script, sizes));
    assert.deepEqual(heard.toTarget, concat(toRecords(FIRST.inner), ...sent));
    assert.deepEqual(heard.toClient, isAsked ? concat(RETRY_REQUEST, CCS) : SERVER_HELLO);
    assert.equal(heard.next, "raw");
  }));
});

Deno.test("SplitRelay adds nothing to what a target says but one alert, and nothing to bytes that pass", () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.constantFrom(CCS, EARLY_DATA, RETRY_REQUEST, SERVER_HELLO, toRecords(SECOND.outer)),
  );
  const from = fc.constantFrom<Said["from"]>("client", "target");
  const saying = fc.record({ from, bytes: fc.option(bytes, { freq: 20 }) });
  const anything = fc.array(saying, { maxLength: 20 });
  fc.assert(fc.property(anything, sizes, (anything, sizes) => {
    const script = cut([client(FIRST_RECORDS), ...anything], sizes);
    const heard = passThrough(splitRelay(), script);
    const down = concat(...script.map(({ from, bytes }) => from === "target" && bytes || EMPTY));
    const isRefused = typeof heard.next === "object";
    if (!isRefused) return assert.deepEqual(heard.toClient, down);
    assert.deepEqual(heard.next, { reason: "ech_fault" });
    const alertAt = heard.toClient.length - 7;
    assert.deepEqual(heard.toClient.subarray(0, alertAt), down.subarray(0, alertAt));
    assert.equal(heard.toClient.subarray(alertAt, alertAt + 6).toHex(), "150303000202");
  }));
});

Deno.test("SplitRelay takes the longest hello there is, each byte alone and in a record of its own", () => {
  const filter = splitRelay();
  passThrough(filter, [client(FIRST_RECORDS), target(RETRY_REQUEST)]);
  const body = MAX_CLIENT_HELLO - 4;
  const hello = new Uint8Array(MAX_CLIENT_HELLO);
  hello.set([1, body >> 16, body >> 8, body]);
  const heard = passThrough(filter, cut([client(toRecords(hello, [1], 0x0303))], [1]));
  assert.deepEqual(heard.next, { reason: "ech_fault" });
  assert.equal(heard.seen.client, 6 * MAX_CLIENT_HELLO);
});

const EMPTY = new Uint8Array(0);
