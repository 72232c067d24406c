import assert from "node:assert/strict";
import { DescriptorTable } from "../../../../../src/engine/native/sys/descriptor_table.ts";

Deno.test("DescriptorTable tells the owner of a descriptor on every thread", () => {
  const table = DescriptorTable.create(100);
  const other = new DescriptorTable(table.memory);
  table.claim(5, 1);
  table.claim(7, 2);
  table.claim(99, 1);
  assert.equal(other.ownerOf(5), 1);
  assert.deepEqual(other.ownedBy(1), [5, 99]);
  other.release(5);
  assert.equal(table.ownerOf(5), 0);
  assert.deepEqual(table.ownedBy(1), [99]);
  assert.deepEqual(table.ownedBy(2), [7]);
});

Deno.test("DescriptorTable keeps no track of descriptors that it has no room for", () => {
  const table = DescriptorTable.create(10);
  table.claim(10, 1);
  table.release(10);
  assert.equal(table.ownerOf(10), 0);
  assert.deepEqual(table.ownedBy(1), []);
});

Deno.test("DescriptorTable is bounded where the number of descriptors is not", () => {
  assert.equal(DescriptorTable.create(2 ** 31 - 1).memory.byteLength, 2 ** 20);
});
