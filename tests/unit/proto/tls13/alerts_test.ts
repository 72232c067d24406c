import assert from "node:assert/strict";
import { ALERT } from "../../../../src/proto/tls/alert.ts";
import { HANDSHAKE_HEADER } from "../../../../src/proto/tls/client_hello.ts";
import { CIPHER_SUITES } from "../../../../src/proto/tls13/cipher_suites.ts";
import { CHANGE_CIPHER_SPEC, encodeRecord } from "../../../../src/proto/tls13/record.ts";
import { CONTENT, MAX_CONTENT } from "../../../../src/proto/tls/record_layer.ts";
import {
  concat,
  latin1,
  toRecords,
  u16,
  vector16,
  vector8,
} from "../../../support/client_hello_builder.ts";
import {
  clearAlertOf,
  RetrySession,
  sealedAlert,
  sealedByNobody,
  shakeHands,
} from "../../../support/retry_session.ts";
import {
  clearAlert,
  GROUP,
  helloMessage,
  type OfferSpec,
  type Tls13Client,
} from "../../../support/tls13_client.ts";

const EARLY_DATA = { type: 42, data: new Uint8Array(0) };

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
  ["begins with a change_cipher_spec", () => CHANGE_CIPHER_SPEC, ALERT.unexpectedMessage],
  ["begins with data", () => sealedByNobody(1, 10), ALERT.unexpectedMessage],
  [
    "puts a change_cipher_spec into its hello",
    () => within(CHANGE_CIPHER_SPEC),
    ALERT.unexpectedMessage,
  ],
  ["puts an alert into its hello", () => within(clearAlert(0)), ALERT.unexpectedMessage],
  ["sends half an alert", () => encodeRecord(CONTENT.alert, Uint8Array.of(2)), ALERT.decodeError],
];

for (const [what, bytes, alert] of CLEAR_FAULTS) {
  Deno.test(`RetryServer gives a client that ${what} alert ${alert}`, () => {
    assert.equal(clearAlertOf(new RetrySession().push(bytes())), alert);
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
  ["puts a change_cipher_spec into it", () => within(CHANGE_CIPHER_SPEC), ALERT.unexpectedMessage],
];

for (const [what, bytes, alert] of RETRY_FAULTS) {
  Deno.test(`RetryServer gives a client that ${what} after a HelloRetryRequest alert ${alert}`, () => {
    const session = new RetrySession();
    session.reply(session.client.helloRecord(RETRY_SPEC));
    assert.equal(clearAlertOf(session.push(bytes())), alert);
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
    (client) =>
      concat(
        client.seal(CONTENT.handshake, client.finishedMessage.subarray(0, 9)),
        CHANGE_CIPHER_SPEC,
      ),
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
  ["sends a change_cipher_spec", () => CHANGE_CIPHER_SPEC, ALERT.unexpectedMessage],
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
    const { session, client } = shakeHands();
    assert.equal(sealedAlert(client, session.push(CHANGE_CIPHER_SPEC, misdeed(client))), alert);
  });
}

for (const [what, misdeed, alert] of LATE_FAULTS) {
  Deno.test(`RetryServer gives a client that ${what} after Finished alert ${alert}, sealed`, () => {
    const { session, client } = shakeHands();
    session.push(client.finished());
    assert.equal(sealedAlert(client, session.push(misdeed(client))), alert);
  });
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
