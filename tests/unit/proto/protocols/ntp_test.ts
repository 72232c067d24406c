import assert from "node:assert/strict";
import { detectNtp } from "../../../../src/proto/protocols/ntp.ts";
import { matched } from "../../../support/chunks.ts";

/** A packet with these first bytes, zero to its end. */
function packet(length: number, ...first: number[]): Uint8Array {
  const bytes = new Uint8Array(length);
  bytes.set(first);
  return bytes;
}

const kindOf = (bytes: Uint8Array) => detectNtp([bytes]).kind;

Deno.test("detectNtp() takes versions 1 to 4 in modes 1 to 5, whatever the leap indicator", () => {
  for (let first = 0; first < 256; first++) {
    const version = first >> 3 & 7;
    const mode = first & 7;
    const isKnown = version >= 1 && version <= 4 && mode >= 1 && mode <= 5;
    const verdict = detectNtp([packet(48, first)]);
    assert.equal(verdict.kind, isKnown ? "match" : "noMatch", `first byte ${first}`);
    if (isKnown) assert.equal(matched(verdict).version, `NTPv${version}`);
  }
});

Deno.test("detectNtp() takes values that a clock can have", () => {
  const taken: readonly (readonly number[])[] = [
    [16, 24, 32],
    [1, 0xf9, 0xd8],
    [1, 6, 0xe8, 0, 255, 255, 255, 0, 255],
    [1, 6, 0xe8, 0xff, 0xff],
  ];
  const refused: readonly (readonly number[])[] = [
    [17],
    [1, 25],
    [1, 0xf8],
    [1, 6, 33],
    [1, 6, 0xd7],
    [1, 6, 0xe8, 1],
    [1, 6, 0xe8, 0, 0, 0, 0, 1],
  ];
  for (const head of taken) assert.equal(kindOf(packet(48, 0x23, ...head)), "match", `${head}`);
  for (const head of refused) assert.equal(kindOf(packet(48, 0x23, ...head)), "noMatch", `${head}`);
});

Deno.test("detectNtp() takes a code of authentication behind the header, with known lengths alone", () => {
  const lengths = Array.from({ length: 132 }, (_, index) => index + 1)
    .filter((length) => kindOf(packet(length, 0x23)) === "match");
  assert.deepEqual(lengths, [48, 52, 60, 68, 72, 84, 100, 116, 120]);
});

Deno.test("detectNtp() takes extensions, and a code of authentication behind them", () => {
  const extended = (claimed: number, behind: number) => {
    const bytes = packet(48 + 28 + behind, 0x23);
    bytes.set([1, 4, claimed >> 8, claimed], 48);
    return kindOf(bytes);
  };
  assert.equal(extended(28, 0), "match");
  assert.equal(extended(28, 20), "match");
  assert.equal(extended(28, 1), "noMatch");
  assert.equal(extended(26, 0), "noMatch", "no whole words");
  assert.equal(extended(12, 0), "noMatch", "shorter than any");
  assert.equal(extended(32, 0), "noMatch", "longer than the packet");
});

Deno.test("detectNtp() takes requests of mode 6 with as many data as they say", () => {
  assert.equal(kindOf(packet(12, 0x16, 2)), "match");
  for (const length of [17, 20, 24, 40]) {
    const bytes = packet(length, 0x1e, 2);
    bytes[11] = 5;
    assert.equal(kindOf(bytes), "match", `${length} bytes: bare, padded, with a code`);
  }
  const refused: readonly (readonly [offset: number, byte: number])[] = [
    [0, 0xd6], // a leap indicator
    [1, 0], // reserved
    [1, 32],
    [1, 0x82], // a response
    [1, 0x42], // an error
    [1, 0x22], // more to follow
    [5, 1],
    [9, 1],
    [11, 1],
  ];
  for (const [offset, byte] of refused) {
    const bytes = packet(12, 0x16, 2);
    bytes[offset] = byte;
    assert.equal(kindOf(bytes), "noMatch", `at ${offset}`);
  }
});
