import assert from "node:assert/strict";
import { echResources } from "../../../src/engine/ech_resources.ts";
import type { EngineNotice } from "../../../src/engine/engine.ts";
import { FlowLedger } from "../../../src/engine/flow_ledger.ts";
import type { EchStatus } from "../../../src/model/ech.ts";
import type { EndReason, FlowFacts } from "../../../src/model/flow.ts";
import { ECH_FAILURE_BURST, LIMIT_NOTICE_INTERVAL } from "../../../src/model/limits.ts";

const ADDRESS = { host: "192.0.2.1", port: 1 };

function ledgerWith(notices: EngineNotice[] = []) {
  const events = {
    flowStarted: () => {},
    flowFinished: () => {},
    notice: (notice: EngineNotice) => notices.push(notice),
  };
  return { ledger: new FlowLedger(events), events };
}

Deno.test("echResources() counts each hello that is not tried, and tells of them once an interval", () => {
  const notices: EngineNotice[] = [];
  const { ledger, events } = ledgerWith(notices);
  let now = 0;
  const clock = { now: () => now, arm: () => {}, disarm: () => {} };
  const { budget } = echResources(events, clock, ledger);
  const fail = (host: string) => budget.failed(host, 100 * ECH_FAILURE_BURST, now);
  const ask = (host: string) => assert.equal(budget.mayTry(host, now), false);
  fail("192.0.2.1");
  fail("192.0.2.2");
  ask("192.0.2.1");
  ask("192.0.2.1");
  ask("192.0.2.2");
  now = LIMIT_NOTICE_INTERVAL;
  ask("192.0.2.2");
  assert.equal(ledger.stats(0).echLimited, 4);
  assert.deepEqual(notices.map(({ event }) => event), ["ech_limit_reached", "ech_limit_reached"]);
  assert.match(notices[0]?.message ?? "", /^Too many hellos of "192\.0\.2\.1" .*: 1 not tried/);
  assert.match(notices[1]?.message ?? "", /^Too many hellos of "192\.0\.2\.2" .*: 3 not tried/);
});

Deno.test("echResources() gives bytes that differ each time", () => {
  const { ledger, events } = ledgerWith();
  const clock = { now: () => 0, arm: () => {}, disarm: () => {} };
  const { random } = echResources(events, clock, ledger);
  assert.equal(random(32).length, 32);
  assert.notEqual(random(32).toHex(), random(32).toHex());
});

Deno.test("FlowLedger counts what became of ECH, each flow once", () => {
  const { ledger } = ledgerWith();
  const end = (status: EchStatus | null, reason: EndReason, hasStarted: boolean) => {
    const ech = { publicName: null, configId: null, innerName: null };
    const facts: FlowFacts = {
      ...{ source: ADDRESS, destination: ADDRESS, address: null },
      ...{ service: null, detected: null, target: null },
      ...(status !== null && { ech: { ...ech, status } }),
    };
    const entry = ledger.open("tcp", ADDRESS, { cut: () => {} });
    if (hasStarted) entry.started(facts);
    entry.close(facts, { reason });
  };
  end(null, "done", true);
  end("none", "done", true);
  end("grease", "done", true);
  end("accepted", "done", true);
  end("accepted", "connect_failed", false);
  end("accepted", "ech_fault", true);
  end("rejected", "ech_retry", false);
  end("rejected", "ech_fault", false);
  end("rejected", "done", true);
  end("accepted", "ech_unserved", false);
  const { echAccepted, echRejected, echGrease, echFaults, echLimited } = ledger.stats(0);
  assert.deepEqual([echAccepted, echRejected, echGrease, echFaults, echLimited], [4, 3, 1, 3, 0]);
});
