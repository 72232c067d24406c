import assert from "node:assert/strict";
import {
  type CounterSource,
  END_REASONS,
  SharedCounters,
  WorkerCounts,
} from "../../../../src/engine/native/shared_counters.ts";

const SOURCE: CounterSource = {
  active: (transport) => transport === "tcp" ? 3 : 2,
  tcpAccepted: 10,
  udpSessions: 4,
  udpUndecided: 1,
  heldDatagramBytes: 100,
  datagramsLost: 5,
  bytesUp: 2 ** 40,
  bytesDown: 7,
  echAccepted: 8,
  echRejected: 9,
  echGrease: 11,
  echFaults: 12,
  echLimited: 13,
};

function makeCounters(): SharedCounters {
  return new SharedCounters(new SharedArrayBuffer(SharedCounters.BYTES), 0);
}

function count(counters: SharedCounters): WorkerCounts {
  counters.begin();
  counters.set(SOURCE, 6);
  counters.countEnd(END_REASONS.indexOf("done"));
  counters.commit();
  return counters.read(() => null).counts;
}

Deno.test("SharedCounters gives back each counter under its name", () => {
  assert.deepEqual(count(makeCounters()).stats(), {
    tcpActive: 3,
    udpActive: 2,
    tcpAccepted: 10,
    udpSessions: 4,
    udpUndecided: 1,
    heldDatagramBytes: 100,
    datagramsLost: 5,
    bytesUp: 2 ** 40,
    bytesDown: 7,
    echAccepted: 8,
    echRejected: 9,
    echGrease: 11,
    echFaults: 12,
    echLimited: 13,
    timers: 6,
    ended: { done: 1 },
  });
});

Deno.test("SharedCounters.read() sees what was written together or nothing of it", async () => {
  const memory = new SharedArrayBuffer(SharedCounters.BYTES);
  const counters = new SharedCounters(memory, 0);
  const rounds = 300_000;
  const url = new URL("../../../support/counter_writer.ts", import.meta.url);
  const writer = new Worker(url, { type: "module" });
  writer.postMessage({ memory, rounds });
  let last = 0;
  while (last < rounds) {
    const { counts } = counters.read(() => null);
    const { ended, ...rest } = counts.stats();
    const values = new Set([...Object.values(rest), ended.idle ?? 0]);
    assert.equal(values.size, 1, `torn: ${[...values]}`);
    const [now = 0] = values;
    assert(now >= last);
    // Until the writer has begun, and now and then, others get their turn.
    if (now === last) await new Promise((resolve) => setTimeout(resolve, 1));
    last = now;
  }
  writer.terminate();
});

Deno.test("SharedCounters.read() does not wait for ever for a writer that died while it wrote", () => {
  const counters = makeCounters();
  count(counters);
  counters.begin();
  const { counts, alongside } = counters.read(() => "read");
  assert.equal(alongside, "read");
  assert.equal(counts.stats().tcpAccepted, 10);
});

Deno.test("WorkerCounts.addDead() keeps what was moved and ends what was open", () => {
  const total = new WorkerCounts();
  const worker = count(makeCounters());
  total.addDead(worker);
  assert.deepEqual(total.stats(), {
    tcpActive: 0,
    udpActive: 0,
    tcpAccepted: 10,
    udpSessions: 4,
    udpUndecided: 0,
    heldDatagramBytes: 0,
    datagramsLost: 5,
    bytesUp: 2 ** 40,
    bytesDown: 7,
    echAccepted: 8,
    echRejected: 9,
    echGrease: 11,
    echFaults: 12,
    echLimited: 13,
    timers: 0,
    ended: { done: 1, error: 5 },
  });
  // The worker's own are as they were.
  assert.equal(worker.flows, 5);
  assert.equal(worker.opened, 6);
  assert.equal(total.opened, worker.opened);
});
