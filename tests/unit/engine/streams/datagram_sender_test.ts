import assert from "node:assert/strict";
import { DatagramSender } from "../../../../src/engine/streams/datagram_sender.ts";
import { DatagramSlots } from "../../../../src/engine/streams/datagram_slots.ts";
import { MAX_QUEUED_DATAGRAM_BYTES, MAX_QUEUED_DATAGRAMS } from "../../../../src/model/limits.ts";

Deno.test("DatagramSender keeps the order, and one send under way", async () => {
  const socket = new SlowSocket();
  const slot = new Uint8Array(100);
  assert.equal(socket.sender.send(fill(slot, 1), slot), true);
  // Queued datagrams are copied: the buffer is used again at once.
  const other = new Uint8Array(100);
  for (const value of [2, 3, 4]) assert.equal(socket.sender.send(fill(other, value), other), false);
  fill(other, 99);
  for (const value of [1, 2, 3, 4]) {
    assert.equal(socket.pending, 1);
    await socket.complete();
    assert.equal(socket.sent.at(-1), value);
  }
  assert.equal(socket.pending, 0);
  assert.equal(socket.bytes, 4 * 100);
});

Deno.test("DatagramSender gives the slot back after the send", async () => {
  const socket = new SlowSocket();
  const slot = socket.slots.take();
  socket.sender.send(slot.subarray(0, 5), slot);
  assert.notEqual(socket.slots.take(), slot);
  await socket.complete();
  assert.equal(socket.slots.take(), slot);
});

Deno.test("DatagramSender drops what does not fit its queue", async () => {
  const bounds = [
    { size: 1, room: MAX_QUEUED_DATAGRAMS },
    { size: 16_384, room: MAX_QUEUED_DATAGRAM_BYTES / 16_384 },
  ];
  for (const { size, room } of bounds) {
    const socket = new SlowSocket();
    const data = new Uint8Array(size);
    for (let count = 0; count < room + 20; count++) socket.sender.sendOwned(data);
    while (socket.pending > 0) await socket.complete();
    assert.equal(socket.sent.length, room + 1);
    assert.equal(socket.lost, 19);
  }
});

Deno.test("DatagramSender goes on after a send that failed", async () => {
  const socket = new SlowSocket();
  socket.sender.sendOwned(Uint8Array.of(1));
  socket.sender.sendOwned(Uint8Array.of(2));
  await socket.complete(new Error("EMSGSIZE"));
  await socket.complete();
  assert.deepEqual(socket.errors.map(({ message }) => message), ["EMSGSIZE"]);
  assert.deepEqual(socket.sent, [2]);
  assert.equal(socket.bytes, 1);
});

Deno.test("DatagramSender.clear() drops what is queued", async () => {
  const socket = new SlowSocket();
  for (const value of [1, 2, 3]) socket.sender.sendOwned(Uint8Array.of(value));
  socket.sender.clear();
  await socket.complete();
  assert.deepEqual(socket.sent, [1]);
  assert.equal(socket.pending, 0);
});

/** Sends when it is told to. */
class SlowSocket {
  readonly slots = new DatagramSlots();
  readonly sent: (number | undefined)[] = [];
  readonly errors: Error[] = [];
  readonly sender: DatagramSender;
  readonly #sends: { data: Uint8Array; done: PromiseWithResolvers<number> }[] = [];
  bytes = 0;
  lost = 0;

  constructor() {
    this.sender = new DatagramSender({
      slots: this.slots,
      transmit: (data) => {
        const done = Promise.withResolvers<number>();
        this.#sends.push({ data, done });
        return done.promise;
      },
      onSent: (bytes) => this.bytes += bytes,
      onLost: () => this.lost++,
      onError: (error) => this.errors.push(error as Error),
    });
  }

  get pending(): number {
    return this.#sends.length;
  }

  async complete(error?: Error): Promise<void> {
    const send = this.#sends.shift() ?? assert.fail("nothing is being sent");
    if (error === undefined) {
      this.sent.push(send.data[0]);
      send.done.resolve(send.data.length);
    } else send.done.reject(error);
    // The sender goes on in microtasks.
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}

function fill(slot: Uint8Array, value: number): Uint8Array {
  return slot.fill(value);
}
