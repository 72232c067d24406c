import assert from "node:assert/strict";
import type { LineSink } from "../../../src/ops/line_sink.ts";
import { LineWriter } from "../../../src/ops/line_writer.ts";
import { createLog, formatLogLine } from "../../../src/ops/log.ts";

Deno.test("formatLogLine() writes time, level, message and facts", () => {
  assert.equal(
    formatLogLine(Date.UTC(2026, 10, 22, 18), "info", "Listening", { event: "up", port: 443 }),
    "2026-11-22T18:00:00.000Z  INFO Listening event=up port=443",
  );
  assert.match(formatLogLine(0, "error", "No", {}), /Z ERROR No$/);
  assert.match(formatLogLine(0, "warn", "Hm", {}), /Z {2}WARN Hm$/);
  assert.match(formatLogLine(0, "debug", "So", {}), /Z DEBUG So$/);
});

Deno.test("formatLogLine() writes every kind of fact, and leaves undefined ones out", () => {
  const fields = {
    text: "two words",
    none: null,
    nothing: undefined,
    flag: true,
    error: new TypeError("bad\nvalue"),
    list: ["a", "b"],
  };
  assert.match(
    formatLogLine(0, "info", "m", fields),
    / m text="two words" none=null flag=true error="TypeError: bad\\x0avalue" list="\[\\"a\\",\\"b\\"\]"$/,
  );
});

Deno.test("formatLogLine() keeps a message on its line and its Unicode readable", () => {
  assert.match(
    formatLogLine(0, "info", 'Pfad "C:\\für"\nzwei \x1b[2J\u{e0001}', {}),
    / INFO Pfad "C:\\für"\\x0azwei \\x1b\[2J\\udb40\\udc01$/,
  );
});

Deno.test("formatLogLine() colours the level only when told to", () => {
  const time = "1970-01-01T00:00:00.000Z";
  assert.equal(
    formatLogLine(0, "error", "m", {}, true),
    `${time} \x1b[31mERROR\x1b[0m m`,
  );
  assert.equal(formatLogLine(0, "error", "m", {}), `${time} ERROR m`);
});

Deno.test("createLog() writes what its level lets through, and braces as they are", async () => {
  const { writer, lines } = setUp();
  await using _ = writer;
  using log = createLog({ level: "warn", writer });
  log.debug("d", "debug");
  log.info("i", "info");
  log.warn("w", "warn {x}", { x: 1 });
  log.error("e", "error");
  await writer.flush();
  assert.deepEqual(lines(), [" WARN warn {x} event=w x=1", "ERROR error event=e"]);
});

Deno.test("setLevel() takes effect at once, both ways", async () => {
  const { writer, lines } = setUp();
  await using _ = writer;
  using log = createLog({ level: "error", writer });
  log.info("a", "one");
  log.setLevel("debug");
  log.debug("b", "two");
  log.setLevel("info");
  log.debug("c", "three");
  await writer.flush();
  assert.deepEqual(lines(), ["DEBUG two event=b"]);
});

Deno.test("createLog() keeps the logs of one process apart", async () => {
  const one = setUp();
  const two = setUp();
  await using _one = one.writer;
  await using _two = two.writer;
  using first = createLog({ level: "info", writer: one.writer });
  {
    using second = createLog({ level: "error", writer: two.writer });
    first.info("a", "first");
    second.info("b", "second");
    second.error("c", "third");
  }
  first.info("d", "fourth");
  await one.writer.flush();
  await two.writer.flush();
  assert.deepEqual(one.lines(), [" INFO first event=a", " INFO fourth event=d"]);
  assert.deepEqual(two.lines(), ["ERROR third event=c"]);
});

/** A writer into memory, and the lines so far without their time. */
function setUp() {
  let text = "";
  const sink: LineSink = {
    write(bytes) {
      text += new TextDecoder().decode(bytes);
      return Promise.resolve(bytes.length);
    },
    reopen: () => Promise.resolve(),
    isFinal: () => false,
    close() {},
  };
  const writer = new LineWriter(sink, { describeDrops: String });
  const lines = () => text.trimEnd().split("\n").map((line) => line.replace(/^\S+Z /, ""));
  return { writer, lines };
}
