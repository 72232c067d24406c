import assert from "node:assert/strict";
import { formatRows } from "../../../../src/cli/demo/table.ts";

const ROW = { protocol: "TLS", hello: "a.test / h2", service: "web", backend: "127.0.0.1:1" };

Deno.test("formatRows() lines columns up and tells why a request failed", () => {
  const table = formatRows([
    { ...ROW, time: "1.0 ms", ok: true, problem: "" },
    { ...ROW, service: "another", time: "-", ok: false, problem: "no answer in 5000 ms" },
  ], false);
  assert.deepEqual(table.split("\n"), [
    "PROTOCOL  SNI / ALPN   SERVICE  BACKEND      TIME    RESULT",
    "TLS       a.test / h2  web      127.0.0.1:1  1.0 ms  ok",
    "TLS       a.test / h2  another  127.0.0.1:1  -       failed: no answer in 5000 ms",
  ]);
});

Deno.test("formatRows() colours the result only where it is asked to", () => {
  const rows = [{ ...ROW, time: "1.0 ms", ok: true, problem: "" }];
  assert(formatRows(rows, true).endsWith("\x1b[32mok\x1b[39m"));
  assert(!formatRows(rows, false).includes("\x1b"));
});
