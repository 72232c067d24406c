import assert from "node:assert/strict";
import { Timer, TIMER_TICK, TimerWheel } from "../../../src/engine/timer_wheel.ts";

const HOUR = 3_600_000;

Deno.test("TimerWheel.advance() expires timers in order of their deadlines, over all levels", () => {
  const wheel = new TimerWheel();
  const expired: number[] = [];
  const delays = [100 * HOUR, 50, 2 * HOUR, 700, 60_000, 10];
  for (const delay of delays) wheel.arm(new Timer(() => expired.push(delay)), delay, 0);
  wheel.advance(200 * HOUR);
  assert.deepEqual(expired, delays.toSorted((a, b) => a - b));
  assert.equal(wheel.size, 0);
});

Deno.test("TimerWheel.advance() does not expire a timer before its deadline", () => {
  const wheel = new TimerWheel();
  let expired = false;
  wheel.arm(new Timer(() => expired = true), 1_005, 1_000);
  wheel.advance(1_004);
  assert.equal(expired, false);
  wheel.advance(1_005 + TIMER_TICK);
  assert.equal(expired, true);
});

Deno.test("TimerWheel.arm() moves a timer that is armed", () => {
  const wheel = new TimerWheel();
  let count = 0;
  const timer = new Timer(() => count++);
  wheel.arm(timer, 100, 0);
  wheel.arm(timer, 1_000, 0);
  assert.equal(wheel.size, 1);
  wheel.advance(500);
  assert.equal(count, 0);
  wheel.advance(1_000);
  wheel.advance(HOUR);
  assert.equal(count, 1);
});

Deno.test("TimerWheel.arm() expires a timer whose deadline has passed with the next tick", () => {
  const wheel = new TimerWheel();
  let expired = false;
  wheel.arm(new Timer(() => expired = true), 10, 5_000);
  wheel.advance(5_000 + TIMER_TICK);
  assert.equal(expired, true);
});

Deno.test("TimerWheel.disarm() may be called for a timer of the slot that is expiring", () => {
  const wheel = new TimerWheel();
  const expired: string[] = [];
  const second = new Timer(() => expired.push("second"));
  const first = new Timer(() => {
    expired.push("first");
    wheel.disarm(second);
  });
  wheel.arm(first, 100, 0);
  wheel.arm(second, 100, 0);
  wheel.advance(100);
  assert.deepEqual(expired, ["first"]);
  assert.equal(wheel.size, 0);
});

Deno.test("TimerWheel.advance() expires in the same call what is armed meanwhile and due", () => {
  const wheel = new TimerWheel();
  let count = 0;
  const timer = new Timer(() => {
    count++;
    if (count < 3) wheel.arm(timer, count * 100 + 100, count * 100);
  });
  wheel.arm(timer, 100, 0);
  wheel.advance(1_000);
  assert.equal(count, 3);
});

Deno.test("TimerWheel.nextWake() is infinite while nothing is armed", () => {
  const wheel = new TimerWheel();
  assert.equal(wheel.nextWake(), Infinity);
  const timer = new Timer(() => {});
  wheel.arm(timer, 200, 0);
  assert.ok(wheel.nextWake() <= 200);
  wheel.disarm(timer);
  assert.equal(wheel.nextWake(), Infinity);
});
