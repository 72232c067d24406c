import assert from "node:assert/strict";
import type { FieldNeeds } from "../../../../src/model/protocol.ts";
import { REGEX_TCP, REGEX_UDP } from "../../../../src/proto/protocols/regex.ts";
import { latin1 } from "../../../support/client_hello_builder.ts";
import { matched } from "../../../support/chunks.ts";

function needs(...values: string[]): FieldNeeds {
  return { fields: new Set(["pattern"]), values };
}

Deno.test("REGEX_TCP takes the pattern that is first in the file, though another fits sooner", () => {
  const detector = REGEX_TCP.prepare(needs("abc", "a", "b"))();
  assert.equal(detector(latin1("a")).kind, "needMore");
  assert.equal(detector(latin1("ab")).kind, "needMore");
  const detected = matched(detector(latin1("abcd")));
  assert.deepEqual([detected.fields, detected.consumed], [{ pattern: "abc" }, 3]);
  const other = matched(REGEX_TCP.prepare(needs("abc", "a", "b"))()(latin1("abd")));
  assert.deepEqual([other.fields, other.consumed], [{ pattern: "a" }, 3]);
});

Deno.test("REGEX_TCP says no once no pattern can fit any more, at its bound at the latest", () => {
  assert.equal(REGEX_TCP.prepare(needs("abc", "[0-9]"))()(latin1("x")).kind, "noMatch");
  const anywhere = REGEX_TCP.prepare(needs("(?s).*needle"));
  const hay = new Uint8Array(2_000).fill(0x2e);
  assert.equal(anywhere()(hay.subarray(0, REGEX_TCP.bound - 1)).kind, "needMore");
  assert.equal(anywhere()(hay).kind, "noMatch");
  hay.set(latin1("needle"), REGEX_TCP.bound - 5);
  assert.equal(anywhere()(hay).kind, "noMatch");
  hay.set(latin1("needle"), REGEX_TCP.bound - 6);
  assert.equal(anywhere()(hay).kind, "match");
});

Deno.test("REGEX_TCP takes a later pattern at its bound, when an earlier one has not fitted", () => {
  const detector = REGEX_TCP.prepare(needs("(?s).*needle", "HELO"))();
  const hay = new Uint8Array(2_000).fill(0x2e);
  hay.set(latin1("HELO"));
  assert.equal(detector(hay.subarray(0, REGEX_TCP.bound - 1)).kind, "needMore");
  const detected = matched(detector(hay));
  assert.deepEqual([detected.fields, detected.consumed], [{ pattern: "HELO" }, REGEX_TCP.bound]);
});

Deno.test("REGEX_UDP judges by the first datagram, which need not be used up", () => {
  const prepared = REGEX_UDP.prepare(needs("ab", "a"));
  assert.deepEqual(matched(prepared()([latin1("abc")])).fields, { pattern: "ab" });
  assert.deepEqual(matched(prepared()([latin1("ax")])).fields, { pattern: "a" });
  assert.equal(prepared()([latin1("b"), latin1("ab")]).kind, "noMatch");
  assert.equal(prepared()([new Uint8Array(0)]).kind, "noMatch");
});

Deno.test("REGEX_TCP and REGEX_UDP match nothing where no pattern is given", () => {
  assert.equal(REGEX_TCP.prepare(needs())()(latin1("a")).kind, "noMatch");
  assert.equal(REGEX_UDP.prepare(needs())()([latin1("a")]).kind, "noMatch");
});
