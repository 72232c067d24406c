import assert from "node:assert/strict";
import type { FilterOutput } from "../../../../src/model/flow.ts";
import { MAX_EMPTY_TLS_RECORDS } from "../../../../src/model/limits.ts";
import { ALERT } from "../../../../src/proto/tls/alert.ts";
import { CONTENT, MAX_CONTENT } from "../../../../src/proto/tls/record_layer.ts";
import { concat, latin1 } from "../../../support/client_hello_builder.ts";
import { connect, sealedByNobody } from "../../../support/retry_session.ts";

const NOTHING: FilterOutput = { toClient: null, toTarget: null, next: "filter" };
const NO_BYTES = new Uint8Array(0);

Deno.test("PlaintextChannel opens what the client says and seals what the target says", () => {
  const { client, channel, first } = connect(latin1("a"), latin1("b"));
  assert.equal(said(channel.fromClient(first)), "ab");
  assert.equal(said(channel.fromClient(client.data(latin1("c")))), "c");
  const { toClient, toTarget, next } = channel.fromTarget(latin1("answer"));
  assert.equal(next, "filter");
  assert.equal(toTarget, null);
  assert.deepEqual(opened(client, toClient), [[CONTENT.applicationData, "answer"]]);
});

Deno.test("PlaintextChannel takes the client's bytes in any pieces", () => {
  const { client, channel, first } = connect(latin1("hello"));
  const bytes = concat(first, client.keyUpdate(0), client.data(latin1(" world")));
  let text = "";
  for (const byte of bytes) text += said(channel.fromClient(Uint8Array.of(byte)));
  assert.equal(text, "hello world");
});

Deno.test("PlaintextChannel splits what the target says into records", () => {
  const { client, channel, first } = connect(latin1("a"));
  channel.fromClient(first);
  const { toClient } = channel.fromTarget(new Uint8Array(2 * MAX_CONTENT + 1).fill(0x61));
  const lengths = client.open(toClient ?? NO_BYTES).map(({ content }) => content.length);
  assert.deepEqual(lengths, [MAX_CONTENT, MAX_CONTENT, 1]);
});

Deno.test("PlaintextChannel tells the client by close_notify that the target has ended", () => {
  const { client, channel, first } = connect(latin1("a"));
  channel.fromClient(first);
  const output = channel.targetEnded();
  assert.equal(output.next, "filter");
  assert.deepEqual(opened(client, output.toClient), [[CONTENT.alert, "\x01\0"]]);
  assert.equal(said(channel.fromClient(client.data(latin1("still here")))), "still here");
});

Deno.test("PlaintextChannel ignores what comes behind the client's close_notify", () => {
  const { client, channel, first } = connect(latin1("a"));
  const USER_CANCELED = 90;
  const bytes = concat(first, client.alert(USER_CANCELED), client.data(latin1("b")));
  const closing = concat(bytes, client.alert(ALERT.closeNotify), latin1("no TLS"));
  assert.equal(said(channel.fromClient(closing)), "ab");
  assert.deepEqual(channel.fromClient(latin1("nor this")), NOTHING);
  assert.deepEqual(channel.clientEnded(), NOTHING);
  const { toClient } = channel.fromTarget(latin1("answer"));
  assert.deepEqual(opened(client, toClient), [[CONTENT.applicationData, "answer"]]);
});

Deno.test("PlaintextChannel ends with any other alert of the client", () => {
  const { client, channel, first } = connect(latin1("a"));
  const output = channel.fromClient(concat(first, client.alert(ALERT.internalError)));
  assert.equal(text(output.toTarget), "a");
  assert.equal(output.toClient, null);
  assert.deepEqual(output.next, { reason: "client_reset" });
});

Deno.test("PlaintextChannel leaves out a record that the client's end cuts off", () => {
  const { client, channel, first } = connect(latin1("a"));
  channel.fromClient(concat(first, client.data(latin1("b")).subarray(0, 20)));
  assert.deepEqual(channel.clientEnded(), NOTHING);
});

Deno.test("PlaintextChannel answers a KeyUpdate while the target is silent", () => {
  const { client, channel, first } = connect(latin1("a"));
  channel.fromClient(first);
  const { toClient } = channel.fromClient(concat(client.keyUpdate(1), client.keyUpdate(1)));
  assert.equal(client.open(toClient ?? NO_BYTES).length, 1);
  const answer = channel.fromTarget(latin1("answer"));
  assert.deepEqual(opened(client, answer.toClient), [[CONTENT.applicationData, "answer"]]);
});

Deno.test("PlaintextChannel endures as many records without data as those with data make up for", () => {
  const { client, channel, first } = connect(latin1("a"));
  channel.fromClient(first);
  const send = (...records: Uint8Array[]) => channel.fromClient(concat(...records)).next;
  for (let i = 0; i < 4 * MAX_EMPTY_TLS_RECORDS; i++) {
    assert.equal(send(client.data(new Uint8Array(0)), client.data(Uint8Array.of(1))), "filter");
  }
  let updates = 0;
  while (send(client.keyUpdate(0), client.data(Uint8Array.of(1))) === "filter") updates++;
  assert.ok(updates > 4 && updates < MAX_EMPTY_TLS_RECORDS, `${updates}`);
});

for (
  const [what, bytes, alert] of [
    ["is not authentic", sealedByNobody(1, 50), ALERT.badRecordMac],
    ["is too long", Uint8Array.of(23, 3, 3, 0x41, 1), ALERT.recordOverflow],
    ["is in the clear", Uint8Array.of(21, 3, 3, 0, 2, 1, 0), ALERT.unexpectedMessage],
  ] as const
) {
  Deno.test(`PlaintextChannel ends with an alert when a record ${what}`, () => {
    const { client, channel, first } = connect(latin1("a"));
    const output = channel.fromClient(concat(first, client.data(latin1("b")), bytes));
    assert.equal(text(output.toTarget), "ab", "what was right is still passed on");
    assert.deepEqual(output.next, { reason: "malformed" });
    const sealed = opened(client, output.toClient);
    assert.deepEqual(sealed, [[CONTENT.alert, String.fromCharCode(2, alert)]]);
  });
}

function said(output: FilterOutput): string {
  assert.equal(output.next, "filter");
  return text(output.toTarget);
}

function opened(
  client: ReturnType<typeof connect>["client"],
  bytes: Uint8Array | null,
): [type: number, content: string][] {
  return client.open(bytes ?? NO_BYTES).map(({ type, content }) => [type, text(content)]);
}

function text(bytes: Uint8Array | null): string {
  return String.fromCharCode(...bytes ?? NO_BYTES);
}
