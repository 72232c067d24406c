import assert from "node:assert/strict";
import { parseCounts, parseIperf, parseWrk } from "../../../bench/load/load_output.ts";

const WRK = `Running 2s test @ http://127.0.0.1:8080/
  1 threads and 32 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   486.42us  161.57us   5.42ms   83.64%
    Req/Sec    66.34k     2.31k   70.20k    65.00%
  132067 requests in 2.00s, 20.03MB read
Requests/sec:  65995.75
Transfer/sec:     10.01MB
`;

Deno.test("parseWrk() reads how many requests there were", () => {
  assert.deepEqual(parseWrk(WRK), { requests: 132_067, requestsPerSecond: 65_995.75 });
});

Deno.test("parseWrk() takes a few errors and throws when there are many", () => {
  const withErrors = (timeouts: number) =>
    WRK.replace(
      "Requests/sec",
      `  Socket errors: connect 0, read 3, write 0, timeout ${timeouts}\nRequests/sec`,
    );
  assert.equal(parseWrk(withErrors(10)).requests, 132_067);
  assert.throws(() => parseWrk(withErrors(2_000)), /wrk was not served/);
  const refused = WRK.replace("Requests/sec", "  Non-2xx or 3xx responses: 132067\nRequests/sec");
  assert.throws(() => parseWrk(refused), /wrk was not served/);
});

Deno.test("parseWrk() throws when nothing was answered, or on another text", () => {
  assert.throws(() => parseWrk(WRK.replace("65995.75", "0.00")), /wrk was not served/);
  assert.throws(() => parseWrk("unable to connect"), /wrk was not served/);
});

Deno.test("parseIperf() reads the bytes that arrived", () => {
  const report = { end: { sum_sent: { bytes: 9 }, sum_received: { bytes: 8 } } };
  assert.equal(parseIperf(JSON.stringify(report)), 8);
});

Deno.test("parseIperf() throws when the test broke off", () => {
  const broken = { end: { sum_received: { bytes: 8 } }, error: "control socket has closed" };
  assert.throws(() => parseIperf(JSON.stringify(broken)), /control socket has closed/);
  assert.throws(() => parseIperf(`{"end": {}}`), /no bytes/);
});

Deno.test("parseCounts() reads the numbers that are asked for, and throws when one is missing", () => {
  assert.equal(parseCounts(`{"a": 1, "b": 2}`, "a").a, 1);
  assert.throws(() => parseCounts(`{"a": 1, "b": null}`, "a", "b"), /No "b"/);
});
