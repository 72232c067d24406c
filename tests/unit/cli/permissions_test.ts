import assert from "node:assert/strict";
import type { NeededPermission } from "../../../src/app/permissions.ts";
import { formatFlags } from "../../../src/cli/permissions.ts";

Deno.test("formatFlags() quotes what a shell would read otherwise", () => {
  const entry: NeededPermission = {
    flag: "--allow-read",
    value: "/it's here",
    purpose: "test",
    descriptor: { name: "read" },
    isExact: true,
  };
  assert.deepEqual(formatFlags([entry]), [`'--allow-read=/it'\\''s here'`]);
});
