import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { MAX_ECH_RETRY_BYTES, MAX_EMPTY_TLS_RECORDS } from "../../../../src/model/limits.ts";
import { ALERT } from "../../../../src/proto/tls/alert.ts";
import { HANDSHAKE_HEADER } from "../../../../src/proto/tls/client_hello.ts";
import { CIPHER_SUITES } from "../../../../src/proto/tls13/cipher_suites.ts";
import { CONTENT, encodeRecord, MAX_CONTENT } from "../../../../src/proto/tls13/record.ts";
import { RetryServer, type RetryStep } from "../../../../src/proto/tls13/retry_server.ts";
import {
  concat,
  latin1,
  toRecords,
  u16,
  vector16,
  vector8,
} from "../../../support/client_hello_builder.ts";
import {
  fixedRandom,
  PUBLIC_KEY,
  publicKeyOf,
  RETRY,
  RETRY_CONFIGS,
  type RetryRejection,
} from "../../../support/retry_rejection.ts";
import {
  clearAlert,
  GROUP,
  helloMessage,
  type OfferSpec,
  recordsOf,
  Tls13Client,
} from "../../../support/tls13_client.ts";

const CCS = Uint8Array.of(20, 3, 3, 0, 1, 1);
const ECH_EXTENSION = 0xfe0d;
const EARLY_DATA = { type: 42, data: new Uint8Array(0) };

for (const [name, group] of Object.entries(GROUP)) {
  if (group === GROUP.p384) continue;
  for (const suite of [0x1301, 0x1302, 0x1303]) {
    Deno.test(`RetryServer gives its configurations by ${name} and suite ${suite.toString(16)}`, () => {
      const { session, said } = handshake({ groups: [group], cipherSuites: [suite] });
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

Deno.test("RetryServer takes Finished and ech_required in one flight", () => {
  const { session, client } = handshake();
  assert.equal(session.push(client.finished(), client.alert(ALERT.echRequired)).kind, "retried");
  assert.equal(session.push(new Uint8Array(10)).kind, "closed", "and nothing after it");
});

Deno.test("RetryServer takes clients that close, before or after they are done, for closed", () => {
  const { session, client } = handshake();
  assert.equal(session.push(client.finished(), client.alert(ALERT.closeNotify)).kind, "closed");
  assert.ok(session.server.isFinished);

  const { session: other, client: unhappy } = handshake();
  const BAD_CERTIFICATE = 42;
  assert.equal(other.push(unhappy.alert(BAD_CERTIFICATE)).kind, "closed");
  assert.ok(!other.server.isFinished);
});

Deno.test("RetryServer believes ech_required only where it is sealed", () => {
  const { session } = handshake();
  assert.equal(session.push(clearAlert(ALERT.echRequired)).kind, "closed");
});

Deno.test("RetryServer asks for a share where none fits, and shows an ECH that says nothing", () => {
  const spec = { groups: [GROUP.p384, GROUP.x25519] };
  const session = new Session();
  const asked = session.reply(session.client.helloRecord(spec));
  const [request, ccs, ...others] = recordsOf(asked);
  assert.deepEqual(ccs, CCS);
  assert.equal(others.length, 0);
  const extensions = session.client.takeRetryRequest(request ?? asked);
  assert.equal(extensions.get(51)?.toHex(), "001d");
  assert.equal(extensions.get(ECH_EXTENSION)?.length, 8);

  const reply = session.reply(CCS, session.client.helloRecord({ ...spec, shares: [GROUP.x25519] }));
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
  const session = new Session();
  const spec = { groups: [GROUP.x25519, GROUP.p256], shares: [] };
  const extensions = session.client.takeRetryRequest(
    session.reply(session.client.helloRecord(spec)),
  );
  assert.equal(extensions.get(51)?.toHex(), "001d");
});

Deno.test("RetryServer says nothing of ECH to a client that has none", () => {
  const spec = { ech: false, groups: [GROUP.p384, GROUP.x25519] };
  const session = new Session();
  const extensions = session.client.takeRetryRequest(
    session.reply(session.client.helloRecord(spec)),
  );
  assert.deepEqual([...extensions.keys()].sort(), [43, 51]);
  const reply = session.reply(session.client.helloRecord({ ...spec, shares: [GROUP.x25519] }));
  assert.equal(session.client.takeFlight(reply, PUBLIC_KEY).extensions.size, 0);
});

Deno.test("RetryServer sends a change_cipher_spec only to clients that want to look like TLS 1.2", () => {
  const types = (sessionId: Uint8Array) => {
    const session = new Session();
    return recordsOf(session.reply(session.client.helloRecord({ sessionId }))).map(([type]) =>
      type
    );
  };
  assert.deepEqual(types(new Uint8Array(32)), [22, 20, 23]);
  assert.deepEqual(types(new Uint8Array(0)), [22, 23]);
});

Deno.test("RetryServer chooses the client's first suite, its own best group, and http/1.1 or nothing", () => {
  const choice = (spec: OfferSpec) => {
    const { said } = handshake(spec);
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
    handshake({ signatureAlgorithms }, rsa).said.signatureScheme;
  assert.equal(scheme([0x0403, 0x0806, 0x0805, 0x0804]), 0x0804);
  assert.equal(scheme([0x0806, 0x0805]), 0x0805);
  assert.equal(scheme([0x0601, 0x0806]), 0x0806);
  const session = new Session(rsa);
  const refused = session.push(
    session.client.helloRecord({ signatureAlgorithms: [0x0403, 0x0401] }),
  );
  assert.equal(clearFault(refused), ALERT.handshakeFailure);
});

Deno.test("RetryServer sends a chain of any length, in several records where it takes them", () => {
  const certificates = [1, 2, 3].map((i) => new Uint8Array(9_000 * i).fill(i));
  const { said, reply } = handshake({}, { ...RETRY, certificates });
  assert.deepEqual(said.certificates, certificates);
  assert.equal(recordsOf(reply).filter(([type]) => type === CONTENT.applicationData).length, 4);
});

Deno.test("RetryServer takes hellos in records of any size", () => {
  for (const size of [1, 100]) {
    const session = new Session();
    const reply = session.reply(toRecords(session.client.hello(), [size]));
    session.client.takeFlight(reply, PUBLIC_KEY);
    assert.equal(session.push(session.client.finished()).kind, "needMore");
  }
});

Deno.test("RetryServer takes a Finished in pieces", () => {
  const { session, client } = handshake();
  const message = client.finishedMessage;
  for (let i = 0; i < message.length; i++) {
    session.push(client.seal(CONTENT.handshake, message.subarray(i, i + 1)));
  }
  assert.ok(session.server.isFinished);
});

Deno.test("RetryServer passes over early data, whose key it does not have", () => {
  const session = new Session();
  const { client } = session;
  const hello = client.helloRecord({ extensions: [EARLY_DATA] });
  const reply = session.reply(hello, CCS, sealedByNobody(5, 1000));
  client.takeFlight(reply, PUBLIC_KEY);
  const step = session.push(sealedByNobody(3, 0), sealedByNobody(5, 1000), client.finished());
  assert.equal(step.kind, "needMore");
  assert.ok(session.server.isFinished);

  const { session: other, client: late } = handshake({ extensions: [EARLY_DATA] });
  const half = late.seal(CONTENT.handshake, late.finishedMessage.subarray(0, 9));
  const stray = other.push(half, sealedByNobody(1, 100));
  assert.equal(sealedFault(other, stray), ALERT.badRecordMac, "none after a record that opens");
});

Deno.test("RetryServer passes over early data between two hellos", () => {
  const spec = { groups: [GROUP.p384, GROUP.x25519] };
  const session = new Session();
  const hello = session.client.helloRecord({ ...spec, extensions: [EARLY_DATA] });
  session.client.takeRetryRequest(session.reply(hello, CCS, sealedByNobody(5, 1000)));
  const second = session.client.helloRecord({ ...spec, shares: [GROUP.x25519] });
  const reply = session.reply(CCS, sealedByNobody(2, 100), second);
  session.client.takeFlight(reply, PUBLIC_KEY);
  const stray = session.push(sealedByNobody(1, 100));
  assert.equal(sealedFault(session, stray), ALERT.badRecordMac, "none after the second");
});

Deno.test("RetryServer gives early data an end", () => {
  const { session } = handshake({ extensions: [EARLY_DATA] });
  const step = session.push(sealedByNobody(5, 14_000));
  assert.ok(session.length > MAX_ECH_RETRY_BYTES);
  assert.equal(sealedFault(session, step), ALERT.unexpectedMessage);
});

Deno.test("RetryServer hands over a client that goes on to talk", () => {
  const { session, client } = handshake();
  session.push(client.finished());
  const before = session.length;
  const step = session.push(client.data(latin1("GET /")), client.data(latin1(" HTTP/1.1")));
  assert.ok(step.kind === "connected");
  assert.equal(step.consumed, before);
  const output = step.channel.fromClient(session.head.subarray(step.consumed));
  assert.equal(text(output.toTarget), "GET / HTTP/1.1");
});

Deno.test("RetryServer answers a KeyUpdate, and the channel goes on with the new keys", () => {
  const { session, client } = handshake();
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
  const { session, client } = handshake();
  session.push(client.finished());
  for (let i = 0; i < MAX_EMPTY_TLS_RECORDS; i++) {
    assert.equal(session.push(client.data(new Uint8Array(0))).kind, "needMore");
  }
  const step = session.push(client.data(new Uint8Array(0)));
  assert.equal(sealedFault(session, step), ALERT.unexpectedMessage);
});

/** What a client does as its hello, and which alert it gets in the clear. */
const CLEAR_FAULTS: readonly (readonly [string, () => Uint8Array, number])[] = [
  ["offers no TLS 1.3", hello({ versions: [0x0303, 0x0a0a] }), ALERT.protocolVersion],
  ["says nothing of versions", hello({ without: [43] }), ALERT.protocolVersion],
  ["has a version of before SSL 3.0", changed(4, 2), ALERT.protocolVersion],
  ["offers no groups", hello({ without: [10] }), ALERT.missingExtension],
  ["offers no signature algorithms", hello({ without: [13] }), ALERT.missingExtension],
  ["has no key_share", hello({ without: [51] }), ALERT.missingExtension],
  [
    "has a pre_shared_key without psk_key_exchange_modes",
    hello({ extensions: [{ type: 41, data: new Uint8Array(4) }] }),
    ALERT.missingExtension,
  ],
  [
    "has a pre_shared_key that is not last",
    hello({
      extensions: [45, 41, 21].map((type) => ({ type, data: new Uint8Array(4) })),
    }),
    ALERT.illegalParameter,
  ],
  ["offers no suite of ours", hello({ cipherSuites: [0x1304, 0xc02f] }), ALERT.handshakeFailure],
  ["offers no group of ours", hello({ groups: [GROUP.p384] }), ALERT.handshakeFailure],
  ["cannot verify our key", hello({ signatureAlgorithms: [0x0804] }), ALERT.handshakeFailure],
  [
    "sends two shares of a group",
    hello({ shares: [GROUP.x25519, GROUP.x25519] }),
    ALERT.illegalParameter,
  ],
  [
    "sends a share of a group that it does not offer",
    hello({ shares: [GROUP.x25519, GROUP.p256] }),
    ALERT.illegalParameter,
  ],
  ["sends an empty share", share(GROUP.x25519, new Uint8Array(0)), ALERT.decodeError],
  [
    "sends a short share of X25519",
    share(GROUP.x25519, new Uint8Array(31)),
    ALERT.illegalParameter,
  ],
  [
    "sends a share of X25519 with zero as result",
    share(GROUP.x25519, new Uint8Array(32)),
    ALERT.illegalParameter,
  ],
  [
    "sends a point off the curve",
    share(GROUP.p256, Uint8Array.of(4, ...new Uint8Array(64))),
    ALERT.illegalParameter,
  ],
  [
    "sends a compressed point",
    share(GROUP.p256, Uint8Array.of(2, ...new Uint8Array(32).fill(7))),
    ALERT.illegalParameter,
  ],
  [
    "sends a key of ML-KEM that is none",
    share(GROUP.hybrid, new Uint8Array(1216).fill(0xff)),
    ALERT.illegalParameter,
  ],
  [
    "sends a short share of both",
    share(GROUP.hybrid, new Uint8Array(1184)),
    ALERT.illegalParameter,
  ],
  ["has an empty list of groups", raw(10, vector16(new Uint8Array(0))), ALERT.decodeError],
  ["has an odd list of algorithms", raw(13, vector16(new Uint8Array(3))), ALERT.decodeError],
  [
    "has bytes behind its list of groups",
    raw(10, concat(vector16(u16(29)), u16(0))),
    ALERT.decodeError,
  ],
  [
    "has a key_share that is cut off",
    raw(51, vector16(Uint8Array.of(0, 29, 0, 32, 1))),
    ALERT.decodeError,
  ],
  [
    "has an extension twice",
    hello({
      extensions: [{ type: 21, data: new Uint8Array(0) }, { type: 21, data: new Uint8Array(0) }],
    }),
    ALERT.illegalParameter,
  ],
  ["offers to compress", compression(Uint8Array.of(0, 1)), ALERT.illegalParameter],
  ["offers only to compress", compression(Uint8Array.of(1)), ALERT.illegalParameter],
  ["has bytes behind its extensions", longer, ALERT.decodeError],
  [
    "sends another message first",
    () => toRecords(Uint8Array.of(2, 0, 0, 0)),
    ALERT.unexpectedMessage,
  ],
  [
    "sends a message behind its hello",
    () => toRecords(concat(helloMessage(), Uint8Array.of(1))),
    ALERT.unexpectedMessage,
  ],
  [
    "sends an empty record",
    () => encodeRecord(CONTENT.handshake, new Uint8Array(0)),
    ALERT.unexpectedMessage,
  ],
  [
    "announces a hello that is too long",
    () => toRecords(Uint8Array.of(1, 1, 0, 1)),
    ALERT.decodeError,
  ],
  [
    "sends more than a handshake needs",
    () => toRecords(concat(Uint8Array.of(1, 0, 255, 255), new Uint8Array(0xffff))),
    ALERT.unexpectedMessage,
  ],
  ["sends a record that is too long", () => Uint8Array.of(22, 3, 1, 0x40, 1), ALERT.recordOverflow],
  ["sends no TLS", () => latin1("GET / HTTP/1.1\r\n"), ALERT.unexpectedMessage],
  ["begins with a change_cipher_spec", () => CCS, ALERT.unexpectedMessage],
  ["begins with data", () => sealedByNobody(1, 10), ALERT.unexpectedMessage],
  ["puts a change_cipher_spec into its hello", () => within(CCS), ALERT.unexpectedMessage],
  ["puts an alert into its hello", () => within(clearAlert(0)), ALERT.unexpectedMessage],
  ["sends half an alert", () => encodeRecord(CONTENT.alert, Uint8Array.of(2)), ALERT.decodeError],
];

for (const [what, bytes, alert] of CLEAR_FAULTS) {
  Deno.test(`RetryServer gives a client that ${what} alert ${alert}`, () => {
    assert.equal(clearFault(new Session().push(bytes())), alert);
  });
}

const RETRY_SPEC: OfferSpec = { groups: [GROUP.p384, GROUP.x25519, GROUP.p256] };

/** The same for what it does after a HelloRetryRequest, for X25519. */
const RETRY_FAULTS: readonly (readonly [string, () => Uint8Array, number])[] = [
  ["sends the same hello again", second({ shares: [GROUP.p384] }), ALERT.illegalParameter],
  ["sends no share", second({ shares: [] }), ALERT.illegalParameter],
  ["sends a share of another group", second({ shares: [GROUP.p256] }), ALERT.illegalParameter],
  ["sends two shares", second({ shares: [GROUP.x25519, GROUP.p256] }), ALERT.illegalParameter],
  ["offers other suites", second({ cipherSuites: [0x1301] }), ALERT.illegalParameter],
  ["has another session ID", second({ sessionId: new Uint8Array(32) }), ALERT.illegalParameter],
  ["offers early data", second({ extensions: [EARLY_DATA] }), ALERT.illegalParameter],
  ["offers no TLS 1.3 any more", second({ versions: [0x0303] }), ALERT.protocolVersion],
  ["sends another message", () => toRecords(Uint8Array.of(20, 0, 0, 0)), ALERT.unexpectedMessage],
  [
    "sends a message behind it",
    () => toRecords(concat(helloMessage(RETRY_SPEC), Uint8Array.of(0))),
    ALERT.unexpectedMessage,
  ],
  [
    "sends data, without an offer of early data",
    () => sealedByNobody(1, 10),
    ALERT.unexpectedMessage,
  ],
  [
    "sends a change_cipher_spec that is none",
    () => Uint8Array.of(20, 3, 3, 0, 1, 2),
    ALERT.unexpectedMessage,
  ],
  [
    "sends a change_cipher_spec of two bytes",
    () => Uint8Array.of(20, 3, 3, 0, 2, 1, 1),
    ALERT.unexpectedMessage,
  ],
  ["puts a change_cipher_spec into it", () => within(CCS), ALERT.unexpectedMessage],
];

for (const [what, bytes, alert] of RETRY_FAULTS) {
  Deno.test(`RetryServer gives a client that ${what} after a HelloRetryRequest alert ${alert}`, () => {
    const session = new Session();
    session.reply(session.client.helloRecord(RETRY_SPEC));
    assert.equal(clearFault(session.push(bytes())), alert);
  });
}

type Misdeed = (client: Tls13Client) => Uint8Array;

/** The same for what it does instead of Finished; the alerts are sealed. */
const FLIGHT_FAULTS: readonly (readonly [string, Misdeed, number])[] = [
  ["sends a wrong Finished", (client) => {
    const wrong = client.finishedMessage.slice();
    wrong[10] = (wrong[10] ?? 0) ^ 1;
    return client.seal(CONTENT.handshake, wrong);
  }, ALERT.decryptError],
  ["sends a short Finished", handshakeRecord(Uint8Array.of(20, 0, 0, 1, 1)), ALERT.decodeError],
  ["sends a long Finished", handshakeRecord(Uint8Array.of(20, 0, 0, 49)), ALERT.decodeError],
  [
    "sends a Certificate",
    handshakeRecord(Uint8Array.of(11, 0, 0, 4, 0, 0, 0, 0)),
    ALERT.unexpectedMessage,
  ],
  ["sends an EndOfEarlyData", handshakeRecord(Uint8Array.of(5, 0, 0, 0)), ALERT.unexpectedMessage],
  [
    "sends a message behind its Finished",
    (client) => client.seal(CONTENT.handshake, concat(client.finishedMessage, Uint8Array.of(24))),
    ALERT.unexpectedMessage,
  ],
  [
    "sends Finished in the clear",
    (client) => encodeRecord(CONTENT.handshake, client.finishedMessage),
    ALERT.unexpectedMessage,
  ],
  [
    "sends data before Finished",
    (client) => client.data(Uint8Array.of(1)),
    ALERT.unexpectedMessage,
  ],
  [
    "seals a change_cipher_spec",
    (client) => client.seal(CONTENT.changeCipherSpec, Uint8Array.of(1)),
    ALERT.unexpectedMessage,
  ],
  [
    "seals half an alert",
    (client) => client.seal(CONTENT.alert, Uint8Array.of(2)),
    ALERT.decodeError,
  ],
  ["sends a record that is not authentic", () => sealedByNobody(1, 40), ALERT.badRecordMac],
  [
    "sends a sealed record that is too long",
    () => Uint8Array.of(23, 3, 3, 0x41, 1),
    ALERT.recordOverflow,
  ],
  [
    "seals more than a record may hold",
    (client) => client.data(new Uint8Array(MAX_CONTENT + 1)),
    ALERT.recordOverflow,
  ],
  [
    "sends a record of padding",
    (client) => client.seal(0, new Uint8Array(9)),
    ALERT.unexpectedMessage,
  ],
  [
    "seals an empty handshake record",
    (client) => client.seal(CONTENT.handshake, new Uint8Array(0)),
    ALERT.unexpectedMessage,
  ],
  [
    "puts a change_cipher_spec into its Finished",
    (client) => concat(client.seal(CONTENT.handshake, client.finishedMessage.subarray(0, 9)), CCS),
    ALERT.unexpectedMessage,
  ],
  [
    "puts an alert into its Finished",
    (client) =>
      concat(
        client.seal(CONTENT.handshake, client.finishedMessage.subarray(0, 9)),
        client.alert(0),
      ),
    ALERT.unexpectedMessage,
  ],
  [
    "sends an alert in the clear after a sealed record",
    (client) =>
      concat(client.seal(CONTENT.handshake, client.finishedMessage.subarray(0, 9)), clearAlert(0)),
    ALERT.unexpectedMessage,
  ],
];

/** The same for what it does after Finished. */
const LATE_FAULTS: readonly (readonly [string, Misdeed, number])[] = [
  ["sends a change_cipher_spec", () => CCS, ALERT.unexpectedMessage],
  ["sends an alert in the clear", () => clearAlert(0), ALERT.unexpectedMessage],
  ["sends a ticket", handshakeRecord(Uint8Array.of(4, 0, 0, 1, 0)), ALERT.unexpectedMessage],
  ["begins to renegotiate", handshakeRecord(helloMessage()), ALERT.unexpectedMessage],
  [
    "sends a KeyUpdate of no kind",
    handshakeRecord(Uint8Array.of(24, 0, 0, 1, 2)),
    ALERT.illegalParameter,
  ],
  ["sends an empty KeyUpdate", handshakeRecord(Uint8Array.of(24, 0, 0, 0)), ALERT.decodeError],
  ["sends a long KeyUpdate", handshakeRecord(Uint8Array.of(24, 0, 0, 2, 0, 0)), ALERT.decodeError],
  [
    "sends a message behind a KeyUpdate",
    handshakeRecord(Uint8Array.of(24, 0, 0, 1, 0, 24)),
    ALERT.unexpectedMessage,
  ],
  [
    "puts data into a KeyUpdate",
    (client) =>
      concat(client.seal(CONTENT.handshake, Uint8Array.of(24, 0)), client.data(Uint8Array.of(1))),
    ALERT.unexpectedMessage,
  ],
  [
    "seals a change_cipher_spec",
    (client) => client.seal(CONTENT.changeCipherSpec, Uint8Array.of(1)),
    ALERT.unexpectedMessage,
  ],
  ["sends a record that is not authentic", () => sealedByNobody(1, 40), ALERT.badRecordMac],
  [
    "sends its Finished again",
    handshakeRecord(Uint8Array.of(20, 0, 0, 0)),
    ALERT.unexpectedMessage,
  ],
];

for (const [what, misdeed, alert] of FLIGHT_FAULTS) {
  Deno.test(`RetryServer gives a client that ${what} alert ${alert}, sealed`, () => {
    const { session, client } = handshake();
    assert.equal(sealedFault(session, session.push(CCS, misdeed(client))), alert);
  });
}

for (const [what, misdeed, alert] of LATE_FAULTS) {
  Deno.test(`RetryServer gives a client that ${what} after Finished alert ${alert}, sealed`, () => {
    const { session, client } = handshake();
    session.push(client.finished());
    assert.equal(sealedFault(session, session.push(misdeed(client))), alert);
  });
}

/** A server with a client, and what that has sent. */
class Session {
  readonly client = new Tls13Client();
  readonly server: RetryServer;
  head: Uint8Array = new Uint8Array(0);

  constructor(ech: RetryRejection = RETRY) {
    this.server = new RetryServer({ ech, random: fixedRandom() });
  }

  get length(): number {
    return this.head.length;
  }

  push(...parts: readonly Uint8Array[]): RetryStep {
    this.head = concat(this.head, ...parts);
    return this.server.push(this.head);
  }

  /** What the server answers to bytes that it needs more after. */
  reply(...parts: readonly Uint8Array[]): Uint8Array {
    const step = this.push(...parts);
    assert.ok(step.kind === "needMore" && step.reply !== null, step.kind);
    return step.reply;
  }
}

/** A session up to the server's flight. */
function handshake(spec: OfferSpec = {}, ech: RetryRejection = RETRY) {
  const session = new Session(ech);
  const { client } = session;
  const reply = session.reply(client.helloRecord(spec));
  const key = ech === RETRY ? PUBLIC_KEY : publicKeyOf(ech);
  return { session, client, reply, said: client.takeFlight(reply, key) };
}

function clearFault(step: RetryStep): number | undefined {
  assert.ok(step.kind === "fault" && step.reply !== null, step.kind);
  assert.equal(step.reply.subarray(0, 6).toHex(), "150303000202");
  return step.reply[6];
}

function sealedFault(session: Session, step: RetryStep): number | null | undefined {
  if (step.kind !== "fault") return null;
  const [alert, ...others] = session.client.open(step.reply ?? new Uint8Array(0));
  assert.equal(others.length, 0);
  assert.equal(alert?.type, CONTENT.alert);
  assert.equal(alert?.content[0], 2, "fatal");
  return alert?.content[1];
}

function hello(spec: OfferSpec): () => Uint8Array {
  return () => toRecords(helloMessage(spec));
}

function second(spec: OfferSpec): () => Uint8Array {
  return hello({ ...RETRY_SPEC, shares: [GROUP.x25519], ...spec });
}

function share(group: number, key: Uint8Array): () => Uint8Array {
  return hello({ groups: [group], shares: [[group, key]] });
}

/** A hello with one extension's data replaced. */
function raw(type: number, data: Uint8Array): () => Uint8Array {
  return hello({ without: [type], extensions: [{ type, data }] });
}

/** A hello with one byte changed. */
function changed(index: number, value: number): () => Uint8Array {
  const message = helloMessage();
  message[index] = value;
  return () => toRecords(message);
}

/** A hello with these compression methods. */
function compression(methods: Uint8Array): () => Uint8Array {
  const message = helloMessage();
  const place = HANDSHAKE_HEADER + 2 + 32 + 1 + 32 + 2 + 2 * CIPHER_SUITES.size;
  const body = concat(
    message.subarray(HANDSHAKE_HEADER, place),
    vector8(methods),
    message.subarray(place + 2),
  );
  return () => toRecords(concat(Uint8Array.of(1, 0), u16(body.length), body));
}

/** A hello whose body goes on behind its extensions. */
function longer(): Uint8Array {
  const body = concat(helloMessage().subarray(HANDSHAKE_HEADER), Uint8Array.of(0));
  return toRecords(concat(Uint8Array.of(1, 0), u16(body.length), body));
}

/** Half a hello, and a record behind it. */
function within(record: Uint8Array): Uint8Array {
  return concat(toRecords(helloMessage().subarray(0, 50)), record);
}

function handshakeRecord(content: Uint8Array): Misdeed {
  return (client) => client.seal(CONTENT.handshake, content);
}

/** Records of application data that nobody has sealed. */
function sealedByNobody(count: number, length: number): Uint8Array {
  const record = encodeRecord(CONTENT.applicationData, new Uint8Array(length).fill(0x99));
  return concat(...Array.from({ length: count }, () => record));
}

function text(bytes: Uint8Array | null): string {
  return new TextDecoder().decode(bytes ?? new Uint8Array(0));
}
