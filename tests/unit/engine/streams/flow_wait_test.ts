import assert from "node:assert/strict";
import { EngineClock } from "../../../../src/engine/streams/engine_clock.ts";
import { FlowWait } from "../../../../src/engine/streams/flow_wait.ts";

Deno.test("FlowWait.until() ends when what it waits for is there", async () => {
  const clock = new EngineClock();
  const wait = new FlowWait(clock);
  let ready = false;
  const result = wait.until(() => ready, Infinity);
  wait.notify(); // for something else
  ready = true;
  wait.notify();
  assert.equal(await result, "ready");
  assert.equal(clock.armed, 0);
});

Deno.test("FlowWait.until() ends at its deadline, and can be used again", async () => {
  const clock = new EngineClock();
  const wait = new FlowWait(clock);
  assert.equal(await wait.until(() => false, clock.now() + 1), "timeout");
  assert.equal(await wait.until(() => true, clock.now() - 1), "ready");
  assert.equal(clock.armed, 0);
});

Deno.test("FlowWait.cut() ends this wait and all later ones", async () => {
  const clock = new EngineClock();
  const wait = new FlowWait(clock);
  const result = wait.until(() => false, clock.now() + 60_000);
  wait.cut();
  assert.equal(await result, "cut");
  assert.equal(await wait.until(() => true, Infinity), "cut");
  assert.equal(clock.armed, 0);
});
