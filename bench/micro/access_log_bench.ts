/**
 * What a flow costs in the access log: two lines, formatted and queued on the path of its connection.
 *
 * @module
 */

import { AccessLog, formatJsonEvent, formatTextEvent } from "../../src/ops/access_log.ts";
import type { LineSink } from "../../src/ops/line_sink.ts";
import { LineWriter } from "../../src/ops/line_writer.ts";
import { DETECTED, flowEnd, flowRecord } from "../../tests/support/flow_records.ts";

const record = flowRecord();
const hostile = flowRecord({ detected: { ...DETECTED, sni: 'a "b"\n'.repeat(10) } });
const end = flowEnd();
const start = Date.now();
let time = start;

Deno.bench("format a finish line as text", { group: "format", baseline: true }, () => {
  formatTextEvent(time++, record, end);
});

Deno.bench("format a finish line as text, server name to be escaped", { group: "format" }, () => {
  formatTextEvent(time++, hostile, end);
});

Deno.bench("format a finish line as JSON", { group: "format" }, () => {
  formatJsonEvent(time++, record, end);
});

/** Takes all bytes at once, so that only our own work is measured. */
const nowhere: LineSink = {
  write: (bytes) => Promise.resolve(bytes.length),
  reopen: () => Promise.resolve(),
  isFinal: () => false,
  close() {},
};

const LINES = 10_000;

Deno.bench(
  `${LINES} lines formatted, queued, encoded and written`,
  { group: "queue" },
  async () => {
    await using writer = new LineWriter(nowhere, { describeDrops: String });
    const log = new AccessLog({ writer, format: "text" });
    for (let line = 0; line < LINES; line++) log.finished(record, end);
    await writer.flush();
  },
);
