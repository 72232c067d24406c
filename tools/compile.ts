/**
 * Makes self-contained executables under `dist/` (`deno task compile [TARGET …]`): Linux, macOS and Windows, or only
 * the targets named.
 *
 * Permissions and flags are embedded: network, reading files, and writing to {@linkcode LOG_DIRECTORY} alone; for Linux
 * the C library, for the native engine. Who keeps logs elsewhere, or wants no native code, changes that here or runs
 * from source.
 *
 * `deno compile` downloads the runtime of each target; `DENORT_BIN` points it at one that is at hand.
 *
 * @module
 */

import { libraryPaths } from "../src/engine/native/sys/open_library.ts";

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
      ...nativeFlags(target),
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

function nativeFlags(target: string): string[] {
  const [arch, , system] = target.split("-");
  return system === "linux" ? [`--allow-ffi=${libraryPaths(arch).join(",")}`] : [];
}
