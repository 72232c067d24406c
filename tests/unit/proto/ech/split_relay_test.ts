import assert from "node:assert/strict";
import { MAX_CLIENT_HELLO } from "../../../../src/model/limits.ts";
import { ALERT, encodeAlertRecord } from "../../../../src/proto/tls/alert.ts";
import { buildClientHello, concat, toRecords } from "../../../support/client_hello_builder.ts";
import {
  CCS,
  client,
  EARLY_DATA,
  FIRST,
  FIRST_RECORDS,
  passThrough,
  record,
  RETRY_REQUEST,
  type Said,
  SECOND,
  SERVER_HELLO,
  splitRelay,
  target,
} from "../../../support/split_handshake.ts";

const INNER_RECORDS = toRecords(FIRST.inner);

/** A client's second flight, in the version of later records. */
const SECOND_RECORDS = toRecords(SECOND.outer, [16384], 0x0303);

/** Up to where a second hello is due. */
const ASKED: readonly Said[] = [client(FIRST_RECORDS), target(RETRY_REQUEST)];

function pass(...script: readonly Said[]): ReturnType<typeof passThrough> {
  return passThrough(splitRelay(), script);
}

/** Sees a client refused that goes on with this after a HelloRetryRequest. */
function assertRefused(alert: number, ...parts: readonly Uint8Array[]): void {
  const heard = pass(...ASKED, client(...parts));
  assert.deepEqual(heard.next, { reason: "ech_fault" });
  assert.deepEqual(heard.toClient, concat(RETRY_REQUEST, encodeAlertRecord(alert)));
}

Deno.test("SplitRelay puts the inner hello in the place of the outer one", () => {
  const heard = pass(client(FIRST_RECORDS, CCS, EARLY_DATA));
  assert.deepEqual(heard.toTarget, concat(INNER_RECORDS, CCS, EARLY_DATA));
  assert.equal(heard.next, "filter");
});

Deno.test("SplitRelay steps out with the random of a ServerHello", () => {
  const filter = splitRelay();
  passThrough(filter, [client(FIRST_RECORDS)]);
  const random = 5 + 4 + 2; // headers of record and message, version
  const start = SERVER_HELLO.subarray(0, random + 1);
  assert.deepEqual(filter.fromTarget(start), { toClient: start, toTarget: null, next: "raw" });
});

Deno.test("SplitRelay changes nothing behind the first hello without a HelloRetryRequest", () => {
  const [up, down] = [EARLY_DATA, concat(SERVER_HELLO, EARLY_DATA)];
  const heard = pass(client(FIRST_RECORDS, up), target(down), client(SECOND_RECORDS));
  assert.deepEqual(heard.toTarget, concat(INNER_RECORDS, up, SECOND_RECORDS));
  assert.deepEqual(heard.toClient, down);
  assert.equal(heard.next, "raw");
});

Deno.test("SplitRelay hands on the start of a record that it holds when it steps out", () => {
  const [before, behind] = [EARLY_DATA.subarray(0, 3), EARLY_DATA.subarray(3)];
  const heard = pass(client(FIRST_RECORDS, before), target(SERVER_HELLO), client(behind));
  assert.deepEqual(heard.toTarget, concat(INNER_RECORDS, EARLY_DATA));
});

Deno.test("SplitRelay opens the second hello after a HelloRetryRequest, then steps out", () => {
  const heard = pass(...ASKED, client(CCS, SECOND_RECORDS, EARLY_DATA), target(SERVER_HELLO));
  const second = toRecords(SECOND.inner, [16384], 0x0303);
  assert.deepEqual(heard.toTarget, concat(INNER_RECORDS, CCS, second, EARLY_DATA));
  assert.deepEqual(heard.toClient, concat(RETRY_REQUEST, SERVER_HELLO));
  assert.equal(heard.next, "raw");
});

Deno.test("SplitRelay looks for the second hello behind early data, and over several records", () => {
  const { outer } = SECOND;
  const parts = [
    toRecords(outer.subarray(0, 100), [60], 0x0303),
    CCS,
    toRecords(outer.subarray(100), [1], 0x0302),
  ];
  const heard = pass(
    ...[client(FIRST_RECORDS, EARLY_DATA), target(RETRY_REQUEST), client(EARLY_DATA, ...parts)],
  );
  const second = toRecords(SECOND.inner, [16384], 0x0302);
  const passed = concat(INNER_RECORDS, EARLY_DATA, EARLY_DATA, CCS, second);
  assert.deepEqual(heard.toTarget, passed);
  assert.equal(heard.next, "raw");
});

Deno.test("SplitRelay takes a HelloRetryRequest that comes in several records", () => {
  const message = RETRY_REQUEST.subarray(5);
  const request = concat(CCS, record(22, message.subarray(0, 7)), record(22, message.subarray(7)));
  const heard = pass(client(FIRST_RECORDS), target(request), client(SECOND_RECORDS));
  assert.deepEqual(heard.toClient, request);
  assert.deepEqual(heard.toTarget, concat(INNER_RECORDS, toRecords(SECOND.inner, [16384], 0x0303)));
});

Deno.test("SplitRelay lets a target speak that has no ServerHello to send", () => {
  const alert = encodeAlertRecord(40);
  for (const bytes of [alert, record(23, Uint8Array.of(1)), concat(CCS, alert)]) {
    const heard = pass(client(FIRST_RECORDS), target(bytes), client(SECOND_RECORDS));
    assert.equal(heard.next, "raw");
    assert.deepEqual(heard.toClient, bytes);
    assert.deepEqual(heard.toTarget, concat(INNER_RECORDS, SECOND_RECORDS));
  }
});

Deno.test("SplitRelay refuses a second hello that nobody has asked for", () => {
  const heard = pass(client(FIRST_RECORDS, CCS, SECOND_RECORDS));
  assert.deepEqual(heard.next, { reason: "ech_fault" });
  assert.deepEqual(heard.toClient, encodeAlertRecord(ALERT.unexpectedMessage));
});

Deno.test("SplitRelay refuses a second hello that does not go on from the first", () => {
  assertRefused(ALERT.illegalParameter, toRecords(FIRST.outer));
  const broken = SECOND.outer.slice();
  broken[SECOND.payloadStart] = (broken[SECOND.payloadStart] ?? 0) ^ 1;
  assertRefused(ALERT.decryptError, toRecords(broken));
  assertRefused(
    ALERT.missingExtension,
    toRecords(buildClientHello({ supportedVersions: [0x0304] })),
  );
});

Deno.test("SplitRelay refuses records that no client sends before it has keys", () => {
  assertRefused(ALERT.unexpectedMessage, record(24, Uint8Array.of(1)));
  assertRefused(ALERT.unexpectedMessage, record(22, EMPTY));
  assertRefused(ALERT.recordOverflow, Uint8Array.of(22, 3, 3, 0x40, 1));
  assertRefused(ALERT.recordOverflow, Uint8Array.of(23, 3, 3, 0x41, 1));
  assertRefused(ALERT.unexpectedMessage, record(22, Uint8Array.of(2)));
  const tooLong = MAX_CLIENT_HELLO - 4 + 1;
  const header = Uint8Array.of(1, tooLong >> 16, tooLong >> 8, tooLong);
  assertRefused(ALERT.decodeError, record(22, header));
});

Deno.test("SplitRelay refuses what comes among the records of a hello, or behind it in the last", () => {
  const { outer } = SECOND;
  assertRefused(ALERT.unexpectedMessage, record(22, outer.subarray(0, 9)), EARLY_DATA);
  assertRefused(ALERT.unexpectedMessage, record(22, concat(outer, Uint8Array.of(1))));
});

Deno.test("SplitRelay passes ends on, and leaves out a hello that was cut off", () => {
  const filter = splitRelay();
  passThrough(filter, ASKED);
  const start = SECOND_RECORDS.subarray(0, 50);
  assert.deepEqual(filter.fromClient(start), { toClient: null, toTarget: null, next: "filter" });
  assert.deepEqual(filter.clientEnded(), { toClient: null, toTarget: null, next: "filter" });
  assert.equal(filter.fromTarget(EARLY_DATA).toClient, EARLY_DATA);
});

Deno.test("SplitRelay lets no second hello pass as it is, though the target has ended", () => {
  const end: Said = { from: "target", bytes: null };
  const heard = pass(...ASKED, end, client(SECOND_RECORDS));
  const second = toRecords(SECOND.inner, [16384], 0x0303);
  assert.deepEqual(heard.toTarget, concat(INNER_RECORDS, second));
  const silent = pass(client(FIRST_RECORDS), end, client(SECOND_RECORDS));
  assert.deepEqual(silent.toTarget, INNER_RECORDS);
  assert.deepEqual(silent.next, { reason: "ech_fault" });
});

Deno.test("SplitRelay takes a chunk of as many records as fit", () => {
  const many = concat(...new Array<Uint8Array>(50_000).fill(record(23, EMPTY)));
  const heard = pass(client(FIRST_RECORDS, many, many, many));
  assert.equal(heard.toTarget.length, INNER_RECORDS.length + 3 * many.length);
});

Deno.test("SplitRelay waits for the whole outer hello, whatever the target does meanwhile", () => {
  const filter = splitRelay();
  const [some, rest] = [FIRST_RECORDS.subarray(0, 40), FIRST_RECORDS.subarray(40)];
  const heard = passThrough(filter, [client(some), target(SERVER_HELLO), client(rest, EARLY_DATA)]);
  assert.deepEqual(heard.toTarget, concat(INNER_RECORDS, EARLY_DATA));
  assert.equal(heard.next, "raw");
});

const EMPTY = new Uint8Array(0);
