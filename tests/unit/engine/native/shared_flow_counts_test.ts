import assert from "node:assert/strict";
import type { EngineNotice } from "../../../../src/engine/engine.ts";
import {
  flowCountMemory,
  SharedLimitNotice,
  WorkerFlowCounts,
} from "../../../../src/engine/native/shared_flow_counts.ts";

Deno.test("WorkerFlowCounts counts over all workers, each transport for itself", () => {
  const memory = flowCountMemory(2);
  const [one, two] = [new WorkerFlowCounts(memory, 0), new WorkerFlowCounts(memory, 1)];
  assert.equal(one.enter("tcp"), 1);
  assert.equal(two.enter("tcp"), 2);
  assert.equal(two.enter("udp"), 1);
  one.leave("tcp");
  assert.deepEqual([one.active("tcp"), two.active("tcp"), one.active("udp")], [1, 1, 1]);
});

Deno.test("WorkerFlowCounts.forget() strikes off the flows of the worker that died, and no others", () => {
  const memory = flowCountMemory(2);
  const [one, two] = [new WorkerFlowCounts(memory, 0), new WorkerFlowCounts(memory, 1)];
  for (let index = 0; index < 3; index++) one.enter("tcp");
  one.enter("udp");
  two.enter("tcp");
  one.forget();
  assert.deepEqual([two.active("tcp"), two.active("udp")], [1, 0]);
  one.enter("tcp");
  one.forget();
  assert.equal(two.active("tcp"), 1, "it begins anew");
});

Deno.test("SharedLimitNotice tells once for all workers, and each transport for itself", () => {
  const memory = flowCountMemory(2);
  const notices: EngineNotice[] = [];
  const events = {
    flowStarted: () => {},
    flowFinished: () => {},
    notice: (notice: EngineNotice) => notices.push(notice),
  };
  const limits = [0, 1].map(() => new SharedLimitNotice(memory, "tcp", events));
  for (let index = 0; index < 10; index++) limits[index % 2]?.turnedAway(3);
  new SharedLimitNotice(memory, "udp", events).turnedAway(4);
  assert.deepEqual(notices.map(({ event }) => event), ["tcp_limit_reached", "udp_limit_reached"]);
  assert.match(notices[0]?.message ?? "", /^tcp_max_connections = 3 is reached: 1 turned away/);
});
