import assert from "node:assert/strict";
import type { LoadBalance } from "../../../src/model/snapshot.ts";
import { orderAddresses, orderTargets } from "../../../src/pipeline/balance.ts";
import { address, service, target } from "../../support/snapshot_builder.ts";

const LABELS = ["10.0.0.1:443", "10.0.0.2:443", "[2001:db8::1]:443", "backend.example:8443"];

function balanced(loadBalance: LoadBalance, labels: readonly string[] = LABELS) {
  return service("s", { loadBalance, targets: labels.map(target) });
}

function order(loadBalance: LoadBalance, source: string, seed = 0): string {
  return orderTargets(balanced(loadBalance), address(source), seed)
    .map(({ label }) => LABELS.indexOf(label))
    .join("");
}

// Recorded once. A change of these moves every client of every installation to another target.
const SOURCE_IP_VECTORS: Record<string, string> = {
  "192.0.2.1:40000": "2031",
  "192.0.2.2:40000": "2031",
  "192.0.2.3:40000": "1230",
  "198.51.100.77:40000": "0321",
  "203.0.113.254:40000": "0123",
  "127.0.0.1:40000": "3021",
  "[::1]:40000": "2013",
  "[2001:db8::1]:40000": "0123",
  "[2001:db8:85a3::8a2e:370:7334]:40000": "1032",
};
const SOURCE_SOCKET_VECTORS: Record<string, string> = {
  "192.0.2.1:1": "1203",
  "192.0.2.1:2": "3012",
  "192.0.2.1:40000": "0231",
  "192.0.2.1:65535": "0213",
  "[2001:db8::1]:40000": "3012",
};
const RANDOM_VECTORS: Record<number, string> = {
  0: "0312",
  1: "0312",
  2: "0231",
  2147483647: "1230",
  4294967295: "1320",
};

for (const [source, expected] of Object.entries(SOURCE_IP_VECTORS)) {
  Deno.test(`orderTargets() by source_ip gives ${source} the recorded order`, () => {
    assert.equal(order("source_ip", source), expected);
  });
}

for (const [source, expected] of Object.entries(SOURCE_SOCKET_VECTORS)) {
  Deno.test(`orderTargets() by source_socket gives ${source} the recorded order`, () => {
    assert.equal(order("source_socket", source), expected);
  });
}

for (const [seed, expected] of Object.entries(RANDOM_VECTORS)) {
  Deno.test(`orderTargets() at random gives seed ${seed} the recorded order`, () => {
    assert.equal(order("random", "192.0.2.1:1", Number(seed)), expected);
  });
}

Deno.test("orderTargets() keeps the order of the file when the policy is none", () => {
  const plain = balanced("none");
  assert.equal(orderTargets(plain, address("192.0.2.1:1"), 7), plain.targets);
});

Deno.test("orderTargets() returns the list itself when there is one target", () => {
  for (const policy of ["source_ip", "source_socket", "random", "none"] as const) {
    const one = balanced(policy, ["10.0.0.1:443"]);
    assert.equal(orderTargets(one, address("192.0.2.1:1"), 1), one.targets);
  }
});

Deno.test("orderTargets() by source_ip ignores the port and the seed, by source_socket the seed", () => {
  assert.equal(order("source_ip", "192.0.2.9:1", 1), order("source_ip", "192.0.2.9:65535", 2));
  assert.equal(order("source_socket", "192.0.2.9:1", 1), order("source_socket", "192.0.2.9:1", 2));
  const orders = new Set<string>();
  for (let port = 1; port <= 1_000; port++) orders.add(order("source_socket", `192.0.2.9:${port}`));
  assert.equal(orders.size, 24);
});

Deno.test("orderTargets() does not depend on where in the file a target stands", () => {
  for (const source of ["192.0.2.1:1", "192.0.2.2:1", "192.0.2.3:1"]) {
    const forth = orderTargets(balanced("source_ip"), address(source), 0);
    const back = orderTargets(balanced("source_ip", LABELS.toReversed()), address(source), 0);
    assert.deepEqual(forth, back);
  }
});

/**
 * Pearson's statistic for 24 orders that should be equally likely. With 23 degrees of freedom a fair hash exceeds 64 in
 * one case of 100,000; the inputs are fixed, so this never varies.
 */
function chiSquared(orders: Iterable<string>, total: number): number {
  const counts = new Map<string, number>();
  for (const order of orders) counts.set(order, (counts.get(order) ?? 0) + 1);
  const expected = total / 24;
  let sum = (24 - counts.size) * expected;
  for (const count of counts.values()) sum += (count - expected) ** 2 / expected;
  return sum;
}

Deno.test("orderTargets() spreads neighbouring clients evenly over all orders of targets", () => {
  const total = 24_000;
  const neighbours: Record<string, (i: number) => string> = {
    "IPv4 addresses": (i) => `10.1.${i >> 8}.${i & 255}:40000`,
    "IPv6 addresses": (i) => `[2001:db8::${i.toString(16)}]:40000`,
    "IPv6 networks": (i) => `[2001:db8:${i.toString(16)}::1]:40000`,
  };
  for (const [kind, source] of Object.entries(neighbours)) {
    const orders = Array.from({ length: total }, (_, i) => order("source_ip", source(i)));
    assert(chiSquared(orders, total) < 64, `${kind}: ${chiSquared(orders, total)}`);
  }
  const ports = Array.from({ length: total }, (_, i) => order("source_socket", `10.0.0.9:${i}`));
  assert(chiSquared(ports, total) < 64, `ports: ${chiSquared(ports, total)}`);
  const seeds = Array.from({ length: total }, (_, i) => order("random", "10.0.0.9:1", i));
  assert(chiSquared(seeds, total) < 64, `seeds: ${chiSquared(seeds, total)}`);
});

Deno.test("orderTargets() spreads clients evenly over targets whose labels differ in one digit", () => {
  const labels = Array.from({ length: 10 }, (_, i) => `10.0.0.${i}:443`);
  const counts = new Map<string, number>();
  for (let i = 0; i < 20_000; i++) {
    const first = orderTargets(
      balanced("source_ip", labels),
      address(`10.${i >> 8}.0.${i & 255}:1`),
      0,
    )[0];
    const label = first?.label ?? "";
    counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  // 2,000 each, with a standard deviation of 42
  for (const [label, count] of counts) assert(Math.abs(count - 2_000) < 200, `${label}: ${count}`);
  assert.equal(counts.size, 10);
});

Deno.test("orderAddresses() orders the addresses of a name by the policy of its service", () => {
  const addresses = ["10.0.0.1:443", "10.0.0.2:443", "[2001:db8::1]:443"].map(address);
  const client = address("192.0.2.1:1");
  assert.equal(orderAddresses(addresses, balanced("none"), client, 0), addresses);
  const firsts = new Set<string | undefined>();
  for (let i = 0; i < 64; i++) {
    const ordered = orderAddresses(addresses, balanced("source_ip"), address(`192.0.2.${i}:1`), 0);
    assert.deepEqual(new Set(ordered), new Set(addresses));
    firsts.add(ordered[0]?.host);
  }
  assert.equal(firsts.size, 3);
});
