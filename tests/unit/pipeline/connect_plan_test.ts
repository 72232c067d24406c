import assert from "node:assert/strict";
import { MAX_CONNECT_ATTEMPTS } from "../../../src/model/limits.ts";
import { ConnectPlan, type ConnectStep } from "../../../src/pipeline/connect_plan.ts";
import { address, service, target } from "../../support/snapshot_builder.ts";

const SOURCE = address("192.0.2.1:5000");

function plan(...labels: string[]): ConnectPlan {
  return new ConnectPlan(service("s", { targets: labels.map(target) }), SOURCE, 0);
}

function addresses(count: number) {
  return Array.from({ length: count }, (_, i) => address(`10.9.0.${i}:80`));
}

function told(step: ConnectStep): string {
  switch (step.kind) {
    case "resolve":
      return `resolve ${step.target.label}`;
    case "connect":
      return `connect ${step.target.label} at ${step.address.host}:${step.address.port}`;
    case "exhausted":
      return `exhausted by ${step.error}`;
  }
}

Deno.test("ConnectPlan connects to an IP target without a look-up", () => {
  const step = plan("10.0.0.1:80").start();
  assert.deepEqual(step, {
    kind: "connect",
    target: target("10.0.0.1:80"),
    address: { host: "10.0.0.1", port: 80 },
    from: null,
  });
});

Deno.test("ConnectPlan goes over the addresses of a name, then on to the next target", () => {
  const walk = plan("a.test:80", "10.0.0.2:80");
  assert.equal(told(walk.start()), "resolve a.test:80");
  assert.equal(told(walk.resolved(addresses(2))), "connect a.test:80 at 10.9.0.0:80");
  assert.equal(told(walk.failed("connection_refused")), "connect a.test:80 at 10.9.0.1:80");
  assert.equal(told(walk.failed("connection_refused")), "connect 10.0.0.2:80 at 10.0.0.2:80");
  assert.equal(told(walk.failed("connect_timeout")), "exhausted by connect_timeout");
});

Deno.test("ConnectPlan goes on to the next target when a name cannot be resolved", () => {
  const walk = plan("a.test:80", "b.test:80");
  walk.start();
  assert.equal(told(walk.failed("name_not_resolved")), "resolve b.test:80");
  assert.equal(told(walk.failed("name_not_resolved")), "exhausted by name_not_resolved");
});

Deno.test("ConnectPlan goes on to the next target when a name has no address", () => {
  const walk = plan("a.test:80", "10.0.0.2:80");
  walk.start();
  assert.equal(told(walk.resolved([])), "connect 10.0.0.2:80 at 10.0.0.2:80");
});

Deno.test("ConnectPlan gives up after the greatest number of attempts", () => {
  const labels = Array.from({ length: MAX_CONNECT_ATTEMPTS + 2 }, (_, i) => `10.0.0.${i}:80`);
  const walk = plan(...labels);
  let step = walk.start();
  for (let i = 0; i < MAX_CONNECT_ATTEMPTS; i++) {
    assert.equal(told(step), `connect ${labels[i]} at ${labels[i]}`);
    step = walk.failed("connection_refused");
  }
  assert.equal(told(step), "exhausted by connection_refused");
});

Deno.test("ConnectPlan leaves one attempt for each target behind a name with many dead addresses", () => {
  const walk = plan("a.test:80", "10.0.0.2:80", "10.0.0.3:80");
  walk.start();
  const tried = [told(walk.resolved(addresses(32)))];
  for (let i = 1; i < MAX_CONNECT_ATTEMPTS; i++) tried.push(told(walk.failed("connect_timeout")));
  assert.equal(tried[MAX_CONNECT_ATTEMPTS - 3], "connect a.test:80 at 10.9.0.5:80");
  assert.equal(tried[MAX_CONNECT_ATTEMPTS - 2], "connect 10.0.0.2:80 at 10.0.0.2:80");
  assert.equal(tried[MAX_CONNECT_ATTEMPTS - 1], "connect 10.0.0.3:80 at 10.0.0.3:80");
  assert.equal(told(walk.failed("connection_refused")), "exhausted by connection_refused");
});

Deno.test("ConnectPlan ends at a failure that no other target can cure", () => {
  const walk = plan("10.0.0.1:80", "10.0.0.2:80");
  walk.start();
  assert.equal(told(walk.failed("too_many_files")), "exhausted by too_many_files");
});

Deno.test("ConnectPlan orders targets and addresses by the policy of the service", () => {
  const firsts = new Set<string>();
  for (let seed = 0; seed < 64; seed++) {
    const targets = [target("a.test:80"), target("b.test:80")];
    const walk = new ConnectPlan(service("s", { targets, loadBalance: "random" }), SOURCE, seed);
    firsts.add(told(walk.start()));
    firsts.add(told(walk.resolved(addresses(2))).replace(/.* at/, "at"));
  }
  assert.deepEqual(
    [...firsts].sort(),
    ["at 10.9.0.0:80", "at 10.9.0.1:80", "resolve a.test:80", "resolve b.test:80"],
  );
});
