/**
 * Runs the tests with real browsers on both engines: `deno task browsers [PATH…]`. The last line is `N passed, N failed`.
 *
 * All of it runs in a network namespace with nothing but a loopback device, where the system lets us make one: browsers
 * have much to say to their makers, and no test is to depend on what comes back. A namespace of processes around it sees
 * to it that no browser outlives the run, however that ends.
 *
 * @module
 */

import { type RunReport, runTests, summarize } from "../../tools/run_tests.ts";
import { findProgram } from "../support/programs.ts";

const FOLDER = "tests/browser";
const DENO = Deno.execPath();

if (import.meta.main) {
  Deno.chdir(new URL("../..", import.meta.url));
  const wanted = Deno.args.map((path) => path.replace(/^\.\//, ""));
  const files = [...Deno.readDirSync(FOLDER)].map((entry) => `${FOLDER}/${entry.name}`).sort()
    .filter((file) =>
      file.endsWith("_test.ts") &&
      (wanted.length === 0 || wanted.some((path) => file.startsWith(path)))
    );
  await prepare();
  const alone = isolation();
  if (alone.length === 0) console.log("No network namespace can be made: browsers see the network");
  const reports: RunReport[] = [];
  for (const engine of ["streams", "native"]) {
    // One after the other: a browser is busy on several processors by itself.
    const env = { RPXY_L4_TEST_ENGINE: engine, DENO_JOBS: "1" };
    reports.push(await runTests(`engine ${engine}`, ["-A"], files, env, alone));
  }
  Deno.exit(summarize(reports).failed > 0 ? 1 : 0);
}

/** Brings here what will not be reachable later: backends, and packages of the proxy and the tests. */
async function prepare(): Promise<void> {
  const { code } = await new Deno.Command(DENO, { args: ["task", "test:programs"] }).spawn().status;
  if (code !== 0) console.error("Cannot install the programs in tests/programs");
  await new Deno.Command(DENO, { args: ["cache", "--frozen", "main.ts", FOLDER] }).spawn()
    .status;
}

/** Command words that run what follows them with `lo` as its only network; none where that is not permitted. */
function isolation(): string[] {
  const unshare = findProgram("unshare");
  if (unshare === null || findProgram("ip") === null) return [];
  const [program, ...args] = [
    ...[unshare, "--net", "--pid", "--fork", "--kill-child", "--mount-proc"],
    ...["sh", "-c", 'ip link set lo up && exec "$@"', "sh"],
  ];
  const trial = new Deno.Command(`${program}`, {
    args: [...args, "true"],
    stdout: "null",
    stderr: "null",
  }).outputSync();
  return trial.success ? [`${program}`, ...args] : [];
}
