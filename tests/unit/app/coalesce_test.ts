import assert from "node:assert/strict";
import { coalesce } from "../../../src/app/coalesce.ts";

Deno.test("coalesce() runs one at a time and lets calls that wait share a run", async () => {
  const runs: PromiseWithResolvers<string>[] = [];
  const run = coalesce(() => {
    const next = Promise.withResolvers<string>();
    runs.push(next);
    return next.promise;
  });
  const first = run();
  await Promise.resolve(); // the first has begun
  const [second, third] = [run(), run()];
  assert.equal(runs.length, 1);
  runs[0]?.resolve("a");
  assert.equal(await first, "a");
  await Promise.resolve();
  assert.equal(runs.length, 2);
  runs[1]?.resolve("b");
  assert.deepEqual(await Promise.all([second, third]), ["b", "b"]);

  const later = run();
  await Promise.resolve();
  runs[2]?.resolve("c");
  assert.equal(await later, "c");
});
