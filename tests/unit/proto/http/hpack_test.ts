import assert from "node:assert/strict";
import { HpackDecoder } from "../../../../src/proto/http/hpack.ts";
import { latin1 as text } from "../../../../src/proto/bytes.ts";
import { concat, latin1 } from "../../../support/client_hello_builder.ts";
import { RFC_7541_SEQUENCES } from "../../../vectors/hpack_samples.ts";

/** The fields of a block, null where it is broken. */
function decode(block: Uint8Array, decoder = new HpackDecoder()): [string, string][] | null {
  const fields: [string, string][] = [];
  const isSound = decoder.decode(block, ({ name, value }) => {
    fields.push([text(name), text(value)]);
    return "more";
  });
  return isSound ? fields : null;
}

const decodeHex = (hex: string) => decode(Uint8Array.fromHex(hex));

for (const { section, tableSize, blocks, fields } of RFC_7541_SEQUENCES) {
  Deno.test(`HpackDecoder decodes the examples of RFC 7541 ${section}`, () => {
    const decoder = new HpackDecoder(tableSize);
    assert.deepEqual(blocks.map((hex) => decode(Uint8Array.fromHex(hex), decoder)), fields);
  });
}

Deno.test("HpackDecoder decodes fields that are never indexed (RFC 7541 §6.2.3)", () => {
  assert.deepEqual(decodeHex("1003616263017a"), [["abc", "z"]]);
  assert.deepEqual(decodeHex("14022f61"), [[":path", "/a"]]);
});

Deno.test("HpackDecoder.decode() stops when its visitor has seen enough", () => {
  const seen: string[] = [];
  const isSound = new HpackDecoder().decode(Uint8Array.fromHex("8286ff"), ({ name }) => {
    seen.push(text(name));
    return seen.length === 2 ? "enough" : "more";
  });
  assert.deepEqual([isSound, seen], [true, [":method", ":scheme"]]);
});

Deno.test("HpackDecoder refuses indices that nothing has", () => {
  assert.equal(decodeHex("80"), null);
  assert.equal(decodeHex("be"), null); // 62, the table being empty
  assert.equal(decodeHex("4001610162bf"), null); // 63, the table having one
  assert.deepEqual(decodeHex("4001610162be"), [["a", "b"], ["a", "b"]]);
});

Deno.test("HpackDecoder refuses integers and strings that do not end", () => {
  for (
    const hex of [
      "ff",
      "ff80",
      "ff8080808080",
      "ff80808080",
      "40",
      "400561",
      "000161",
      "0001617f80",
    ]
  ) {
    assert.equal(decodeHex(hex), null, hex);
  }
});

Deno.test("HpackDecoder resizes its table only before the first field and within its bound", () => {
  assert.deepEqual(decodeHex("203fe11f82"), [[":method", "GET"]]); // 0, then 4096
  assert.equal(decodeHex("3fe21f82"), null); // 4097
  assert.equal(decodeHex("8220"), null);
  assert.equal(decodeHex("204001610162be"), null); // a table of size 0 keeps nothing
});

Deno.test("HpackDecoder forgets the oldest fields when its table is full", () => {
  const large = (name: string) => concat(latin1(`\x40\x01${name}\x64`), latin1("v".repeat(100)));
  const added = ["a", "b"].map(large);
  const small = new HpackDecoder(2 * (1 + 100 + 32));
  assert.equal(decode(concat(...added), small)?.length, 2);
  assert.equal(decode(Uint8Array.of(0xbf), small)?.[0]?.[0], "a");
  assert.equal(decode(large("c"), small)?.length, 1);
  assert.deepEqual(decode(Uint8Array.of(0xbf, 0xbe), small)?.map(([name]) => name), ["b", "c"]);
  assert.equal(decode(Uint8Array.of(0xc0), small), null);
});
