import assert from "node:assert/strict";
import { checkLayers } from "../../../tools/check_layers.ts";

function check(files: Record<string, string>): string[] {
  return checkLayers(new Map(Object.entries(files)))
    .map(({ file, line, message }) => `${file}:${line}: ${message}`);
}

Deno.test("checkLayers() is content with imports that point down", () => {
  assert.deepEqual(
    check({
      "app.ts": `import { a } from "./engine/a.ts";\nimport "./control/b.ts";`,
      "cli/main.ts":
        `import v from "../../deno.json" with { type: "json" };\nawait import("../app.ts");`,
      "control/b.ts": `export * from "../proto/c.ts";`,
      "engine/a.ts": `import type { F } from "../pipeline/flow.ts";`,
      "pipeline/flow.ts": `import fc from "fast-check";\nimport { d } from "node:crypto";`,
    }),
    [],
  );
});

Deno.test("checkLayers() names file and line of every kind of import that points upward", () => {
  assert.deepEqual(
    check({
      "control/dns.ts": `import type { E } from "../engine/engine.ts";`,
      "engine/tcp.ts": `// why\n\nexport { log } from "../ops/log.ts";`,
      "model/a.ts": `import "./b.ts";\nimport {\n  x,\n  y,\n} from "../proto/x.ts";`,
      "ops/log.ts": `type T = import("../control/dns.ts").T;`,
      "pipeline/flow.ts": `const m = import(\n  "../app.ts"\n);`,
      "proto/test.ts": `import { a } from "../../tests/a.ts";`,
    }),
    [
      'control/dns.ts:1: control must not import from engine ("../engine/engine.ts")',
      'engine/tcp.ts:3: engine must not import from ops ("../ops/log.ts")',
      'model/a.ts:5: model must not import from proto ("../proto/x.ts")',
      'ops/log.ts:1: ops must not import from control ("../control/dns.ts")',
      'pipeline/flow.ts:1: pipeline must not import from app ("../app.ts")',
      'proto/test.ts:1: "../../tests/a.ts" is outside of the source tree',
    ],
  );
});

for (
  const impure of [
    "Deno.readFile(x)",
    "globalThis.Deno",
    "setTimeout(f, 1)",
    "setInterval(f, 1)",
    "Date.now()",
    "new Date()",
    "performance.now()",
    "Math.random()",
    "crypto.getRandomValues(x)",
    "console.log(1)",
    "`${console.log(1)}`",
    "fetch(x)",
  ]
) {
  Deno.test(`checkLayers() finds ${impure} in a pure layer, and allows it in an engine`, () => {
    const text = `export const quote = /["'\`]/;\nexport const a = 12 / 3; ${impure};`;
    const found = check({ "proto/a.ts": text, "engine/a.ts": text });
    assert.equal(found.length, 1);
    assert.match(found[0] ?? "", /^proto\/a\.ts:2: proto is pure and must not use "/);
  });
}

Deno.test("checkLayers() finds a module with effects in a pure layer", () => {
  assert.deepEqual(check({ "pipeline/a.ts": `import { readFileSync } from "node:fs";` }), [
    'pipeline/a.ts:1: pipeline is pure and must not import "node:fs"',
  ]);
});

Deno.test("checkLayers() does not mind what comments, strings and regular expressions say", () => {
  const text = [
    `// Deno.exit() and import "../app.ts"`,
    `/** Date.now()\n * console.log() */`,
    `const a = "import '../app.ts'; setTimeout";`,
    `const b = 'it\\'s performance.now()';`,
    "const c = `Math.random() ${a + `fetch(${ { b } })`} // \\` Deno.x`;",
    `const d = /["'\`]|Deno/;`,
    `const e = a / 2; /* " */ const f = e / 4;`,
  ].join("\n");
  assert.deepEqual(check({ "proto/a.ts": text }), []);
});

Deno.test("check_layers.ts exits 1 with file and line when a tree breaks the law, else 0", async () => {
  const root = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${root}/proto`);
    await Deno.writeTextFile(`${root}/proto/a.ts`, `\nimport "../engine/b.ts";\n`);
    const bad = await runTool(root);
    assert.equal(bad.code, 1);
    assert.match(bad.stderr, /\/proto\/a\.ts:2: proto must not import from engine/);
    await Deno.writeTextFile(`${root}/proto/a.ts`, `import "./b.ts";\n`);
    assert.deepEqual(await runTool(root), { code: 0, stderr: "" });
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

async function runTool(root: string): Promise<{ code: number; stderr: string }> {
  const tool = new URL("../../../tools/check_layers.ts", import.meta.url);
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--quiet", "--allow-read", tool.href, root],
    stdout: "null",
  }).output();
  return { code, stderr: new TextDecoder().decode(stderr) };
}
