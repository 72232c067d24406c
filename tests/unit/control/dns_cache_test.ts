import assert from "node:assert/strict";
import type { AddressRecord, Lookup, LookupResult } from "../../../src/control/dns_answer.ts";
import { DnsCache, type DnsNotice } from "../../../src/control/dns_cache.ts";
import {
  DNS_LOOKUP_TIMEOUT,
  DNS_NEGATIVE_TTL,
  DNS_STALE_WAIT,
  MAX_ADDRESSES_PER_NAME,
} from "../../../src/model/limits.ts";
import type { Target } from "../../../src/model/snapshot.ts";

const MIN_TTL = 30_000;
const MAX_TTL = 3_600_000;
const BACKEND = named("backend.test", 443);

Deno.test("peek() gives the address of an IP target at once, and always the same object", () => {
  const { cache, asked } = setUp();
  const target: Target = { host: "::1", port: 443, isIp: true, label: "[::1]:443" };
  const first = cache.peek(target);
  assert.deepEqual(first, [{ host: "::1", port: 443 }]);
  assert.equal(cache.peek(target), first);
  assert.deepEqual(asked, []);
});

Deno.test("peek() gives null for a name that was never looked up, and asks nothing", () => {
  const { cache, asked } = setUp();
  assert.equal(cache.peek(BACKEND), null);
  assert.deepEqual(asked, []);
});

Deno.test("resolve() makes one look-up however many ask, and applies each target's port", async () => {
  const { cache, asked, answer } = setUp();
  const both = [cache.resolve(BACKEND), cache.resolve(named("backend.test", 80))];
  await answer(found(["10.0.0.1", 60]));
  assert.deepEqual(await Promise.all(both), [
    { kind: "resolved", addresses: [{ host: "10.0.0.1", port: 443 }] },
    { kind: "resolved", addresses: [{ host: "10.0.0.1", port: 80 }] },
  ]);
  assert.deepEqual(asked, ["backend.test"]);
  assert.equal(cache.peek(BACKEND), cache.peek(BACKEND));
});

Deno.test("resolve() offers IPv4 and IPv6 in turn, sorted, once each, bounded", async () => {
  const { cache, answer } = setUp();
  const arranged = cache.resolve(BACKEND);
  const addresses = ["10.0.0.10", "fd00::2", "10.0.0.9", "FD00::1", "10.0.0.9", "::ffff:10.0.0.9"];
  await answer(found(...[...addresses, "no address"].map((text) => [text, 60] as const)));
  assert.deepEqual(hostsOf(await arranged), ["10.0.0.9", "fd00::1", "10.0.0.10", "fd00::2"]);

  const many = cache.resolve(named("many.test", 1));
  await answer(found(...Array.from({ length: 200 }, (_, n) => [`10.0.0.${n}`, 60] as const)));
  assert.equal(hostsOf(await many).length, MAX_ADDRESSES_PER_NAME);
});

for (
  const [what, ttls, lifetime] of [
    ["the shortest time to live", [90, 60], 60_000],
    ["dns_cache_min_ttl when the answer's time is shorter", [0, 60], MIN_TTL],
    ["dns_cache_max_ttl when the answer's time is longer", [86_400], MAX_TTL],
    ["dns_cache_min_ttl when no time is told", [null], MIN_TTL],
  ] as const
) {
  Deno.test(`peek() knows an answer for ${what}`, async () => {
    const { cache, clock, answer } = setUp();
    const resolved = cache.resolve(BACKEND);
    await answer(found(...ttls.map((ttl, index) => [`10.0.0.${index}`, ttl] as const)));
    await resolved;
    clock.advance(lifetime - 1);
    assert.notEqual(cache.peek(BACKEND), null);
    clock.advance(1);
    assert.equal(cache.peek(BACKEND), null);
    cache[Symbol.dispose]();
    await clock.settle();
  });
}

Deno.test("resolve() asks again soon when one address family gave no answer", async () => {
  const { cache, clock, answer } = setUp();
  const resolved = cache.resolve(BACKEND);
  await answer({ ...found(["10.0.0.1", 600]), complete: false });
  await resolved;
  clock.advance(MIN_TTL);
  assert.equal(cache.peek(BACKEND), null);
  cache[Symbol.dispose]();
  await clock.settle();
});

Deno.test("peek() refreshes a name in use before it expires, without anyone waiting", async () => {
  const { cache, clock, asked, answer, notices } = setUp();
  const resolved = cache.resolve(BACKEND);
  await answer(found(["10.0.0.1", 100]));
  await resolved;
  clock.advance(79_000);
  cache.peek(BACKEND);
  assert.equal(asked.length, 1);
  clock.advance(2_000);
  assert.deepEqual(cache.peek(BACKEND), [{ host: "10.0.0.1", port: 443 }]);
  cache.peek(BACKEND);
  assert.equal(asked.length, 2);
  await answer(found(["10.0.0.2", 100]));
  clock.advance(50_000);
  assert.deepEqual(cache.peek(BACKEND), [{ host: "10.0.0.2", port: 443 }]);
  assert.deepEqual(notices.map(({ message }) => message), [
    '"backend.test" is 10.0.0.1 for 100 s',
    'The addresses of "backend.test" are now 10.0.0.2',
  ]);
});

Deno.test("hide() keeps a name and its addresses out of all notices", async () => {
  const { cache, clock, answer, notices } = setUp();
  cache.hide(new Map([["backend.test", 'a private target of "web"']]));
  const answers = [
    found(["10.0.0.1", 30]),
    found(["10.0.0.2", 30]),
    { kind: "failed", reason: "notFound" } as const,
    found(["10.0.0.2", 30]),
  ];
  for (const next of answers) {
    const resolved = cache.resolve(BACKEND);
    await answer(next);
    await resolved;
    clock.advance(Math.max(MIN_TTL, DNS_NEGATIVE_TTL));
  }
  assert.deepEqual(notices.map(({ message }) => message), [
    'A private target of "web" is resolved for 30 s',
    'A private target of "web" has other addresses now',
    'Cannot resolve a private target of "web": no such name, or no answer from its name server; ' +
    "the last known addresses stay in use",
    'A private target of "web" can be resolved again',
  ]);
  assert.doesNotMatch(JSON.stringify(notices), /backend|10\.0/);
});

Deno.test("resolve() waits for a fresh answer when the old one expired", async () => {
  const { cache, clock, answer } = setUp();
  const old = cache.resolve(BACKEND);
  await answer(found(["10.0.0.1", 30]));
  await old;
  clock.advance(MIN_TTL);
  const fresh = cache.resolve(BACKEND);
  await answer(found(["10.0.0.2", 30]));
  assert.deepEqual(hostsOf(await fresh), ["10.0.0.2"]);
});

Deno.test("resolve() gives the expired addresses when the refresh fails, and says so once", async () => {
  const { cache, clock, asked, answer, notices } = setUp();
  const old = cache.resolve(BACKEND);
  await answer(found(["10.0.0.1", 30]));
  await old;
  for (let round = 0; round < 3; round++) {
    clock.advance(MIN_TTL);
    const stale = cache.resolve(BACKEND);
    await answer({ kind: "failed", reason: "notFound" });
    assert.deepEqual(hostsOf(await stale), ["10.0.0.1"]);
    // No further look-up for a while.
    assert.notEqual(cache.peek(BACKEND), null);
    assert.equal(asked.length, 2 + round);
  }
  clock.advance(DNS_NEGATIVE_TTL);
  const recovered = cache.resolve(BACKEND);
  await answer(found(["10.0.0.1", 30]));
  await recovered;
  assert.deepEqual(notices.map(({ event }) => event), [
    "dns_resolved",
    "dns_lookup_failed",
    "dns_lookup_recovered",
  ]);
  assert.equal(
    notices[1]?.message,
    'Cannot resolve "backend.test": no such name, or no answer from its name server; ' +
      "the last known addresses stay in use",
  );
});

Deno.test("resolve() gives the expired addresses when the refresh is slow, and the next flow does not wait", async () => {
  const { cache, clock, asked, answer } = setUp();
  const old = cache.resolve(BACKEND);
  await answer(found(["10.0.0.1", 30]));
  await old;
  clock.advance(MIN_TTL);
  const stale = cache.resolve(BACKEND);
  clock.advance(DNS_STALE_WAIT);
  assert.deepEqual(hostsOf(await stale), ["10.0.0.1"]);
  assert.deepEqual(cache.peek(BACKEND), [{ host: "10.0.0.1", port: 443 }]);
  // The slow answer still counts when it comes.
  await answer(found(["10.0.0.2", 30]));
  assert.deepEqual(cache.peek(BACKEND), [{ host: "10.0.0.2", port: 443 }]);
  assert.equal(asked.length, 2);
});

Deno.test("peek() keeps a fresh answer fresh when a refresh ahead of time fails", async () => {
  const { cache, clock, answer } = setUp();
  const old = cache.resolve(BACKEND);
  await answer(found(["10.0.0.1", 1_000]));
  await old;
  clock.advance(810_000);
  cache.peek(BACKEND);
  await answer({ kind: "failed", reason: "timeout" });
  clock.advance(100_000);
  assert.deepEqual(cache.peek(BACKEND), [{ host: "10.0.0.1", port: 443 }]);
  cache[Symbol.dispose]();
  await clock.settle();
});

Deno.test("resolve() remembers for a while that a name has no address", async () => {
  const { cache, clock, asked, answer } = setUp();
  const first = cache.resolve(BACKEND);
  await answer({ kind: "failed", reason: "notFound" });
  assert.deepEqual(await first, { kind: "failed", error: "name_not_resolved" });
  clock.advance(DNS_NEGATIVE_TTL - 1);
  assert.deepEqual(await cache.resolve(BACKEND), { kind: "failed", error: "name_not_resolved" });
  assert.equal(asked.length, 1);
  clock.advance(1);
  const again = cache.resolve(BACKEND);
  await answer(found(["10.0.0.1", 30]));
  assert.deepEqual(hostsOf(await again), ["10.0.0.1"]);
});

Deno.test("resolve() tells a missing permission from a missing name", async () => {
  const { cache, answer, notices } = setUp();
  const refused = cache.resolve(BACKEND);
  await answer({ kind: "failed", reason: "notPermitted" });
  assert.deepEqual(await refused, { kind: "failed", error: "not_permitted" });
  assert.equal(
    notices[0]?.message,
    'Cannot resolve "backend.test": not permitted by --allow-net',
  );
});

Deno.test("resolve() fails when a look-up does not end in time, and gives it up", async () => {
  const clock = new FakeClock();
  let given: AbortSignal | undefined;
  const cache = createCache(clock, (_, signal) => {
    given = signal;
    return new Promise(() => {});
  });
  const resolution = cache.resolve(BACKEND);
  clock.advance(DNS_LOOKUP_TIMEOUT);
  assert.deepEqual(await resolution, { kind: "failed", error: "name_not_resolved" });
  assert.equal(given?.aborted, true);
  assert.equal(clock.timers, 0);
});

Deno.test("resolve() never rejects, whatever the look-up does", async () => {
  const rejecting = createCache(new FakeClock(), () => Promise.reject(new Error("broken")));
  assert.deepEqual(await rejecting.resolve(BACKEND), {
    kind: "failed",
    error: "name_not_resolved",
  });
  const throwing = createCache(new FakeClock(), () => {
    throw new Error("broken");
  });
  assert.deepEqual(await throwing.resolve(BACKEND), { kind: "failed", error: "name_not_resolved" });
  const empty = createCache(new FakeClock(), () => Promise.resolve(found()));
  assert.deepEqual(await empty.resolve(BACKEND), { kind: "failed", error: "name_not_resolved" });
});

Deno.test("resolve() of one name does not wait for another", async () => {
  const cache = createCache(
    new FakeClock(),
    (name) =>
      name === "slow.test" ? new Promise(() => {}) : Promise.resolve(found(["10.0.0.1", 30])),
  );
  const slow = cache.resolve(named("slow.test", 1));
  assert.deepEqual(hostsOf(await cache.resolve(BACKEND)), ["10.0.0.1"]);
  cache[Symbol.dispose]();
  assert.equal((await slow).kind, "failed");
});

Deno.test("retain() forgets names, but a flow that waits for one gets its answer", async () => {
  const { cache, asked, answer } = setUp();
  const kept = cache.resolve(BACKEND);
  await answer(found(["10.0.0.1", 60]));
  await kept;
  const removed = cache.resolve(named("old.test", 1));
  cache.retain(new Set(["backend.test"]));
  await answer(found(["10.0.0.2", 60]));
  assert.deepEqual(hostsOf(await removed), ["10.0.0.2"]);
  assert.notEqual(cache.peek(BACKEND), null);
  assert.equal(cache.peek(named("old.test", 1)), null);
  assert.deepEqual(asked, ["backend.test", "old.test"]);
});

Deno.test("[Symbol.dispose]() ends all look-ups, also those for names that were removed", async () => {
  const { cache, clock, notices } = setUp();
  const known = cache.resolve(BACKEND);
  const removed = cache.resolve(named("old.test", 1));
  cache.retain(new Set(["backend.test"]));
  cache[Symbol.dispose]();
  assert.equal((await known).kind, "failed");
  assert.equal((await removed).kind, "failed");
  assert.equal(clock.timers, 0);
  assert.deepEqual(notices, []);
});

Deno.test("setTtl() changes the life of what is known already", async () => {
  const { cache, clock, answer } = setUp();
  const resolved = cache.resolve(BACKEND);
  await answer(found(["10.0.0.1", 600]));
  await resolved;
  cache.setTtl(1_000, 20_000);
  clock.advance(19_999);
  assert.notEqual(cache.peek(BACKEND), null);
  clock.advance(1);
  assert.equal(cache.peek(BACKEND), null);
  cache[Symbol.dispose]();
  await clock.settle();
});

Deno.test("setTtl() during a first look-up does not make its failure count for longer", async () => {
  const { cache, clock, asked, answer } = setUp();
  const resolved = cache.resolve(BACKEND);
  cache.setTtl(MAX_TTL, MAX_TTL);
  await answer({ kind: "failed", reason: "notFound" });
  await resolved;
  clock.advance(DNS_NEGATIVE_TTL);
  const again = cache.resolve(BACKEND);
  assert.equal(asked.length, 2);
  await answer(found(["10.0.0.1", 60]));
  assert.deepEqual(hostsOf(await again), ["10.0.0.1"]);
});

Deno.test("prefetch() looks up each name once and bounds the look-ups in flight", async () => {
  let inFlight = 0;
  let most = 0;
  const names: string[] = [];
  const cache = createCache(new FakeClock(), async (name) => {
    names.push(name);
    most = Math.max(most, ++inFlight);
    await Promise.resolve();
    inFlight--;
    return found(["10.0.0.1", 30]);
  });
  const targets = Array.from({ length: 100 }, (_, n) => named(`${n % 50}.test`, n));
  const ip: Target = { host: "10.0.0.1", port: 1, isIp: true, label: "10.0.0.1:1" };
  await cache.prefetch([...targets, ip]);
  assert.equal(names.length, 50);
  assert.equal(new Set(names).size, 50);
  assert.ok(most > 1 && most <= 16, `${most} in flight`);
  for (const target of targets) assert.notEqual(cache.peek(target), null);
});

/** A clock that a test sets, with the timers that wait on it. */
class FakeClock {
  #time = 0;
  readonly #timers = new Set<{ readonly at: number; readonly callback: () => void }>();

  get timers(): number {
    return this.#timers.size;
  }

  readonly now = () => this.#time;

  readonly startTimer = (delay: number, callback: () => void) => {
    const timer = { at: this.#time + delay, callback };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  };

  advance(duration: number): void {
    this.#time += duration;
    for (const timer of [...this.#timers]) {
      if (timer.at <= this.#time && this.#timers.delete(timer)) timer.callback();
    }
  }

  /** Lets promises that are ready run. */
  settle(): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, 0));
  }
}

/** A cache whose look-ups wait for the test to answer them, oldest first. */
function setUp() {
  const clock = new FakeClock();
  const asked: string[] = [];
  const notices: DnsNotice[] = [];
  const waiting: ((result: LookupResult) => void)[] = [];
  const lookup: Lookup = (name) => {
    asked.push(name);
    return new Promise((resolve) => waiting.push(resolve));
  };
  const cache = createCache(clock, lookup, (notice) => notices.push(notice));
  const answer = async (result: LookupResult) => {
    const resolve = waiting.shift();
    assert.ok(resolve, "no look-up in flight");
    resolve(result);
    await clock.settle();
  };
  return { cache, clock, asked, notices, answer };
}

function createCache(clock: FakeClock, lookup: Lookup, report?: (notice: DnsNotice) => void) {
  return new DnsCache({
    lookup,
    minTtlMs: MIN_TTL,
    maxTtlMs: MAX_TTL,
    now: clock.now,
    startTimer: clock.startTimer,
    ...(report && { report }),
  });
}

function named(host: string, port: number): Target {
  return { host, port, isIp: false, label: `${host}:${port}` };
}

function found(...records: readonly (readonly [string, number | null])[]) {
  return {
    kind: "found",
    records: records.map(([address, ttl]): AddressRecord => ({ address, ttl })),
    complete: true,
  } as const;
}

function hostsOf(resolution: Awaited<ReturnType<DnsCache["resolve"]>>): readonly string[] {
  assert.equal(resolution.kind, "resolved");
  return resolution.kind === "resolved" ? resolution.addresses.map(({ host }) => host) : [];
}
