import assert from "node:assert/strict";
import { AddressMap } from "../../../../src/engine/streams/address_map.ts";

Deno.test("AddressMap tells hosts and ports apart", () => {
  const map = new AddressMap<string>();
  map.set("192.0.2.1", 1, "a");
  map.set("192.0.2.1", 2, "b");
  map.set("2001:db8::1", 1, "c");
  assert.equal(map.get("192.0.2.1", 1), "a");
  assert.equal(map.get("192.0.2.1", 2), "b");
  assert.equal(map.get("2001:db8::1", 1), "c");
  assert.equal(map.get("2001:db8::1", 2), undefined);
  assert.deepEqual([...map.values()], ["a", "b", "c"]);
});

Deno.test("AddressMap.size counts entries, not hosts, and not twice what is replaced", () => {
  const map = new AddressMap<number>();
  map.set("192.0.2.1", 1, 1);
  map.set("192.0.2.1", 1, 2);
  map.set("192.0.2.1", 2, 3);
  assert.equal(map.size, 2);
  map.delete("192.0.2.1", 3);
  map.delete("192.0.2.2", 1);
  assert.equal(map.size, 2);
  map.delete("192.0.2.1", 1);
  map.delete("192.0.2.1", 2);
  assert.equal(map.size, 0);
  assert.deepEqual([...map.values()], []);
});
