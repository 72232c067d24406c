import assert from "node:assert/strict";
import { detectValveA2s } from "../../../../src/proto/protocols/valve_a2s.ts";
import { latin1 } from "../../../support/client_hello_builder.ts";

const detect = (text: string) => detectValveA2s([latin1(text)]).kind;
const query = (text: string) => detect(`\xff\xff\xff\xff${text}`);

Deno.test("detectValveA2s() takes each query at the lengths that it can have", () => {
  const lengths: [string, readonly number[]][] = [
    ["TSource Engine Query\0", [0, 4]],
    ["U", [4]],
    ["V", [4]],
    ["W", [0]],
    ["i", [0]],
  ];
  for (const [text, taken] of lengths) {
    for (let length = 0; length < 12; length++) {
      const expected = taken.includes(length) ? "match" : "noMatch";
      assert.equal(query(text + "\x01".repeat(length)), expected, `${text} and ${length} bytes`);
    }
  }
});

Deno.test("detectValveA2s() takes no other text of A2S_INFO, and no other mark", () => {
  const text = "TSource Engine Query\0";
  for (let i = 0; i < text.length; i++) {
    assert.equal(query(`${text.slice(0, i)}x${text.slice(i + 1)}`), "noMatch", `byte ${i}`);
  }
  for (const mark of ["\xfe\xff\xff\xff", "\xff\xff\xff\xfe", "\xff\xff\xff", ""]) {
    assert.equal(detect(mark + text), "noMatch", "a split packet, or none");
  }
});

Deno.test("detectValveA2s() takes no answers, and no packets of games", () => {
  for (
    const type of ["A\x01\x02\x03\x04", "I\x11", "D\0", "E\0\0", "j", "m", "q", "k", "getinfo", ""]
  ) {
    assert.equal(query(type), "noMatch", type);
  }
});

Deno.test("detectValveA2s() judges by the first datagram alone", () => {
  assert.equal(detectValveA2s([]).kind, "needMore");
  assert.equal(detectValveA2s([Uint8Array.of(1), latin1("\xff\xff\xff\xffW")]).kind, "noMatch");
});
