import assert from "node:assert/strict";
import { EngineClock } from "../../../src/engine/streams/engine_clock.ts";
import { LimitNotice } from "../../../src/engine/limit_notice.ts";
import type { EngineNotice } from "../../../src/engine/engine.ts";
import { LIMIT_NOTICE_INTERVAL } from "../../../src/model/limits.ts";

/** A clock that is set by hand. */
class SetClock extends EngineClock {
  time = 0;

  override now(): number {
    return this.time;
  }
}

Deno.test("LimitNotice.turnedAway() tells at once, then once an interval, and leaves none out", () => {
  const notices: EngineNotice[] = [];
  const clock = new SetClock();
  const events = {
    flowStarted: () => {},
    flowFinished: () => {},
    notice: (notice: EngineNotice) => notices.push(notice),
  };
  const limit = new LimitNotice(events, clock, "udp");
  for (let count = 0; count < 5; count++) limit.turnedAway(8);
  clock.time = LIMIT_NOTICE_INTERVAL;
  limit.turnedAway(8);
  assert.deepEqual(notices, [
    {
      event: "udp_limit_reached",
      message: "udp_max_connections = 8 is reached: 1 turned away since the last such message",
    },
    {
      event: "udp_limit_reached",
      message: "udp_max_connections = 8 is reached: 5 turned away since the last such message",
    },
  ]);
});
