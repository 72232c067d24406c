import assert from "node:assert/strict";
import { detectMqtt, MQTT } from "../../../../src/proto/protocols/mqtt.ts";
import { matched } from "../../../support/chunks.ts";
import { concat, latin1 } from "../../../support/client_hello_builder.ts";

const NAME = "\0\x04MQTT";
const OLD_NAME = "\0\x06MQIsdp";

/** The beginning of CONNECT, up to its flags. */
function connect(
  level: number,
  flags: number,
  { name = NAME, length = [0x20] }: { name?: string; length?: readonly number[] } = {},
): Uint8Array {
  return concat(Uint8Array.of(0x10, ...length), latin1(name), Uint8Array.of(level, flags));
}

Deno.test("detectMqtt() tells the version by name and level, of bridges too", () => {
  for (
    const [name, level, version] of [
      [OLD_NAME, 3, "MQTT 3.1"],
      [OLD_NAME, 0x83, "MQTT 3.1"],
      [NAME, 4, "MQTT 3.1.1"],
      [NAME, 0x84, "MQTT 3.1.1"],
      [NAME, 5, "MQTT 5.0"],
    ] as const
  ) {
    const detected = matched(detectMqtt(connect(level, 2, { name })));
    assert.deepEqual([detected.version, detected.consumed], [version, name.length + 4]);
    assert(MQTT.versions.includes(version));
  }
  for (const [name, level] of [[OLD_NAME, 4], [NAME, 3], [NAME, 6], [NAME, 0]] as const) {
    const start = connect(level, 2, { name }).subarray(0, -1);
    assert.equal(detectMqtt(start).kind, "noMatch", `${name} ${level}`);
  }
});

Deno.test("detectMqtt() reads lengths of one to four bytes, the shortest form or not", () => {
  for (const length of [[12], [0xff, 0x7f], [0x8c, 0x80, 0], [0xff, 0xff, 0xff, 0x7f]]) {
    const { consumed } = matched(detectMqtt(connect(4, 2, { length })));
    assert.equal(consumed, 9 + length.length, String(length));
  }
  const longest = connect(3, 2, { name: OLD_NAME, length: [0x80, 0x80, 0x80, 1] });
  assert.equal(matched(detectMqtt(longest)).consumed, MQTT.bound);
  const tooLong = Uint8Array.of(0x10, 0x80, 0x80, 0x80, 0x80);
  assert.equal(detectMqtt(tooLong).kind, "noMatch");
});

Deno.test("detectMqtt() calls a length malformed that has no room for what is required", () => {
  for (const [name, least] of [[NAME, 12], [OLD_NAME, 14]] as const) {
    const level = name === NAME ? 4 : 3;
    assert.equal(detectMqtt(connect(level, 2, { name, length: [least] })).kind, "match");
    assert.deepEqual(detectMqtt(connect(level, 2, { name, length: [least - 1] })), {
      kind: "malformed",
      code: "bad_length",
    });
  }
});

Deno.test("detectMqtt() calls flags malformed that 3.1.1 §3.1.2.3 and later forbid", () => {
  for (const flags of [0x00, 0x02, 0xc2, 0x06, 0x0e, 0x36, 0x82, 0x40]) {
    assert.equal(detectMqtt(connect(5, flags)).kind, "match", String(flags));
  }
  for (const flags of [0x01, 0x03, 0x0a, 0x12, 0x22, 0x1e]) {
    assert.deepEqual(detectMqtt(connect(4, flags)), { kind: "malformed", code: "bad_value" });
    assert.equal(detectMqtt(connect(3, flags, { name: OLD_NAME })).kind, "match", "3.1 ignores it");
  }
});

Deno.test("detectMqtt() says no at the first byte that differs", () => {
  for (const hex of ["11", "30", "20", "102001", "10200005", "10200004" + "4d515453"]) {
    const start = Uint8Array.fromHex(hex);
    assert.equal(detectMqtt(start).kind, "noMatch", hex);
    assert.equal(detectMqtt(start.subarray(0, -1)).kind, "needMore", hex);
  }
});
