import assert from "node:assert/strict";
import {
  type NumberedSnapshot,
  ServiceNumberTable,
  ServiceTable,
} from "../../../../src/engine/native/service_numbers.ts";
import { NUMBERED_SNAPSHOTS } from "../../../../src/model/limits.ts";
import type { Service } from "../../../../src/model/snapshot.ts";
import { protocolRoutes, service, snapshot } from "../../../support/snapshot_builder.ts";

/** A snapshot of two services, as a worker gets it. */
function publish(table: ServiceTable): { mine: NumberedSnapshot; theirs: NumberedSnapshot } {
  const http = service("http", { protocol: "http" });
  const fallback = service("default", { order: 1 });
  const mine = table.add(snapshot({ tcp: protocolRoutes({ http }, fallback) }));
  return { mine, theirs: structuredClone(mine) };
}

function fallbackOf({ snapshot }: NumberedSnapshot): Service {
  return snapshot.tcp.fallback ?? assert.fail("no default");
}

Deno.test("a service that a worker finds in its snapshot has the number of the main thread's", () => {
  const [table, worker] = [new ServiceTable(), new ServiceNumberTable()];
  for (let round = 0; round < 3; round++) {
    const { mine, theirs } = publish(table);
    worker.add(theirs);
    assert.equal(table.serviceOf(worker.numberOf(fallbackOf(theirs))), fallbackOf(mine));
  }
});

Deno.test("numbers last for as many snapshots as are kept, on both sides alike", () => {
  const [table, worker] = [new ServiceTable(), new ServiceNumberTable()];
  const first = publish(table);
  worker.add(first.theirs);
  const number = worker.numberOf(fallbackOf(first.theirs));
  for (let round = 1; round < NUMBERED_SNAPSHOTS; round++) worker.add(publish(table).theirs);
  assert.equal(worker.numberOf(fallbackOf(first.theirs)), number);

  const { theirs } = publish(table);
  // A worker that has not heard of the last one may still use the number.
  assert.equal(table.serviceOf(number), fallbackOf(first.mine));
  worker.add(theirs);
  assert.equal(worker.numberOf(fallbackOf(first.theirs)), -1);
  table.forget(theirs.oldest);
  assert.throws(() => table.serviceOf(number), /not known any more/);
  assert.equal(worker.numberOf(service("of no snapshot")), -1);
});
