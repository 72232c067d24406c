import assert from "node:assert/strict";
import type { Clock } from "../../../../../src/engine/clock.ts";
import { LazyTimer } from "../../../../../src/engine/native/tcp/lazy_timer.ts";
import { type Timer, TimerWheel } from "../../../../../src/engine/timer_wheel.ts";

/** A clock that a test moves, and that counts how often its wheel is touched. */
class ManualClock implements Clock {
  readonly #wheel = new TimerWheel();
  #now = 0;
  armings = 0;

  now(): number {
    return this.#now;
  }

  arm(timer: Timer, deadline: number): void {
    this.armings++;
    this.#wheel.arm(timer, deadline, this.#now);
  }

  disarm(timer: Timer): void {
    this.#wheel.disarm(timer);
  }

  get armed(): number {
    return this.#wheel.size;
  }

  moveTo(now: number): void {
    this.#now = now;
    this.#wheel.advance(now);
  }
}

function timerWithClock() {
  const clock = new ManualClock();
  const passed: number[] = [];
  const timer = new LazyTimer(clock, { onDeadline: () => passed.push(clock.now()) });
  return { clock, passed, timer };
}

Deno.test("LazyTimer.set() leaves the wheel alone when a deadline moves to a later time", () => {
  const { clock, passed, timer } = timerWithClock();
  for (let deadline = 1_000; deadline <= 2_000; deadline += 10) timer.set(deadline);
  assert.equal(clock.armings, 1);
  clock.moveTo(1_500);
  assert.deepEqual(passed, []);
  clock.moveTo(2_010);
  assert.deepEqual(passed, [2_010]);
  assert.equal(clock.armed, 0);
});

Deno.test("LazyTimer.set() arms anew when a deadline moves to an earlier time", () => {
  const { clock, passed, timer } = timerWithClock();
  timer.set(5_000);
  timer.set(500);
  clock.moveTo(510);
  assert.deepEqual(passed, [510]);
});

Deno.test("LazyTimer tells of no deadline that was taken back", () => {
  const { clock, passed, timer } = timerWithClock();
  timer.set(500);
  timer.set(Infinity);
  clock.moveTo(1_000);
  assert.deepEqual(passed, []);
  timer.set(2_000);
  timer.cancel();
  assert.equal(clock.armed, 0);
  clock.moveTo(3_000);
  assert.deepEqual(passed, []);
});

Deno.test("LazyTimer can be set again by whoever is told", () => {
  const clock = new ManualClock();
  const passed: number[] = [];
  const timer: LazyTimer = new LazyTimer(clock, {
    onDeadline: () => {
      passed.push(clock.now());
      if (passed.length < 3) timer.set(clock.now() + 100);
    },
  });
  timer.set(100);
  for (let now = 10; now <= 1_000; now += 10) clock.moveTo(now);
  assert.deepEqual(passed, [100, 200, 300]);
});
