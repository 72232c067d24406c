import assert from "node:assert/strict";
import {
  ECH_FAILURE_BURST,
  ECH_FAILURES_PER_SECOND,
  MAX_ECH_SOURCES,
} from "../../../src/model/limits.ts";
import { EchBudget } from "../../../src/pipeline/ech_budget.ts";

const HOST = "192.0.2.1";

/** A budget whose tries are used up for `HOST` at time 0. */
function usedUp(onLimited?: (host: string) => void): EchBudget {
  const budget = new EchBudget(onLimited);
  for (let tried = 0; tried < ECH_FAILURE_BURST; tried++) {
    assert.equal(budget.mayTry(HOST, 0), true, `not tried after ${tried}`);
    budget.failed(HOST, 1, 0);
  }
  return budget;
}

Deno.test("EchBudget.mayTry() stops a source that has failed too often, and tells of each time", () => {
  const limited: string[] = [];
  const budget = usedUp((host) => limited.push(host));
  assert.deepEqual(limited, []);
  assert.equal(budget.mayTry(HOST, 0), false);
  assert.equal(budget.mayTry(HOST, 1), false);
  assert.deepEqual(limited, [HOST, HOST]);
  assert.equal(budget.mayTry("192.0.2.2", 0), true);
});

Deno.test("EchBudget.mayTry() takes nothing off the budget by itself", () => {
  const budget = usedUp();
  const later = 1000 / ECH_FAILURES_PER_SECOND;
  for (let asked = 0; asked < 1000; asked++) assert.equal(budget.mayTry(HOST, later), true);
});

Deno.test("EchBudget gives back so many tries a second, and no more than there were", () => {
  const budget = usedUp();
  assert.equal(budget.mayTry(HOST, 999 / ECH_FAILURES_PER_SECOND), false);
  let tried = 0;
  for (; budget.mayTry(HOST, 1000); tried++) budget.failed(HOST, 1, 1000);
  assert.equal(tried, ECH_FAILURES_PER_SECOND);
  for (tried = 0; budget.mayTry(HOST, 3_600_000); tried++) budget.failed(HOST, 1, 3_600_000);
  assert.equal(tried, ECH_FAILURE_BURST);
});

Deno.test("EchBudget.failed() takes as many tries as keys were tried", () => {
  const budget = new EchBudget();
  budget.failed(HOST, 0, 0);
  budget.failed(HOST, ECH_FAILURE_BURST - 1, 0);
  assert.equal(budget.mayTry(HOST, 0), true);
  budget.failed(HOST, ECH_FAILURES_PER_SECOND + 1, 0);
  assert.equal(budget.mayTry(HOST, 1000), false);
});

Deno.test("EchBudget takes 64 bits of an IPv6 address for a source, and all of an IPv4 address", () => {
  const budget = new EchBudget();
  budget.failed("2001:db8:1:2::1", ECH_FAILURE_BURST, 0);
  assert.equal(budget.mayTry("2001:db8:1:2:ffff::9", 0), false);
  assert.equal(budget.mayTry("2001:db8:1:3::1", 0), true);
  budget.failed("192.0.2.1", ECH_FAILURE_BURST, 0);
  assert.equal(budget.mayTry("::ffff:192.0.2.1", 0), false);
  assert.equal(budget.mayTry("192.0.2.2", 0), true);
});

Deno.test("EchBudget forgets the source that failed first when there are too many", () => {
  const budget = usedUp();
  const other = (number: number) => `10.0.${number >> 8}.${number & 0xff}`;
  for (let number = 0; number < MAX_ECH_SOURCES - 1; number++) {
    budget.failed(other(number), ECH_FAILURE_BURST, 0);
  }
  assert.equal(budget.mayTry(HOST, 0), false);
  budget.failed(HOST, 1, 0); // it is the last one now
  budget.failed("192.0.2.9", ECH_FAILURE_BURST, 0);
  assert.equal(budget.mayTry(other(0), 0), true);
  assert.equal(budget.mayTry(other(1), 0), false);
  assert.equal(budget.mayTry(HOST, 0), false);
});
