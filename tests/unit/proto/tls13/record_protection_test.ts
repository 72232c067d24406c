import assert from "node:assert/strict";
import { createCipheriv } from "node:crypto";
import { ALERT } from "../../../../src/proto/tls/alert.ts";
import { CIPHER_SUITES, type CipherSuite } from "../../../../src/proto/tls13/cipher_suites.ts";
import { CONTENT, MAX_CONTENT, RECORD_HEADER } from "../../../../src/proto/tls/record_layer.ts";
import {
  type OpenedRecord,
  RecordProtection,
} from "../../../../src/proto/tls13/record_protection.ts";
import { recordsOf } from "../../../support/tls13_client.ts";
import { SIMPLE, SIMPLE_CLIENT_RECORDS, SIMPLE_SECRETS } from "../../../vectors/tls13_traces.ts";

const AES_128 = suite(0x1301);

Deno.test("open() opens the records of RFC 8448 §3", () => {
  const flight = protection(SIMPLE_SECRETS.serverHandshake);
  assert.deepEqual(open(flight, SIMPLE.flightRecord), {
    type: CONTENT.handshake,
    content: SIMPLE.flight,
  });
  const finished = protection(SIMPLE_SECRETS.clientHandshake);
  assert.deepEqual(open(finished, SIMPLE.clientFinishedRecord), {
    type: CONTENT.handshake,
    content: SIMPLE.clientFinished,
  });
  const [data, alert] = SIMPLE_CLIENT_RECORDS;
  const client = protection(SIMPLE_SECRETS.clientApplication);
  const bytes = Uint8Array.from({ length: 50 }, (_, i) => i);
  assert.deepEqual(open(client, data), {
    type: CONTENT.applicationData,
    content: bytes.toHex(),
  });
  assert.deepEqual(open(client, alert), { type: CONTENT.alert, content: "0100" });
});

Deno.test("seal() seals as RFC 8448 §3 does", () => {
  const flight = protection(SIMPLE_SECRETS.serverHandshake);
  const record = flight.seal(CONTENT.handshake, Uint8Array.fromHex(SIMPLE.flight));
  assert.equal(record.toHex(), SIMPLE.flightRecord);
});

for (const cipherSuite of CIPHER_SUITES.values()) {
  const secret = new Uint8Array(cipherSuite.hash === "sha256" ? 32 : 48).fill(7);
  const pair = () =>
    [
      new RecordProtection(cipherSuite, secret),
      new RecordProtection(cipherSuite, secret),
    ] as const;

  Deno.test(`open() opens what seal() has sealed by ${cipherSuite.cipher}, in order, through new keys`, () => {
    const [sealer, opener] = pair();
    for (let i = 0; i < 6; i++) {
      if (i === 3) {
        sealer.update();
        opener.update();
      }
      const content = new Uint8Array(i * 1000).fill(i);
      assert.deepEqual(open(opener, sealer.seal(CONTENT.applicationData, content).toHex()), {
        type: CONTENT.applicationData,
        content: content.toHex(),
      });
    }
  });

  Deno.test(`open() refuses a record of ${cipherSuite.cipher} with any byte changed, and goes on after it`, () => {
    const [sealer, opener] = pair();
    const record = sealer.seal(CONTENT.applicationData, new Uint8Array(3));
    for (let i = 0; i < record.length; i++) {
      const changed = record.slice();
      changed[i] = (changed[i] ?? 0) ^ 1;
      assert.deepEqual(opener.open(changed), { kind: "fault", alert: ALERT.badRecordMac });
    }
    assert.equal(opener.open(record).kind, "opened");
    assert.deepEqual(opener.open(record), { kind: "fault", alert: ALERT.badRecordMac }, "replayed");
    opener.rewind();
    assert.equal(opener.open(record).kind, "opened");
  });
}

Deno.test("open() takes a payload shorter than a tag for one that is not authentic", () => {
  const opener = protection(SIMPLE_SECRETS.clientApplication);
  for (let length = 0; length <= 16; length++) {
    const record = Uint8Array.of(23, 3, 3, 0, length, ...new Uint8Array(length));
    assert.deepEqual(opener.open(record), { kind: "fault", alert: ALERT.badRecordMac });
  }
});

Deno.test("open() takes padding away, and refuses records that are nothing else", () => {
  const alertOf = (inner: Uint8Array) => {
    const opened = protection(SIMPLE_SECRETS.clientApplication).open(sealFirst(inner));
    return opened.kind === "fault" ? opened.alert : opened.content.length;
  };
  const { handshake, alert, applicationData } = CONTENT;
  assert.equal(alertOf(Uint8Array.of(1, 0, 2, applicationData, 0, 0, 0)), 3);
  assert.equal(alertOf(Uint8Array.of(applicationData, 0)), 0, "no data is fine (§5.1)");
  assert.equal(alertOf(Uint8Array.of(handshake, 0)), ALERT.unexpectedMessage);
  assert.equal(alertOf(Uint8Array.of(alert)), ALERT.unexpectedMessage);
  assert.equal(alertOf(new Uint8Array(100)), ALERT.unexpectedMessage);
  assert.equal(alertOf(new Uint8Array(0)), ALERT.unexpectedMessage);
  const largest = new Uint8Array(MAX_CONTENT + 1);
  largest[MAX_CONTENT] = applicationData;
  assert.equal(alertOf(largest), MAX_CONTENT);
  const tooLarge = new Uint8Array(MAX_CONTENT + 2);
  tooLarge[0] = applicationData;
  assert.equal(alertOf(tooLarge), ALERT.recordOverflow);
});

Deno.test("sealAll() splits content into records of 2^14 bytes", () => {
  const lengths = (length: number) => {
    const records = protection(SIMPLE_SECRETS.clientApplication)
      .sealAll(CONTENT.applicationData, new Uint8Array(length));
    return recordsOf(records).map((record) => record.length - RECORD_HEADER - 1 - 16);
  };
  assert.deepEqual(lengths(0), []);
  assert.deepEqual(lengths(MAX_CONTENT), [MAX_CONTENT]);
  assert.deepEqual(lengths(2 * MAX_CONTENT + 1), [MAX_CONTENT, MAX_CONTENT, 1]);
});

/** The first record of the client of RFC 8448 §3, with any inner plaintext. */
function sealFirst(inner: Uint8Array): Uint8Array {
  const length = inner.length + 16;
  const header = Uint8Array.of(23, 3, 3, length >> 8, length);
  const { clientApplicationKey, clientApplicationIv } = SIMPLE_SECRETS;
  const [key, iv] = [clientApplicationKey, clientApplicationIv].map((hex) =>
    Uint8Array.fromHex(hex)
  );
  assert.ok(key !== undefined && iv !== undefined);
  const cipher = createCipheriv("aes-128-gcm", key, iv);
  cipher.setAAD(header);
  const sealed = cipher.update(inner);
  cipher.final();
  return Uint8Array.of(...header, ...sealed, ...cipher.getAuthTag());
}

function suite(id: number): CipherSuite {
  const found = CIPHER_SUITES.get(id);
  assert.ok(found !== undefined);
  return found;
}

function protection(secret: string): RecordProtection {
  return new RecordProtection(AES_128, Uint8Array.fromHex(secret));
}

function open(opener: RecordProtection, record: string) {
  const opened: OpenedRecord = opener.open(Uint8Array.fromHex(record));
  assert.ok(opened.kind === "opened");
  return { type: opened.type, content: opened.content.toHex() };
}
