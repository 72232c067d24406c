/**
 * Fuzzes every parser for as long as one likes: `deno task fuzz [--inputs N] [--seed N] [--target NAME]`.
 *
 * Each input follows from its seed alone, so a failure can be had again with `--inputs 1 --seed` and the seed that it
 * names. Ends with exit code 1 at the first failure of a target.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { FUZZ_TARGETS, fuzzOnce } from "./fuzz.ts";

const { values } = parseArgs({
  args: Deno.args,
  options: {
    inputs: { type: "string", default: "20000" },
    seed: { type: "string", default: "1" },
    target: { type: "string" },
  },
});
const inputs = wholeNumber("inputs", values.inputs);
const first = wholeNumber("seed", values.seed);
const targets = FUZZ_TARGETS.filter(({ name }) => name === (values.target ?? name));
if (targets.length === 0) {
  fail(
    `There is no target "${values.target}": use ${FUZZ_TARGETS.map(({ name }) => name).join(", ")}`,
  );
}

let failed = false;
for (const target of targets) {
  const outcomes = new Map<string, number>();
  const startedAt = performance.now();
  let slowest = { seed: first, ms: 0 };
  try {
    for (let seed = first; seed < first + inputs; seed++) {
      const before = performance.now();
      const outcome = fuzzOnce(target, seed);
      const ms = performance.now() - before;
      if (ms > slowest.ms) slowest = { seed, ms };
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
  } catch (error) {
    failed = true;
    console.error(error instanceof Error ? error.stack : error);
  }
  const seconds = (performance.now() - startedAt) / 1000;
  const told = [...outcomes].map(([outcome, count]) => `${outcome} ${count}`).join(", ");
  console.log(
    `${target.name}: ${told} in ${seconds.toFixed(1)} s; slowest: seed ${slowest.seed}, ${
      slowest.ms.toFixed(0)
    } ms`,
  );
}
if (failed) Deno.exit(1);

function wholeNumber(name: string, text: string): number {
  if (/^[0-9]{1,9}$/.test(text)) return Number(text);
  return fail(`--${name} must be a whole number, not "${text}"`);
}

function fail(message: string): never {
  console.error(message);
  Deno.exit(2);
}
