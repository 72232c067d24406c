import assert from "node:assert/strict";
import { detectSnmp } from "../../../../src/proto/protocols/snmp.ts";
import { matched } from "../../../support/chunks.ts";

/** `snmpget -v1 -c public … 1.3.6.1.2.1.1.1.0` */
const GET_V1 =
  "302902010004067075626c6963a01c020406e0db08020100020100300e300c06082b060102010101000500";

/** `snmpget -v3 -u user …`: discovery of the engine. */
const GET_V3 =
  "303e02010330110204599b8e29020300ffe30401040201030410300e0400020100020100040004000400" +
  "301404000400a00e02042b1f70670201000201003000";

const kindOf = (bytes: Uint8Array) => detectSnmp([bytes]).kind;

/** The message with other bytes from an offset on. */
function changed(hex: string, offset: number, ...bytes: number[]): Uint8Array {
  const message = Uint8Array.fromHex(hex);
  message.set(bytes, offset);
  return message;
}

Deno.test("detectSnmp() tells the version", () => {
  assert.equal(matched(detectSnmp([changed(GET_V1, 4, 0)])).version, "SNMPv1");
  assert.equal(matched(detectSnmp([changed(GET_V1, 4, 1)])).version, "SNMPv2c");
  assert.equal(matched(detectSnmp([Uint8Array.fromHex(GET_V3)])).version, "SNMPv3");
  for (const version of [2, 3, 4, 255]) {
    assert.equal(kindOf(changed(GET_V1, 4, version)), "noMatch");
  }
});

Deno.test("detectSnmp() takes the PDUs of each version", () => {
  const pdus = (version: number) =>
    Array.from({ length: 256 }, (_, tag) => tag).filter((tag) => {
      const message = changed(GET_V1, 4, version);
      message[13] = tag;
      return kindOf(message) === "match";
    });
  assert.deepEqual(pdus(0), [0xa0, 0xa1, 0xa2, 0xa3]);
  assert.deepEqual(pdus(1), [0xa0, 0xa1, 0xa2, 0xa3, 0xa5, 0xa6, 0xa7, 0xa8]);
});

Deno.test("detectSnmp() says no to a message that is cut or goes on, or has another tag", () => {
  for (const hex of [GET_V1, GET_V3]) {
    const whole = Uint8Array.fromHex(hex);
    for (let length = 0; length < whole.length; length++) {
      assert.equal(kindOf(whole.subarray(0, length)), "noMatch", `${length} bytes`);
    }
    assert.equal(kindOf(Uint8Array.of(...whole, 0)), "noMatch");
  }
  for (const offset of [0, 2, 5, 15, 21, 24, 27]) {
    assert.equal(kindOf(changed(GET_V1, offset, 0x05)), "noMatch", `at ${offset}`);
  }
  for (const offset of [0, 2, 5, 7, 13, 18, 21, 24, 42]) {
    assert.equal(kindOf(changed(GET_V3, offset, 0x05)), "noMatch", `at ${offset}`);
  }
});

Deno.test("detectSnmp() leaves the lengths of a PDU and its variables to the agent", () => {
  assert.equal(kindOf(changed(GET_V1, 14, 0x1b)), "match");
  assert.equal(kindOf(changed(GET_V1, 28, 0x0f)), "match");
  assert.equal(kindOf(changed(GET_V1, 14, 0x1d)), "noMatch", "but not behind the datagram");
});

Deno.test("detectSnmp() wants integers of one to five bytes", () => {
  for (const length of [0, 6, 0x80]) {
    assert.equal(kindOf(changed(GET_V1, 16, length)), "noMatch", `length ${length}`);
  }
});
