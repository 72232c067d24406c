import assert from "node:assert/strict";
import { parseCpuList, planCpus } from "../../../bench/load/cpus.ts";
import { parseCpuTicks, parsePss } from "../../../bench/load/procfs.ts";

Deno.test("parseCpuTicks() counts fields behind the command name, ended children included", () => {
  const before = "4711 (a) b (c) S 1 4711 4711 0 -1 4194304 100 200 0 0";
  assert.equal(parseCpuTicks(`${before} 1000 200 30 4 20 0 1 0 99`), 1_234);
  assert.equal(parseCpuTicks(""), 0);
});

Deno.test("parsePss() reads the sum, not its parts", () => {
  const rollup = "Rss:  900 kB\nPss:                3 kB\nPss_Dirty:   2 kB\nPss_Anon:  1 kB\n";
  assert.equal(parsePss(rollup), 3_072);
  assert.equal(parsePss(""), 0);
});

Deno.test("parseCpuList() resolves ranges", () => {
  assert.deepEqual(parseCpuList("0-2,5"), [0, 1, 2, 5]);
  assert.deepEqual(parseCpuList("3"), [3]);
  assert.deepEqual(parseCpuList(""), []);
});

Deno.test("planCpus() gives the proxy one CPU and the load the others", () => {
  assert.deepEqual(planCpus([0, 1, 4]), { proxy: "0", load: "1,4", all: "0,1,4" });
  assert.equal(planCpus([0]), null);
});
