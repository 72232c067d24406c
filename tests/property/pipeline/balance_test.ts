import assert from "node:assert/strict";
import fc from "fast-check";
import type { SocketAddress } from "../../../src/model/address.ts";
import { orderAddresses, orderTargets } from "../../../src/pipeline/balance.ts";
import { service, target } from "../../support/snapshot_builder.ts";

const SOURCE: fc.Arbitrary<SocketAddress> = fc.record({
  host: fc.oneof(fc.ipV4(), fc.ipV6()),
  port: fc.integer({ min: 0, max: 65_535 }),
});
const POLICY = fc.constantFrom("source_ip", "source_socket", "random", "none");
const SEED = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const TARGETS = fc.uniqueArray(
  fc.tuple(fc.ipV4(), fc.integer({ min: 1, max: 65_535 })).map(([host, port]) => `${host}:${port}`),
  { minLength: 1, maxLength: 12 },
).map((labels) => labels.map(target));

Deno.test("orderTargets() gives every target once, and the same order for the same input", () => {
  fc.assert(fc.property(TARGETS, POLICY, SOURCE, SEED, (targets, loadBalance, source, seed) => {
    const ordered = orderTargets(service("s", { targets, loadBalance }), source, seed);
    assert.equal(ordered.length, targets.length);
    assert.deepEqual(new Set(ordered), new Set(targets));
    const again = orderTargets(service("s", { targets, loadBalance }), source, seed);
    assert.deepEqual(again, ordered);
  }));
});

Deno.test("orderTargets() moves no client but those of a target that is removed", () => {
  const indexed = TARGETS.chain((targets) =>
    fc.tuple(fc.constant(targets), fc.nat({ max: targets.length - 1 }))
  );
  fc.assert(fc.property(indexed, POLICY, SOURCE, SEED, ([targets, gone], policy, source, seed) => {
    const before = orderTargets(service("s", { targets, loadBalance: policy }), source, seed);
    const rest = targets.toSpliced(gone, 1);
    const after = orderTargets(service("s", { targets: rest, loadBalance: policy }), source, seed);
    // Stronger than the first target alone: the others keep their order of fail-over too.
    assert.deepEqual(after, before.filter((target) => target !== targets[gone]));
  }));
});

Deno.test("orderTargets() does not depend on the order of the file, except when the policy is none", () => {
  const shuffled = TARGETS.chain((targets) =>
    fc.tuple(
      fc.constant(targets),
      fc.shuffledSubarray(targets, { minLength: targets.length, maxLength: targets.length }),
    )
  );
  fc.assert(
    fc.property(shuffled, POLICY, SOURCE, SEED, ([targets, other], policy, source, seed) => {
      const first = orderTargets(service("s", { targets, loadBalance: policy }), source, seed);
      const second = orderTargets(
        service("s", { targets: other, loadBalance: policy }),
        source,
        seed,
      );
      assert.deepEqual(second, policy === "none" ? other : first);
    }),
  );
});

Deno.test("orderAddresses() moves no client but those of an address that is removed", () => {
  const addresses = fc.uniqueArray(SOURCE, {
    minLength: 2,
    maxLength: 8,
    selector: ({ host, port }) => `${host} ${port}`,
  });
  fc.assert(fc.property(addresses, POLICY, SOURCE, SEED, (all, loadBalance, source, seed) => {
    const policy = service("s", { loadBalance });
    const before = orderAddresses(all, policy, source, seed);
    const after = orderAddresses(all.slice(1), policy, source, seed);
    assert.deepEqual(after, before.filter((address) => address !== all[0]));
  }));
});
