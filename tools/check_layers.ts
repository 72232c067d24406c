/**
 * Proves the layer law of docs/architecture.md over `src/`: no import points upward, and the pure layers name nothing
 * that has a clock, a socket, a log or chance in it.
 *
 * `deno task layers [FOLDER]` prints `file:line: what is wrong` for each break and exits 1 if there is any.
 *
 * @module
 */

import { maskSource } from "./mask_source.ts";

/** A break of the law. */
export interface Violation {
  /** Path from the folder that was checked. */
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

/** What each layer may import. `src/*.ts` and `src/app/` are the layer `app`. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  model: ["model"],
  proto: ["model", "proto"],
  pipeline: ["model", "proto", "pipeline"],
  engine: ["model", "proto", "pipeline", "engine"],
  control: ["model", "proto", "control"],
  ops: ["model", "ops"],
  app: ["model", "proto", "pipeline", "engine", "control", "ops", "app"],
  cli: ["model", "proto", "pipeline", "engine", "control", "ops", "app", "cli"],
};

/** Layers that are synchronous functions of their arguments. */
const PURE = ["model", "proto", "pipeline"];

/** Synchronous and without effect, unlike the rest of `node:`. */
const PURE_NODE_MODULES = ["node:crypto"];

const IMPURE =
  /\bDeno\b|\bset(?:Timeout|Interval|Immediate)\b|\bqueueMicrotask\b|\bDate\b|\bperformance\b|\bTemporal\b|\bMath\s*\.\s*random\b|\bgetRandomValues\b|\brandom(?:Bytes|UUID|Int)\b|\bconsole\b|\bfetch\b|\bawait\b/g;

/**
 * Finds all breaks of the law in a source tree.
 *
 * @param files text of each file by its path from the root of the tree (`proto/ip.ts`)
 */
export function checkLayers(files: ReadonlyMap<string, string>): Violation[] {
  const violations: Violation[] = [];
  for (const [file, text] of [...files].sort(([a], [b]) => a < b ? -1 : 1)) {
    const layer = layerOf(file);
    const { code, strings } = maskSource(text);
    const report = (index: number, message: string) => {
      violations.push({ file, line: text.slice(0, index).split("\n").length, message });
    };
    for (const { index, specifier } of importsOf(code, strings)) {
      const problem = problemWith(file, layer, specifier);
      if (problem !== null) report(index, problem);
    }
    if (!PURE.includes(layer)) continue;
    for (const match of code.matchAll(IMPURE)) {
      report(match.index, `${layer} is pure and must not use "${match[0]}"`);
    }
  }
  return violations;
}

function problemWith(file: string, layer: string, specifier: string): string | null {
  if (specifier.startsWith("node:")) {
    const allowed = !PURE.includes(layer) || PURE_NODE_MODULES.includes(specifier);
    return allowed ? null : `${layer} is pure and must not import "${specifier}"`;
  }
  if (!specifier.startsWith(".")) return null; // an npm package, by its name in deno.json
  const target = new URL(specifier, `file:///src/${file}`).pathname;
  if (!target.startsWith("/src/")) {
    // Data such as the version in deno.json; code outside of src/ (tests, tools) is never part of the program.
    return target.endsWith(".json") ? null : `"${specifier}" is outside of the source tree`;
  }
  const imported = layerOf(target.slice("/src/".length));
  return MAY_IMPORT[layer]?.includes(imported)
    ? null
    : `${layer} must not import from ${imported} ("${specifier}")`;
}

function layerOf(file: string): string {
  return file.includes("/") ? file.slice(0, file.indexOf("/")) : "app";
}

interface Import {
  readonly index: number;
  readonly specifier: string;
}

/** All of `import "x"`, `import … from "x"`, `export … from "x"`, `import("x")` and the types `import("x").T`. */
function* importsOf(code: string, strings: ReadonlyMap<number, string>): Generator<Import> {
  for (const match of code.matchAll(/\b(?:from|import)\s*\(?\s*(?=["'`])/g)) {
    const specifier = strings.get(match.index + match[0].length);
    if (specifier !== undefined) yield { index: match.index, specifier };
  }
}

function readTree(root: string): Map<string, string> {
  const files = new Map<string, string>();
  const walk = (folder: string) => {
    for (const { name, isDirectory } of Deno.readDirSync(`${root}/${folder}`)) {
      const path = `${folder}${name}`;
      if (isDirectory) walk(`${path}/`);
      else if (/\.[jt]sx?$/.test(name)) files.set(path, Deno.readTextFileSync(`${root}/${path}`));
    }
  };
  walk("");
  return files;
}

if (import.meta.main) {
  const folder = Deno.args[0] ?? new URL("../src", import.meta.url).pathname;
  const violations = checkLayers(readTree(folder));
  for (const { file, line, message } of violations) {
    console.error(`${folder}/${file}:${line}: ${message}`);
  }
  if (violations.length > 0) Deno.exit(1);
}
