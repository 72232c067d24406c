/**
 * Runs every test: those of the pure layers without any permission, which proves that they are pure, and the others
 * with all; those that run the proxy end to end, a second time on its native engine. The last line, `N passed, N failed`, is the sum of what the runner itself reports.
 *
 * `deno task test [PATH…]` runs only the test files under the given paths.
 *
 * @module
 */

/** Folders whose tests must do with no permission at all. */
const PURE = ["tests/unit/model/", "tests/unit/proto/", "tests/unit/pipeline/", "tests/property/"];

/** Not of this task: tests with a task of their own, `deno task browsers`, and programs that others have made. */
const OTHERS = ["tests/browser/", "tests/programs/"];

/** A run that takes longer hangs: it is ended, and counts as a failure. */
const RUN_TIMEOUT_MS = 15 * 60_000;

/** What the runner said of one run. */
export interface RunReport {
  readonly passed: number;
  readonly failed: number;
  /** Names of ignored tests; `needs()` in tests/support writes the reason into the name. */
  readonly ignored: readonly string[];
}

if (import.meta.main) {
  Deno.chdir(new URL("..", import.meta.url));
  const wanted = Deno.args.map((path) => path.replace(/^\.\//, ""));
  const files = [...filesUnder("tests")].sort().filter((file) =>
    file.endsWith("_test.ts") && !OTHERS.some((folder) => file.startsWith(folder)) &&
    (wanted.length === 0 || wanted.some((path) => file.startsWith(path)))
  );
  const isPure = (file: string) => PURE.some((folder) => file.startsWith(folder));
  const reports = [
    await runTests("no permissions", [], files.filter(isPure)),
    await runTests("all permissions", ["-A"], files.filter((file) => !isPure(file))),
    await runTests("native engine", ["-A"], files.filter(usesEngine), {
      RPXY_L4_TEST_ENGINE: "native",
    }),
  ];
  const { passed, failed } = summarize(reports);
  Deno.exit(failed > 0 || passed === 0 ? 1 : 0);
}

/** Prints what was ignored, and as the last line the sum, which it returns. */
export function summarize(
  reports: readonly RunReport[],
): { readonly passed: number; readonly failed: number } {
  const passed = reports.reduce((sum, report) => sum + report.passed, 0);
  const failed = reports.reduce((sum, report) => sum + report.failed, 0);
  const ignored = reports.flatMap((report) => report.ignored);
  console.log(`\n${ignored.length} ignored${ignored.length === 0 ? "" : ":"}`);
  for (const name of ignored) console.log(`  ${name}`);
  console.log(`${passed} passed, ${failed} failed`);
  return { passed, failed };
}

/**
 * Runs test files, and shows what the runner says.
 *
 * @param behind command words to run it behind, such as `ip netns exec NAME`
 */
export async function runTests(
  title: string,
  permissions: readonly string[],
  files: readonly string[],
  env: Readonly<Record<string, string>> = {},
  behind: readonly string[] = [],
): Promise<RunReport> {
  if (files.length === 0) return { passed: 0, failed: 0, ignored: [] };
  console.log(`\n# ${files.length} test files, ${title}\n`);
  const [program = "", ...words] = [...behind, Deno.execPath()];
  const runner = new Deno.Command(program, {
    args: [...words, "test", "--no-prompt", "--frozen", "--parallel", ...permissions, ...files],
    env,
    stdout: "piped",
    stderr: "inherit",
    signal: AbortSignal.timeout(RUN_TIMEOUT_MS),
  }).spawn();
  let output = "";
  const decoder = new TextDecoder();
  for await (const chunk of runner.stdout) {
    await writeAll(chunk);
    output += decoder.decode(chunk, { stream: true });
  }
  return readReport(output, (await runner.status).success);
}

/** Whether a test file runs the proxy on the engine that the environment names: then it imports something that does. */
function usesEngine(file: string): boolean {
  if (!file.startsWith("tests/e2e/")) return false;
  return /support\/(proxy_process|main_process|engine_under_test|ech_site)\.ts/.test(
    Deno.readTextFileSync(file),
  );
}

function* filesUnder(folder: string): Generator<string> {
  for (const entry of Deno.readDirSync(folder)) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) yield* filesUnder(path);
    else yield path;
  }
}

async function writeAll(bytes: Uint8Array): Promise<void> {
  for (let sent = 0; sent < bytes.length;) sent += await Deno.stdout.write(bytes.subarray(sent));
}

/**
 * Reads the runner's summary, such as `ok | 12 passed (3 steps) | 0 failed | 1 ignored (2s)`. A run that did not end in
 * order, such as one that failed to compile and so has no summary, counts as a failure of its own.
 */
export function readReport(output: string, success: boolean): RunReport {
  // deno-lint-ignore no-control-regex
  const plain = output.replace(/\x1b\[[0-9;]*m/g, "");
  const summary = [...plain.matchAll(/^(?:ok|FAILED) \| (\d+) passed.*? \| (\d+) failed.*$/gm)].at(
    -1,
  );
  const failed = Number(summary?.[2] ?? 0);
  return {
    passed: Number(summary?.[1] ?? 0),
    failed: success || failed > 0 ? failed : 1,
    ignored: [...plain.matchAll(/^(.+) \.\.\. ignored(?: \(.*\))?$/gm)].map((line) =>
      line[1] ?? ""
    ),
  };
}
