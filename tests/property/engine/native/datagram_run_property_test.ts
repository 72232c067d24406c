import assert from "node:assert/strict";
import fc from "fast-check";
import { DatagramRun, segmentCount } from "../../../../src/engine/native/udp/datagram_run.ts";
import { MAX_SEGMENTED_BYTES, MAX_SEGMENTS } from "../../../../src/model/limits.ts";

/** Sizes that come again, so that runs form, and those at which they end. */
const size = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(100, 99, 1_200) },
  { weight: 1, arbitrary: fc.constantFrom(0, 1, 9_000, 65_507) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 2_000 }) },
);

Deno.test("DatagramRun makes runs that the kernel cuts into the same datagrams", () => {
  fc.assert(fc.property(fc.array(size, { maxLength: 200 }), (sizes) => {
    const cut: number[] = [];
    for (let index = 0; index < sizes.length;) {
      const run = new DatagramRun();
      run.start(sizes[index++] ?? 0);
      while (index < sizes.length && run.add(sizes[index] ?? 0)) index++;
      assert(run.count <= MAX_SEGMENTS);
      assert(run.count === 1 || run.bytes <= MAX_SEGMENTED_BYTES);
      cut.push(...segments(run));
      assert.equal(run.bytes === 0 ? 1 : segmentCount(run.bytes, run.size), run.count);
    }
    assert.deepEqual(cut, sizes);
  }));
});

function segments({ bytes, size, count }: DatagramRun): number[] {
  return Array.from({ length: count }, (_, index) => Math.min(size, bytes - index * size));
}
