/**
 * Makes self-contained executables under `dist/` (`deno task compile [TARGET …]`): Linux, macOS and Windows, or only
 * the targets named.
 *
 * Permissions and flags are embedded: network, reading files, and writing to {@linkcode LOG_DIRECTORY} alone. Who
 * keeps logs elsewhere sets `--allow-write` here or runs from source.
 *
 * `deno compile` downloads the runtime of each target; `DENORT_BIN` points it at one that is at hand.
 *
 * @module
 */

const TARGETS = [
  "x86_64-unknown-linux-gnu",
  "aarch64-unknown-linux-gnu",
  "x86_64-apple-darwin",
  "aarch64-apple-darwin",
  "x86_64-pc-windows-msvc",
] as const;

const LOG_DIRECTORY = "/var/log/rpxy-l4";

const unknown = Deno.args.filter((arg) => !TARGETS.some((target) => target === arg));
if (unknown.length > 0) {
  console.error(`Unknown target: ${unknown.join(", ")}\nTargets: ${TARGETS.join(", ")}`);
  Deno.exit(2);
}

let failed = 0;
for (const target of Deno.args.length > 0 ? Deno.args : TARGETS) {
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "compile",
      "--frozen",
      "--no-prompt",
      "--unstable-net",
      "--allow-net",
      "--allow-read",
      `--allow-write=${LOG_DIRECTORY}`,
      "--target",
      target,
      "--output",
      `dist/rpxy-l4-${target}`,
      "main.ts",
    ],
    cwd: new URL("..", import.meta.url),
  }).output();
  console.log(`${target}: ${code === 0 ? "made" : "failed"}`);
  if (code === 0) continue;
  console.error(new TextDecoder().decode(stderr).trimEnd());
  failed++;
}
Deno.exit(failed === 0 ? 0 : 1);
