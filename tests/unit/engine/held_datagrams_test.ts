import assert from "node:assert/strict";
import { FlowLedger } from "../../../src/engine/flow_ledger.ts";
import { HeldDatagrams } from "../../../src/engine/held_datagrams.ts";
import {
  MAX_HELD_DATAGRAM_BYTES,
  MAX_HELD_DATAGRAM_BYTES_TOTAL,
  MAX_HELD_DATAGRAMS,
} from "../../../src/model/limits.ts";

Deno.test("HeldDatagrams.hold() copies", () => {
  const held = new HeldDatagrams(createLedger());
  const data = Uint8Array.of(1, 2, 3);
  assert.equal(held.hold(data), true);
  data.fill(9);
  assert.deepEqual(held.all, [Uint8Array.of(1, 2, 3)]);
});

Deno.test("HeldDatagrams.hold() is bounded in number and in bytes", () => {
  const ledger = createLedger();
  const many = new HeldDatagrams(ledger);
  for (let index = 0; index < MAX_HELD_DATAGRAMS; index++) assert.ok(many.hold(new Uint8Array(1)));
  assert.equal(many.hold(new Uint8Array(1)), false);
  const large = new HeldDatagrams(ledger);
  assert.ok(large.hold(new Uint8Array(MAX_HELD_DATAGRAM_BYTES)));
  assert.equal(large.hold(new Uint8Array(1)), false);
  assert.equal(ledger.heldDatagramBytes, MAX_HELD_DATAGRAMS + MAX_HELD_DATAGRAM_BYTES);
});

Deno.test("HeldDatagrams.hold() is bounded over all flows", () => {
  const ledger = createLedger();
  ledger.heldDatagramBytes = MAX_HELD_DATAGRAM_BYTES_TOTAL - 10;
  const held = new HeldDatagrams(ledger);
  assert.equal(held.hold(new Uint8Array(11)), false);
  assert.equal(held.hold(new Uint8Array(10)), true);
  assert.equal(new HeldDatagrams(ledger).hold(new Uint8Array(1)), false);
});

Deno.test("HeldDatagrams.release() gives all away once, and frees their room", () => {
  const ledger = createLedger();
  const held = new HeldDatagrams(ledger);
  held.hold(Uint8Array.of(1));
  held.hold(Uint8Array.of(2, 3));
  assert.deepEqual(held.release(), [Uint8Array.of(1), Uint8Array.of(2, 3)]);
  assert.deepEqual(held.release(), []);
  assert.equal(ledger.heldDatagramBytes, 0);
});

function createLedger(): FlowLedger {
  return new FlowLedger({ flowStarted: () => {}, flowFinished: () => {}, notice: () => {} });
}
