import assert from "node:assert/strict";
import { FlowEvents } from "../../../src/app/flow_events.ts";
import { openLogs } from "../../../src/ops/open_logs.ts";
import { flowEnd, flowRecord, SERVICE, TARGET } from "../../support/flow_records.ts";
import { KeptLines } from "../../support/kept_lines.ts";

Deno.test("FlowEvents tells a target's trouble once a minute, and every flow in the access log", async () => {
  const sink = new KeptLines();
  await using logs = await openLogs({ logDir: null, level: "info", format: "text", sink });
  let now = 0;
  const events = new FlowEvents(logs, () => now);
  const refused = flowEnd({ outcome: { reason: "connect_failed", error: "connection_refused" } });
  const timedOut = flowEnd({ outcome: { reason: "connect_failed", error: "connect_timeout" } });
  for (const end of [refused, refused, timedOut, refused]) events.flowFinished(flowRecord(), end);
  now = 60_000;
  events.flowFinished(flowRecord(), refused);
  await logs.flush();
  const lines = sink.text.split("\n");
  assert.equal(lines.filter((line) => line.includes("[finish]")).length, 5);
  const warnings = lines.filter((line) => line.includes(" WARN "));
  assert.deepEqual(warnings.map((line) => line.replace(/^.* WARN /, "")), [
    'Cannot connect to "backend:443": connection refused event=connect_failed service=web',
    'Cannot connect to "backend:443": no answer within the connect timeout event=connect_failed service=web',
    'Cannot connect to "backend:443": connection refused event=connect_failed service=web',
  ]);
});

Deno.test("FlowEvents tells of targets that clients did not notice to be out of reach", async () => {
  const sink = new KeptLines();
  await using logs = await openLogs({ logDir: null, level: "info", format: "text", sink });
  const events = new FlowEvents(logs);
  const down = { ...TARGET, label: "down:443" };
  const failures = [
    { service: SERVICE, target: down, error: "connection_refused" },
    { service: SERVICE, target: TARGET, error: "connect_timeout" }, // at another of its addresses
  ] as const;
  events.flowStarted(flowRecord({ failures }));
  events.flowStarted(flowRecord({ failures }));
  const outcome = { reason: "connect_failed", error: "connection_refused" } as const;
  events.flowFinished(flowRecord({ failures, target: null }), flowEnd({ outcome }));
  await logs.flush();
  const warnings = sink.text.split("\n").filter((line) => line.includes(" WARN "));
  assert.deepEqual(warnings.map((line) => line.replace(/^.* WARN /, "")), [
    'Cannot connect to "down:443": connection refused event=target_passed_over service=web',
    'Cannot connect to "down:443": connection refused event=connect_failed service=web',
    'Cannot connect to "backend:443": no answer within the connect timeout event=connect_failed service=web',
  ]);
});

Deno.test("FlowEvents tells no name of a private target that cannot be reached, and each target's trouble", async () => {
  const sink = new KeptLines();
  await using logs = await openLogs({ logDir: null, level: "info", format: "json", sink });
  const events = new FlowEvents(logs);
  const service = { ...SERVICE, isPrivate: true } as const;
  const outcome = { reason: "connect_failed", error: "name_not_resolved" } as const;
  for (const label of ["backend:443", "wiki.example:443", "backend:443"]) {
    const target = { ...TARGET, label };
    const failures = [{ service, target: { ...target }, error: "connection_refused" }] as const;
    events.flowFinished(flowRecord({ service, target, failures }), flowEnd({ outcome }));
  }
  await logs.flush();
  const warnings = sink.text.split("\n").filter((line) => line.includes(" WARN "));
  assert.equal(warnings.length, 4);
  for (const line of warnings) {
    assert.match(line, /Cannot connect to a private target of "web": .* service=web$/);
  }
  assert.doesNotMatch(sink.text, /wiki|backend|10\.0\.0\.1/);
});

Deno.test("FlowEvents writes the engine's notices with the listener they are about", async () => {
  const sink = new KeptLines();
  await using logs = await openLogs({ logDir: null, level: "info", format: "text", sink });
  const events = new FlowEvents(logs);
  const listener = { host: "::", port: 443 };
  events.notice({ event: "accept_paused", message: "No descriptors are left", listener });
  events.notice({ event: "flow_fault", message: "A flow broke", error: new Error("why") });
  await logs.flush();
  assert.match(
    sink.text,
    / WARN No descriptors are left event=accept_paused listener=\[::\]:443\n/,
  );
  assert.match(
    sink.text,
    /ERROR A flow broke event=flow_fault error="Error: why\\x0a.*flow_events_test/,
  );
});

Deno.test("FlowEvents tells of a worker that failed as an error, and of its successor as news", async () => {
  const sink = new KeptLines();
  await using logs = await openLogs({ logDir: null, level: "info", format: "text", sink });
  const events = new FlowEvents(logs);
  events.notice({ event: "worker_failed", message: "Worker 1 has ended", error: new Error("why") });
  events.notice({ event: "worker_restarted", message: "Worker 1 is back" });
  await logs.flush();
  assert.match(sink.text, /ERROR Worker 1 has ended event=worker_failed error=.*why/);
  assert.match(sink.text, / INFO Worker 1 is back event=worker_restarted\n$/);
});

Deno.test("FlowEvents writes no flows with access_log_format = none, and still tells of targets in trouble", async () => {
  const sink = new KeptLines();
  await using logs = await openLogs({ logDir: null, level: "info", format: "none", sink });
  const events = new FlowEvents(logs);
  assert.equal(events.wanted(), "failures");
  const outcome = { reason: "connect_failed", error: "connection_refused" } as const;
  events.flowStarted(flowRecord());
  events.flowFinished(flowRecord(), flowEnd({ outcome }));
  logs.access.setFormat("text"); // as a reload does
  assert.equal(events.wanted(), "all");
  events.flowStarted(flowRecord({ id: 8 }));
  await logs.flush();
  const [warning, start, ...rest] = sink.text.trimEnd().split("\n");
  assert.match(warning ?? "", / WARN .* event=connect_failed service=web$/);
  assert.match(start ?? "", / \[start\] .* id=8 /);
  assert.deepEqual(rest, []);
});
