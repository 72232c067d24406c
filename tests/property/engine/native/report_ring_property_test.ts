import assert from "node:assert/strict";
import fc from "fast-check";
import { ReportRing } from "../../../../src/engine/native/report_ring.ts";

/** Small, so that it is often full and its end is often passed. */
const SIZE = 64;
const HEADER = 4;

type Step = { readonly kind: "write"; readonly record: Uint8Array } | { readonly kind: "read" };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant("write" as const), record: fc.uint8Array({ maxLength: SIZE }) }),
  fc.constant({ kind: "read" as const }),
);

Deno.test("ReportRing gives records back whole and in order, and takes those alone that fit", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const memory = new SharedArrayBuffer(ReportRing.bytes(SIZE));
      // Each thread has its own view.
      const [writer, reader] = [new ReportRing(memory, 0, SIZE), new ReportRing(memory, 0, SIZE)];
      const into = new Uint8Array(SIZE);
      const queue: Uint8Array[] = [];
      let used = 0;
      for (const step of steps) {
        if (step.kind === "write") {
          const { record } = step;
          const fits = used + HEADER + record.length <= SIZE;
          assert.equal(writer.write(record, record.length), fits);
          if (!fits) continue;
          used += HEADER + record.length;
          queue.push(record);
        } else {
          const expected = queue.shift() ?? null;
          const length = reader.read(reader.head, into);
          assert.deepEqual(length === null ? null : into.slice(0, length), expected);
          used -= expected === null ? 0 : HEADER + expected.length;
        }
        assert.equal(writer.isEmpty, queue.length === 0);
      }
    }),
  );
});

Deno.test("ReportRing goes on where positions no longer fit into 32 bits", () => {
  const memory = new SharedArrayBuffer(ReportRing.bytes(SIZE));
  new Int32Array(memory, 0, 2).fill(-20); // 2³² - 20 bytes have gone through it
  const ring = new ReportRing(memory, 0, SIZE);
  const into = new Uint8Array(SIZE);
  for (let count = 0; count < 20; count++) {
    assert(ring.write(Uint8Array.of(count, count, count), 3));
    assert(ring.write(Uint8Array.of(count), 1));
    assert.equal(ring.read(ring.head, into), 3);
    assert.equal(ring.read(ring.head, into), 1);
    assert.equal(into[0], count);
    assert.equal(ring.read(ring.head, into), null);
  }
});

Deno.test("ReportRing.read() takes nothing when all before `head` was taken meanwhile", () => {
  const ring = new ReportRing(new SharedArrayBuffer(ReportRing.bytes(SIZE)), 0, SIZE);
  const into = new Uint8Array(SIZE);
  ring.write(Uint8Array.of(1), 1);
  const { head } = ring;
  ring.write(Uint8Array.of(2), 1);
  // Whoever is told of the first record asks for all that there is.
  assert.equal(ring.read(head, into), 1);
  assert.equal(ring.read(ring.head, into), 1);
  assert.equal(ring.read(head, into), null);
  assert(ring.isEmpty);
});
