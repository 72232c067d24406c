import assert from "node:assert/strict";
import fc from "fast-check";
import { Timer, TIMER_TICK, TimerWheel } from "../../../src/engine/timer_wheel.ts";

const TIMERS = 5;

/** From one tick to beyond the last level. */
const delay = fc.oneof(
  fc.nat({ max: 100 }),
  fc.nat({ max: 10_000 }),
  fc.nat({ max: 5_000_000 }),
  fc.nat({ max: 500_000_000 }),
);
const timer = fc.nat({ max: TIMERS - 1 });
const step = fc.oneof(
  fc.record({ kind: fc.constant("arm" as const), timer, delay }),
  fc.record({ kind: fc.constant("disarm" as const), timer }),
  fc.record({ kind: fc.constant("pass" as const), delay }),
);

Deno.test("TimerWheel expires every timer in the tick after its deadline, whatever is done", () => {
  fc.assert(fc.property(fc.nat({ max: 1e9 }), fc.array(step, { maxLength: 60 }), (start, steps) => {
    const wheel = new TimerWheel();
    const model = new Map<number, number>();
    let now = start;
    const timers = Array.from({ length: TIMERS }, (_, index) =>
      new Timer(() => {
        const deadline = model.get(index);
        assert.ok(deadline !== undefined, "expired without being armed");
        assert.ok(deadline <= now, "expired too early");
        model.delete(index);
      }));
    const assertSame = () => {
      assert.equal(wheel.size, model.size);
      for (const deadline of model.values()) {
        assert.ok(now < deadline + 2 * TIMER_TICK, "not expired");
        assert.ok(wheel.nextWake() < deadline + 2 * TIMER_TICK, "would not be woken in time");
      }
    };

    for (const action of steps) {
      if (action.kind === "pass") {
        now += action.delay;
        wheel.advance(now);
      } else {
        const subject = timers[action.timer] ?? assert.fail();
        if (action.kind === "arm") {
          wheel.arm(subject, now + action.delay, now);
          model.set(action.timer, now + action.delay);
        } else {
          wheel.disarm(subject);
          model.delete(action.timer);
        }
      }
      assertSame();
    }
  }));
});
