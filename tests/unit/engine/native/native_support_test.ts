import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { nativeSupport } from "../../../../src/engine/native/native_support.ts";

const SOURCE = fileURLToPath(new URL("../../../../src", import.meta.url));
const REFUSAL = "not permitted by --allow-read to load its threads";

/** What may be read, and what is then in the way. */
const CASES: readonly [read: string[] | false, obstacle: string | null][] = [
  [false, REFUSAL],
  [[`${SOURCE}/engine/native/native_support.ts`], REFUSAL],
  // Threads load what the engine imports, too.
  [[`${SOURCE}/engine`], REFUSAL],
  [[SOURCE], null],
];

for (const [read, obstacle] of CASES) {
  Deno.test({
    name: `nativeSupport() tells ${obstacle ?? "nothing"} when ${read || "nothing"} may be read`
      .replaceAll(SOURCE, "src"),
    ignore: Deno.build.os !== "linux",
    permissions: { ffi: true, read },
    fn: () => assert.equal(nativeSupport(), obstacle),
  });
}
