/**
 * A short run of what `deno task fuzz` does at length, always with the same inputs, and everything that it ever found.
 *
 * @module
 */

import assert from "node:assert/strict";
import { FINDS } from "../fuzz/finds.ts";
import { FUZZ_TARGETS, fuzzOnce } from "../fuzz/fuzz.ts";
import { Random } from "../fuzz/random.ts";

const INPUTS = 700;

for (const target of FUZZ_TARGETS) {
  Deno.test(`${target.name} keeps its laws on ${INPUTS} inputs that are nearly valid`, () => {
    const outcomes = new Set<string>();
    for (let seed = 1; seed <= INPUTS; seed++) outcomes.add(fuzzOnce(target, seed));
    // Inputs of one kind only would prove little.
    assert.ok(outcomes.has("match") && outcomes.size > 1, [...outcomes].join());
  });
}

for (const { name, target, parts } of FINDS) {
  Deno.test(`${target} keeps its laws on ${name}`, () => {
    const found = FUZZ_TARGETS.find((other) => other.name === target);
    assert.ok(found !== undefined);
    found.check(parts.map((hex) => Uint8Array.fromHex(hex)), new Random(0));
  });
}
