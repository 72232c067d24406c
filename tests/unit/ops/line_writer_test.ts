import assert from "node:assert/strict";
import type { LineSink } from "../../../src/ops/line_sink.ts";
import { LineWriter } from "../../../src/ops/line_writer.ts";
import { runOk } from "../../support/programs.ts";

const describeDrops = (count: number) => `dropped ${count}`;

Deno.test("write() returns at once and keeps the order of the lines", async () => {
  const sink = new GateSink();
  await using writer = new LineWriter(sink, { describeDrops });
  const lines = Array.from({ length: 1_000 }, (_, n) => `line ${n}`);
  for (const line of lines) writer.write(line);
  assert.equal(sink.text, "");
  assert.equal(await writer.flush(), true);
  assert.deepEqual(sink.lines, lines);
  assert.equal(sink.writes, 1, "many lines go out with one write");
});

Deno.test("write() is written soon without a flush()", async () => {
  const sink = new GateSink();
  await using writer = new LineWriter(sink, { describeDrops });
  writer.write("alone");
  await sink.written;
  assert.deepEqual(sink.lines, ["alone"]);
});

Deno.test("write() gets the whole of a line out through a sink that takes a byte at a time", async () => {
  const sink = new GateSink();
  sink.most = 1;
  await using writer = new LineWriter(sink, { describeDrops });
  writer.write("für");
  writer.write("zwei");
  await writer.flush();
  assert.deepEqual(sink.lines, ["für", "zwei"]);
});

Deno.test("write() drops what exceeds the lines of the queue and tells how much at its place", async () => {
  const sink = new GateSink();
  sink.shut();
  await using writer = new LineWriter(sink, { describeDrops, maxLines: 10 });
  for (let n = 0; n < 25; n++) writer.write(`${n}`);
  assert.equal(writer.dropped, 15);
  sink.open();
  await writer.flush();
  writer.write("after");
  await writer.flush();
  assert.deepEqual(sink.lines, [...Array(10).keys()].map(String).concat("dropped 15", "after"));
});

Deno.test("write() bounds the characters of the queue, and tells of a line that never fits", async () => {
  const sink = new GateSink();
  await using writer = new LineWriter(sink, { describeDrops, maxBytes: 100 });
  writer.write("x".repeat(100));
  await sink.written;
  await writer.flush();
  assert.deepEqual(sink.lines, ["dropped 1"]);
});

Deno.test("write() holds little more than the characters of lines that nobody reads", async () => {
  const script = new URL("../../support/held_log_memory.ts", import.meta.url).pathname;
  const output = await runOk(Deno.execPath(), ["run", "--v8-flags=--expose-gc", script]);
  const { characters, held, dropped } = JSON.parse(output);
  assert.equal(dropped, 0);
  assert.ok(held < 2 * characters, `${characters} characters take ${held} bytes`);
});

Deno.test("write() has its room back once lines are out", async () => {
  const sink = new GateSink();
  await using writer = new LineWriter(sink, { describeDrops, maxBytes: 100, maxLines: 2 });
  for (let n = 0; n < 10; n++) {
    writer.write("x".repeat(60));
    await writer.flush();
  }
  assert.equal(sink.lines.length, 10);
  assert.equal(writer.dropped, 0);
});

Deno.test("write() goes on dropping until half of the queue is free", async () => {
  const sink = new GateSink();
  sink.shut();
  await using writer = new LineWriter(sink, { describeDrops, maxLines: 4 });
  for (const line of ["a", "b", "c", "d", "e"]) writer.write(line);
  void writer.flush();
  await sink.waiting;
  // All four lines are still held while they are being written.
  writer.write("f");
  assert.equal(writer.dropped, 2);
  sink.open();
  await writer.flush();
  assert.deepEqual(sink.lines, ["a", "b", "c", "d", "dropped 2"]);
});

Deno.test("write() keeps the lines over an outage of the sink and reports it once", async () => {
  const sink = new GateSink();
  const errors: unknown[] = [];
  await using writer = new LineWriter(sink, { describeDrops, onError: (e) => errors.push(e) });
  sink.failure = new Error("no space left on device");
  writer.write("one");
  void writer.flush();
  await sink.failed;
  writer.write("two");
  sink.failure = null;
  // Re-opening ends the pause between two tries.
  writer.reopen();
  await writer.flush();
  assert.deepEqual(sink.lines, ["one", "two"]);
  assert.deepEqual(errors.map(String), ["Error: no space left on device"]);
  assert.equal(writer.dropped, 0);
});

Deno.test("write() only counts once the sink is gone for good", async () => {
  const sink = new GateSink();
  await using writer = new LineWriter(sink, { describeDrops });
  sink.failure = new Deno.errors.BrokenPipe("Broken pipe");
  writer.write("one");
  await writer.flush();
  writer.write("two");
  assert.equal(await writer.flush(), true);
  assert.equal(writer.dropped, 2);
  assert.equal(sink.text, "");
});

Deno.test("reopen() reaches the sink even when nothing is written", async () => {
  const sink = new GateSink();
  await using writer = new LineWriter(sink, { describeDrops });
  writer.reopen();
  await writer.flush();
  assert.equal(sink.reopened, 1);
});

Deno.test("flush() says when the time was not enough", async () => {
  const sink = new GateSink();
  sink.shut();
  await using writer = new LineWriter(sink, { describeDrops });
  writer.write("stuck");
  assert.equal(await writer.flush(1), false);
  sink.open();
  assert.equal(await writer.flush(), true);
});

Deno.test("[Symbol.asyncDispose]() writes what is queued, closes the sink once, and takes no more", async () => {
  const sink = new GateSink();
  const writer = new LineWriter(sink, { describeDrops });
  writer.write("last");
  await writer[Symbol.asyncDispose]();
  await writer[Symbol.asyncDispose]();
  writer.write("too late");
  writer.reopen();
  assert.equal(await writer.flush(), true);
  assert.deepEqual(sink.lines, ["last"]);
  assert.equal(sink.closed, 1);
  assert.equal(writer.dropped, 1);
});

Deno.test("[Symbol.asyncDispose]() does not try a broken sink for ever", async () => {
  const sink = new GateSink();
  sink.failure = new Error("no space left on device");
  const writer = new LineWriter(sink, { describeDrops });
  writer.write("lost");
  await writer[Symbol.asyncDispose]();
  assert.equal(writer.dropped, 1);
  assert.equal(sink.closed, 1);
});

Deno.test("[Symbol.asyncDispose]() leaves a sink alone that it has closed on queued lines", async () => {
  const sink = new GateSink();
  sink.shut();
  const writer = new LineWriter(sink, { describeDrops });
  for (let i = 0; i < 3; i++) writer.write("x".repeat(70_000)); // a chunk each
  await sink.waiting;
  await writer[Symbol.asyncDispose]();
  assert.equal(sink.closed, 1);
  sink.open();
  assert.equal(await writer.flush(), true);
  assert.equal(sink.begun, 1);
  assert.equal(writer.dropped, 2);
});

/** A sink in memory that can be made to wait and to fail. */
class GateSink implements LineSink {
  text = "";
  writes = 0;
  begun = 0;
  reopened = 0;
  closed = 0;
  /** Bytes taken with one write. */
  most = Infinity;
  failure: Error | null = null;
  readonly #decoder = new TextDecoder();
  readonly #written = Promise.withResolvers<void>();
  readonly #failed = Promise.withResolvers<void>();
  readonly #waiting = Promise.withResolvers<void>();
  #gate = Promise.withResolvers<void>();

  constructor() {
    this.open();
  }

  get lines(): readonly string[] {
    return this.text.split("\n").slice(0, -1);
  }

  /** The first write has succeeded. */
  get written(): Promise<void> {
    return this.#written.promise;
  }

  /** The first write has failed. */
  get failed(): Promise<void> {
    return this.#failed.promise;
  }

  /** The first write has begun. */
  get waiting(): Promise<void> {
    return this.#waiting.promise;
  }

  shut(): void {
    this.#gate = Promise.withResolvers<void>();
  }

  open(): void {
    this.#gate.resolve();
  }

  async write(bytes: Uint8Array): Promise<number> {
    this.begun++;
    this.#waiting.resolve();
    await this.#gate.promise;
    if (this.failure !== null) {
      this.#failed.resolve();
      throw this.failure;
    }
    const taken = bytes.subarray(0, this.most);
    this.text += this.#decoder.decode(taken, { stream: true });
    this.writes++;
    this.#written.resolve();
    return taken.length;
  }

  reopen(): Promise<void> {
    this.reopened++;
    return Promise.resolve();
  }

  isFinal(error: unknown): boolean {
    return error instanceof Deno.errors.BrokenPipe;
  }

  close(): void {
    this.closed++;
  }
}
