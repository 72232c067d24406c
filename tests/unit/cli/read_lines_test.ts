import assert from "node:assert/strict";
import fc from "fast-check";
import { type Line, readLines } from "../../../src/cli/read_lines.ts";

async function linesOf(text: string, cuts: readonly number[], maxBytes: number): Promise<Line[]> {
  const bytes = new TextEncoder().encode(text);
  const borders = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b)];
  const chunks = [...borders, bytes.length].map((end, index, all) =>
    bytes.subarray(all[index - 1] ?? 0, end)
  );
  const lines: Line[] = [];
  for await (const batch of readLines(ReadableStream.from(chunks), maxBytes)) lines.push(...batch);
  return lines;
}

Deno.test("readLines() yields the lines of the text however it is cut", async () => {
  const line = fc.string({ unit: "grapheme" }).filter((text) => !text.includes("\n"));
  await fc.assert(
    fc.asyncProperty(fc.array(line), fc.array(fc.nat()), async (expected, cuts) => {
      const text = expected.map((one) => `${one}\n`).join("");
      assert.deepEqual(await linesOf(text, cuts, 1 << 20), expected);
    }),
  );
});

Deno.test("readLines() passes over a line that is too long, and goes on", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat()), async (cuts) => {
      const text = `ab\n${"x".repeat(50)}\ncd\n\nend`;
      assert.deepEqual(await linesOf(text, cuts, 10), ["ab", null, "cd", "", "end"]);
    }),
  );
});
