import assert from "node:assert/strict";
import { readReport } from "../../../tools/run_tests.ts";

Deno.test("readReport() reads the runner's summary and the names of ignored tests", () => {
  const output = [
    "\x1b[2m./tests/a_test.ts => \x1b[0mone ... \x1b[33mignored\x1b[0m (0ms)",
    "./tests/a_test.ts => two ... ok (1ms)",
    "",
    "\x1b[32mok\x1b[0m | 12 passed (3 steps) | 0 failed | 1 ignored \x1b[2m(2s)\x1b[0m",
  ].join("\n");
  assert.deepEqual(readReport(output, true), {
    passed: 12,
    failed: 0,
    ignored: ["./tests/a_test.ts => one"],
  });
});

Deno.test("readReport() counts a run without a summary as a failure", () => {
  assert.deepEqual(readReport("error: Type checking failed.\n", false), {
    passed: 0,
    failed: 1,
    ignored: [],
  });
});

Deno.test("readReport() counts a run that failed without a failed test", () => {
  assert.equal(readReport("ok | 3 passed | 0 failed (1s)\n", false).failed, 1);
});

Deno.test("readReport() takes the failures as the runner counts them", () => {
  const output = "FAILED | 2 passed (1 step) | 2 failed (1 step) | 1 ignored (69ms)\n";
  const report = readReport(output, false);
  assert.deepEqual([report.passed, report.failed], [2, 2]);
});
