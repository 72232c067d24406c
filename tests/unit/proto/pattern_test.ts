import assert from "node:assert/strict";
import { compilePattern, PatternError, type PatternState } from "../../../src/proto/pattern.ts";
import { latin1 } from "../../support/client_hello_builder.ts";

/** How many bytes it takes to decide, and how; null where they do not. */
function decide(pattern: string, text: string): ["fits" | "fails", number] | null {
  const compiled = compilePattern(pattern);
  let state: PatternState = compiled.start;
  for (const [index, byte] of latin1(text).entries()) {
    if (typeof state !== "object") break;
    state = compiled.step(state, byte);
    if (typeof state === "string") return [state, index + 1];
  }
  return null;
}

Deno.test("BytePattern fits as soon as the bytes so far do, and fails as soon as none can follow", () => {
  assert.deepEqual(decide("HELO [a-z]+", "HELO mail\r\n"), ["fits", 6]);
  assert.deepEqual(decide("HELO [a-z]+", "HELP"), ["fails", 4]);
  assert.equal(decide("HELO [a-z]+", "HEL"), null);
  assert.deepEqual(decide("a|ab", "ab"), ["fits", 1]);
  assert.deepEqual(decide("\\x00\\xff.", "\x00\xff\x80"), ["fits", 3]);
  assert.deepEqual(decide("a.c", "a\n"), ["fails", 2]);
  assert.deepEqual(decide("(?s)a.c", "a\nc"), ["fits", 3]);
  assert.deepEqual(decide("(?i)ssh", "SsH"), ["fits", 3]);
});

Deno.test("BytePattern begins at the first byte, with or without a mark", () => {
  for (const pattern of ["ab", "^ab", "\\Aab", "^^ab"]) {
    assert.deepEqual(decide(pattern, "ab"), ["fits", 2]);
    assert.deepEqual(decide(pattern, "xab"), ["fails", 1]);
  }
  assert.deepEqual(decide("(?s).*ab", "x\n-ab"), ["fits", 5]);
  assert.deepEqual(decide("a(^b|c)", "ab"), ["fails", 2]);
});

Deno.test("BytePattern decides by each byte once, whatever the pattern", () => {
  // A backtracking engine needs more steps for this than there are atoms.
  const compiled = compilePattern("(a|aa|a?)*(a*)*[ab]{30}c");
  let state: PatternState = compiled.start;
  let steps = 0;
  for (; typeof state === "object" && steps < 5_000; steps++) state = compiled.step(state, 0x61);
  assert.equal(steps, 5_000);
  assert(typeof state === "object");
  assert.equal(compiled.step(state, 0x63), "fits");
});

Deno.test("BytePattern goes on after more states than are kept", () => {
  // Whether each of the last twelve bytes was an "a" makes thousands of states.
  const compiled = compilePattern("[ab]*a[ab]{12}c");
  let state: PatternState = compiled.start;
  for (let i = 0; i < 20_000; i++) {
    assert(typeof state === "object");
    state = compiled.step(state, Math.imul(i, 2654435761) >>> 31 ? 0x61 : 0x62);
  }
  for (const byte of latin1("abbbbbbbbbbbb")) {
    assert(typeof state === "object");
    state = compiled.step(state, byte);
  }
  assert(typeof state === "object");
  assert.equal(compiled.step(state, 0x63), "fits");
});

Deno.test("BytePattern keeps a bounded number of states, whatever the bytes", () => {
  const compiled = compilePattern("[ab]*a[ab]{12}c");
  const { start } = compiled;
  for (let flow = 0; flow < 2_000; flow++) {
    let state: PatternState = start;
    for (let i = 0; i < 12; i++) {
      assert(typeof state === "object");
      state = compiled.step(state, (flow >> i & 1) === 1 ? 0x61 : 0x62);
    }
  }
  const reachable = new Set([start]);
  for (const state of reachable) {
    const followers = typeof state === "object" ? state.next ?? [] : [];
    for (const follower of followers) if (follower !== undefined) reachable.add(follower);
  }
  assert(reachable.size <= 300, `${reachable.size} states`);
});

Deno.test("compilePattern() says what is wrong with a pattern", () => {
  for (
    const [pattern, message] of [
      ["(a", /missing closing \)/],
      ["a**", /invalid nested repetition/],
      ["(a)\\1", /invalid escape/],
      ["(?=a)b", /unsupported Perl syntax/],
      ["a$", /ends of lines, of words and of the text/],
      ["a\\b", /ends of lines, of words and of the text/],
      ["(?m)a\n^b", /ends of lines, of words and of the text/],
      ["", /fits every flow/],
      ["a*", /fits every flow/],
      ["[^\\x00-\\x{10ffff}]", /fits no flow/],
      ["a\\x{400}", /fits no flow/],
      ["caf\u00e9", /"\u00e9" is no byte/],
      ["[a-z]{900}", /too large/],
    ] as const
  ) {
    assert.throws(
      () => compilePattern(pattern),
      (error: unknown) => error instanceof PatternError && message.test(error.message),
      pattern,
    );
  }
});
