import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import {
  MAX_ECH_RETRY_BYTES,
  MAX_EMPTY_TLS_RECORDS,
  MAX_SKIPPED_TLS_RECORDS,
} from "../../../../src/model/limits.ts";
import { ALERT } from "../../../../src/proto/tls/alert.ts";
import { CHANGE_CIPHER_SPEC } from "../../../../src/proto/tls13/record.ts";
import { CONTENT } from "../../../../src/proto/tls/record_layer.ts";
import { MAX_RETRY_CONFIGS } from "../../../../src/proto/tls13/server_messages.ts";
import { concat, latin1, toRecords, u16, vector8 } from "../../../support/client_hello_builder.ts";
import { PUBLIC_KEY, RETRY, RETRY_CONFIGS } from "../../../support/retry_rejection.ts";
import {
  clearAlertOf,
  RetrySession,
  sealedAlert,
  sealedByNobody,
  shakeHands,
} from "../../../support/retry_session.ts";
import { clearAlert, GROUP, type OfferSpec, recordsOf } from "../../../support/tls13_client.ts";

const ECH_EXTENSION = 0xfe0d;
const EARLY_DATA = { type: 42, data: new Uint8Array(0) };

for (const [name, group] of Object.entries(GROUP)) {
  if (group === GROUP.p384) continue;
  for (const suite of [0x1301, 0x1302, 0x1303]) {
    Deno.test(`RetryServer gives its configurations by ${name} and suite ${suite.toString(16)}`, () => {
      const { session, said } = shakeHands({ groups: [group], cipherSuites: [suite] });
      assert.equal(said.group, group);
      assert.equal(said.suite, suite);
      assert.deepEqual(said.extensions.get(ECH_EXTENSION)?.toHex(), RETRY_CONFIGS.toHex());
      assert.deepEqual(said.certificates, RETRY.certificates);
      assert.equal(session.push(session.client.finished()).kind, "needMore");
      assert.ok(session.server.isFinished);
      assert.deepEqual(session.push(session.client.alert(ALERT.echRequired)), {
        kind: "retried",
        reply: null,
      });
    });
  }
}

Deno.test("RetryServer gives a list of the greatest length", () => {
  const retryConfigs = new Uint8Array(MAX_RETRY_CONFIGS);
  const { said } = shakeHands({ alpn: ["http/1.1"] }, { ...RETRY, retryConfigs });
  assert.equal(said.extensions.get(ECH_EXTENSION)?.length, MAX_RETRY_CONFIGS);
});

Deno.test("RetryServer takes Finished and ech_required in one flight", () => {
  const { session, client } = shakeHands();
  assert.equal(session.push(client.finished(), client.alert(ALERT.echRequired)).kind, "retried");
  assert.equal(session.push(new Uint8Array(10)).kind, "closed", "and nothing after it");
});

Deno.test("RetryServer takes clients that close, before or after they are done, for closed", () => {
  const { session, client } = shakeHands();
  assert.equal(session.push(client.finished(), client.alert(ALERT.closeNotify)).kind, "closed");
  assert.ok(session.server.isFinished);

  const { session: other, client: unhappy } = shakeHands();
  const BAD_CERTIFICATE = 42;
  assert.equal(other.push(unhappy.alert(BAD_CERTIFICATE)).kind, "closed");
  assert.ok(!other.server.isFinished);
});

Deno.test("RetryServer believes ech_required only where it is sealed", () => {
  const { session } = shakeHands();
  assert.equal(session.push(clearAlert(ALERT.echRequired)).kind, "closed");
});

Deno.test("RetryServer asks for a share where none fits, and shows an ECH that says nothing", () => {
  const spec = { groups: [GROUP.p384, GROUP.x25519] };
  const session = new RetrySession();
  const asked = session.reply(session.client.helloRecord(spec));
  const [request, ccs, ...others] = recordsOf(asked);
  assert.deepEqual(ccs, CHANGE_CIPHER_SPEC);
  assert.equal(others.length, 0);
  const extensions = session.client.takeRetryRequest(request ?? asked);
  assert.equal(extensions.get(51)?.toHex(), "001d");
  assert.equal(extensions.get(ECH_EXTENSION)?.length, 8);

  const reply = session.reply(
    CHANGE_CIPHER_SPEC,
    session.client.helloRecord({ ...spec, shares: [GROUP.x25519] }),
  );
  assert.deepEqual(
    recordsOf(reply).map(([type]) => type),
    [22, 23],
    "no second change_cipher_spec",
  );
  const said = session.client.takeFlight(reply, PUBLIC_KEY);
  assert.equal(said.group, GROUP.x25519);
  assert.equal(said.extensions.get(ECH_EXTENSION)?.toHex(), RETRY_CONFIGS.toHex());
  assert.equal(session.push(session.client.finished()).kind, "needMore");
  assert.equal(session.push(session.client.alert(ALERT.echRequired)).kind, "retried");
});

Deno.test("RetryServer asks a client for a share that sends none at all", () => {
  const session = new RetrySession();
  const spec = { groups: [GROUP.x25519, GROUP.p256], shares: [] };
  const extensions = session.client.takeRetryRequest(
    session.reply(session.client.helloRecord(spec)),
  );
  assert.equal(extensions.get(51)?.toHex(), "001d");
});

Deno.test("RetryServer says nothing of ECH to a client that has none", () => {
  const spec = { ech: false, groups: [GROUP.p384, GROUP.x25519] };
  const session = new RetrySession();
  const extensions = session.client.takeRetryRequest(
    session.reply(session.client.helloRecord(spec)),
  );
  assert.deepEqual([...extensions.keys()].sort(), [43, 51]);
  const reply = session.reply(session.client.helloRecord({ ...spec, shares: [GROUP.x25519] }));
  assert.equal(session.client.takeFlight(reply, PUBLIC_KEY).extensions.size, 0);
});

Deno.test("RetryServer sends a change_cipher_spec only to clients that want to look like TLS 1.2", () => {
  const types = (sessionId: Uint8Array) => {
    const session = new RetrySession();
    return recordsOf(session.reply(session.client.helloRecord({ sessionId }))).map(([type]) =>
      type
    );
  };
  assert.deepEqual(types(new Uint8Array(32)), [22, 20, 23]);
  assert.deepEqual(types(new Uint8Array(0)), [22, 23]);
});

Deno.test("RetryServer chooses the client's first suite, its own best group, and http/1.1 or nothing", () => {
  const choice = (spec: OfferSpec) => {
    const { said } = shakeHands(spec);
    const alpn = said.extensions.get(16);
    return [said.suite, said.group, alpn === undefined ? null : alpn.toHex()];
  };
  const HTTP_1_1 = concat(u16(9), vector8(latin1("http/1.1"))).toHex();
  assert.deepEqual(choice({ cipherSuites: [0x0a0a, 0x1303, 0x1301], alpn: ["h2", "http/1.1"] }), [
    0x1303,
    GROUP.x25519,
    HTTP_1_1,
  ]);
  const groups = [0x1a1a, GROUP.p256, GROUP.x25519, GROUP.hybrid];
  const shares = [[0x1a1a, Uint8Array.of(0)] as const, GROUP.p256, GROUP.x25519, GROUP.hybrid];
  assert.deepEqual(choice({ groups, shares, alpn: ["h2"] }), [0x1301, GROUP.hybrid, null]);
  assert.deepEqual(choice({ groups, shares: [GROUP.p256, GROUP.x25519] }), [
    0x1301,
    GROUP.x25519,
    null,
  ]);
});

Deno.test("RetryServer signs by RSA-PSS with the first hash that the client takes", () => {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const der = new Uint8Array(privateKey.export({ type: "pkcs8", format: "der" }));
  const rsa = { ...RETRY, privateKey: der };
  const scheme = (signatureAlgorithms: number[]) =>
    shakeHands({ signatureAlgorithms }, rsa).said.signatureScheme;
  assert.equal(scheme([0x0403, 0x0806, 0x0805, 0x0804]), 0x0804);
  assert.equal(scheme([0x0806, 0x0805]), 0x0805);
  assert.equal(scheme([0x0601, 0x0806]), 0x0806);
  const session = new RetrySession(rsa);
  const refused = session.push(
    session.client.helloRecord({ signatureAlgorithms: [0x0403, 0x0401] }),
  );
  assert.equal(clearAlertOf(refused), ALERT.handshakeFailure);
});

Deno.test("RetryServer sends a chain of any length, in several records where it takes them", () => {
  const certificates = [1, 2, 3].map((i) => new Uint8Array(9_000 * i).fill(i));
  const { said, reply } = shakeHands({}, { ...RETRY, certificates });
  assert.deepEqual(said.certificates, certificates);
  assert.equal(recordsOf(reply).filter(([type]) => type === CONTENT.applicationData).length, 4);
});

Deno.test("RetryServer takes hellos in records of any size", () => {
  for (const size of [1, 100]) {
    const session = new RetrySession();
    const reply = session.reply(toRecords(session.client.hello(), [size]));
    session.client.takeFlight(reply, PUBLIC_KEY);
    assert.equal(session.push(session.client.finished()).kind, "needMore");
  }
});

Deno.test("RetryServer takes a Finished in pieces", () => {
  const { session, client } = shakeHands();
  const message = client.finishedMessage;
  for (let i = 0; i < message.length; i++) {
    session.push(client.seal(CONTENT.handshake, message.subarray(i, i + 1)));
  }
  assert.ok(session.server.isFinished);
});

Deno.test("RetryServer passes over early data, whose key it does not have", () => {
  const session = new RetrySession();
  const { client } = session;
  const hello = client.helloRecord({ extensions: [EARLY_DATA] });
  const reply = session.reply(hello, CHANGE_CIPHER_SPEC, sealedByNobody(5, 1000));
  client.takeFlight(reply, PUBLIC_KEY);
  const step = session.push(sealedByNobody(3, 0), sealedByNobody(5, 1000), client.finished());
  assert.equal(step.kind, "needMore");
  assert.ok(session.server.isFinished);

  const { session: other, client: late } = shakeHands({ extensions: [EARLY_DATA] });
  const half = late.seal(CONTENT.handshake, late.finishedMessage.subarray(0, 9));
  const stray = other.push(half, sealedByNobody(1, 100));
  assert.equal(sealedAlert(late, stray), ALERT.badRecordMac, "none after a record that opens");
});

Deno.test("RetryServer passes over early data between two hellos", () => {
  const spec = { groups: [GROUP.p384, GROUP.x25519] };
  const session = new RetrySession();
  const hello = session.client.helloRecord({ ...spec, extensions: [EARLY_DATA] });
  session.client.takeRetryRequest(
    session.reply(hello, CHANGE_CIPHER_SPEC, sealedByNobody(5, 1000)),
  );
  const second = session.client.helloRecord({ ...spec, shares: [GROUP.x25519] });
  const reply = session.reply(CHANGE_CIPHER_SPEC, sealedByNobody(2, 100), second);
  session.client.takeFlight(reply, PUBLIC_KEY);
  const stray = session.push(sealedByNobody(1, 100));
  assert.equal(sealedAlert(session.client, stray), ALERT.badRecordMac, "none after the second");
});

Deno.test("RetryServer gives early data an end", () => {
  const { session } = shakeHands({ extensions: [EARLY_DATA] });
  const step = session.push(sealedByNobody(5, 14_000));
  assert.ok(session.head.length > MAX_ECH_RETRY_BYTES);
  assert.equal(sealedAlert(session.client, step), ALERT.unexpectedMessage);
});

Deno.test("RetryServer tries no more than a few records for early data", () => {
  const { session, client } = shakeHands({ extensions: [EARLY_DATA] });
  assert.equal(session.push(sealedByNobody(MAX_SKIPPED_TLS_RECORDS, 17)).kind, "needMore");
  assert.equal(session.push(client.finished(), client.alert(ALERT.echRequired)).kind, "retried");

  const { session: other } = shakeHands({ extensions: [EARLY_DATA] });
  const step = other.push(sealedByNobody(MAX_SKIPPED_TLS_RECORDS + 1, 17));
  assert.equal(sealedAlert(other.client, step), ALERT.badRecordMac);
});

Deno.test("RetryServer hands over a client that goes on to talk", () => {
  const { session, client } = shakeHands();
  session.push(client.finished());
  const before = session.head.length;
  const step = session.push(client.data(latin1("GET /")), client.data(latin1(" HTTP/1.1")));
  assert.ok(step.kind === "connected");
  assert.equal(step.consumed, before);
  const output = step.channel.fromClient(session.head.subarray(step.consumed));
  assert.equal(text(output.toTarget), "GET / HTTP/1.1");
});

Deno.test("RetryServer answers a KeyUpdate, and the channel goes on with the new keys", () => {
  const { session, client } = shakeHands();
  const reply = session.reply(client.finished(), client.keyUpdate(1), client.keyUpdate(1));
  assert.equal(client.open(reply).length, 1, "one answer for both");
  assert.equal(session.push(client.keyUpdate(0)).kind, "needMore");
  const step = session.push(client.keyUpdate(1), client.data(latin1("hello")));
  assert.ok(step.kind === "connected");
  const output = step.channel.fromClient(session.head.subarray(step.consumed));
  assert.equal(text(output.toTarget), "hello");
  assert.equal(client.open(output.toClient ?? new Uint8Array(0)).length, 1);
  const { toClient } = step.channel.fromTarget(latin1("answer"));
  assert.deepEqual(client.open(toClient ?? new Uint8Array(0)).map(({ content }) => text(content)), [
    "answer",
  ]);
});

Deno.test("RetryServer does not call a record without data data, nor endure many of them", () => {
  const { session, client } = shakeHands();
  session.push(client.finished());
  for (let i = 0; i < MAX_EMPTY_TLS_RECORDS; i++) {
    assert.equal(session.push(client.data(new Uint8Array(0))).kind, "needMore");
  }
  const step = session.push(client.data(new Uint8Array(0)));
  assert.equal(sealedAlert(session.client, step), ALERT.unexpectedMessage);
});

function text(bytes: Uint8Array | null): string {
  return new TextDecoder().decode(bytes ?? new Uint8Array(0));
}
