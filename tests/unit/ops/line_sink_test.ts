import assert from "node:assert/strict";
import { FileSink } from "../../../src/ops/line_sink.ts";
import { TempDir } from "../../support/temp_dir.ts";

Deno.test("FileSink appends to what is there", async () => {
  await using dir = await TempDir.make();
  const path = await dir.write("a.log", "old\n");
  const { sink } = await open(path);
  await put(sink, "new\n");
  sink.close();
  assert.equal(await Deno.readTextFile(path), "old\nnew\n");
});

Deno.test("FileSink follows a file that was renamed away", async () => {
  await using dir = await TempDir.make();
  const path = `${dir.path}/a.log`;
  const { sink, tick } = await open(path);
  await put(sink, "one\n");
  await Deno.rename(path, `${path}.1`);
  tick();
  await put(sink, "two\n");
  sink.close();
  assert.equal(await Deno.readTextFile(`${path}.1`), "one\n");
  assert.equal(await Deno.readTextFile(path), "two\n");
});

Deno.test("FileSink follows a file that another took the place of", async () => {
  await using dir = await TempDir.make();
  const path = `${dir.path}/a.log`;
  const { sink, tick } = await open(path);
  await put(sink, "one\n");
  await Deno.rename(path, `${path}.1`);
  await Deno.writeTextFile(path, "");
  tick();
  await put(sink, "two\n");
  sink.close();
  assert.equal(await Deno.readTextFile(path), "two\n");
});

Deno.test("FileSink makes a file that was removed anew", async () => {
  await using dir = await TempDir.make();
  const path = `${dir.path}/a.log`;
  const { sink, tick } = await open(path);
  await put(sink, "one\n");
  await Deno.remove(path);
  tick();
  await put(sink, "two\n");
  sink.close();
  assert.equal(await Deno.readTextFile(path), "two\n");
});

Deno.test("FileSink leaves no hole in a file that was cut off", async () => {
  await using dir = await TempDir.make();
  const path = `${dir.path}/a.log`;
  const { sink } = await open(path);
  await put(sink, "one\n");
  await Deno.truncate(path);
  await put(sink, "two\n");
  sink.close();
  assert.equal(await Deno.readTextFile(path), "two\n");
});

Deno.test("FileSink looks at the path at a low rate only, but reopen() does not wait for that", async () => {
  await using dir = await TempDir.make();
  const path = `${dir.path}/a.log`;
  const { sink } = await open(path);
  await Deno.rename(path, `${path}.1`);
  await put(sink, "one\n");
  assert.equal(await Deno.readTextFile(`${path}.1`), "one\n");
  await sink.reopen();
  await put(sink, "two\n");
  sink.close();
  assert.equal(await Deno.readTextFile(path), "two\n");
});

Deno.test("FileSink recovers when its folder comes back", async () => {
  await using dir = await TempDir.make();
  const path = `${dir.path}/logs/a.log`;
  await Deno.mkdir(`${dir.path}/logs`);
  const { sink, tick } = await open(path);
  await Deno.remove(`${dir.path}/logs`, { recursive: true });
  tick();
  await assert.rejects(() => put(sink, "lost\n"), Deno.errors.NotFound);
  await Deno.mkdir(`${dir.path}/logs`);
  await put(sink, "back\n");
  sink.close();
  assert.equal(await Deno.readTextFile(path), "back\n");
});

/** A sink, and a way to let the time pass after which it looks at its path again. */
async function open(path: string): Promise<{ sink: FileSink; tick: () => void }> {
  let time = 0;
  const sink = await FileSink.open(path, () => time);
  return { sink, tick: () => void (time += 60_000) };
}

async function put(sink: FileSink, text: string): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  assert.equal(await sink.write(bytes), bytes.length);
}
