/**
 * Tests that need more than Deno: a program, or a right that not every machine gives.
 *
 * @module
 */

import { BUN, QUICHE } from "./npm_programs.ts";
import { findProgram } from "./programs.ts";

/** A need that is not a program. */
const CAPABILITIES: Readonly<Record<string, () => boolean>> = {
  bun: () => isFile(BUN),
  quiche: () => isFile(QUICHE),
  "go 1.24": () => goMinor() >= 24,
  "go 1.26": () => goMinor() >= 26,
  "openssl 3.5": () => opensslVersion() >= 3.5,
  Linux: () => Deno.build.os === "linux",
  IPv6: () => canListen("::1"),
  root: () => Deno.uid() === 0,
  "network namespaces": () => canRun("unshare", "--net", "true"),
  "/dev/net/tun": () => canRun("sh", "-c", "exec 3<>/dev/net/tun"),
};

/** Defines a test. */
export type DefineTest = (
  name: string,
  body: (t: Deno.TestContext) => void | Promise<void>,
) => void;

/**
 * Defines tests that need something of the machine: `needs("curl", "root")("relays …", async () => { … })`. Where it is
 * missing the test is ignored, and its name tells what it was that was missing.
 */
export function needs(...things: readonly string[]): DefineTest {
  const missing = things.filter((thing) => !isThere(thing));
  return (name, fn) => {
    if (missing.length === 0) Deno.test(name, fn);
    else Deno.test({ name: `${name} [needs ${missing.join(", ")}]`, ignore: true, fn });
  };
}

const known = new Map<string, boolean>();

function isThere(thing: string): boolean {
  let there = known.get(thing);
  if (there === undefined) {
    there = CAPABILITIES[thing]?.() ?? findProgram(thing) !== null;
    known.set(thing, there);
  }
  return there;
}

function canRun(name: string, ...args: string[]): boolean {
  const path = findProgram(name);
  if (path === null) return false;
  return new Deno.Command(path, { args, stdout: "null", stderr: "null" }).outputSync().success;
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/** 24 for Go 1.24; 0 where there is none. */
function goMinor(): number {
  const path = findProgram("go");
  if (path === null) return 0;
  const { stdout } = new Deno.Command(path, { args: ["env", "GOVERSION"] }).outputSync();
  return Number(/^go1\.(\d+)/.exec(new TextDecoder().decode(stdout))?.[1] ?? 0);
}

/** Such as 3.5; 0 where there is no OpenSSL. */
function opensslVersion(): number {
  const path = findProgram("openssl");
  if (path === null) return 0;
  const { stdout } = new Deno.Command(path, { args: ["version"] }).outputSync();
  return Number(/^OpenSSL (\d+\.\d+)/.exec(new TextDecoder().decode(stdout))?.[1] ?? 0);
}

function canListen(hostname: string): boolean {
  try {
    Deno.listen({ hostname, port: 0 }).close();
    return true;
  } catch {
    return false;
  }
}
