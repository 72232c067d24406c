import assert from "node:assert/strict";
import { ECONNREFUSED } from "../../../../../src/engine/native/sys/errno.ts";
import { openLibc } from "../../../../../src/engine/native/sys/libc.ts";
import { openUdpSocket } from "../../../../../src/engine/native/sys/sockets.ts";
import { DatagramRun } from "../../../../../src/engine/native/udp/datagram_run.ts";
import { DatagramSlots } from "../../../../../src/engine/native/udp/datagram_slots.ts";
import { SendBatch, type SendObserver } from "../../../../../src/engine/native/udp/send_batch.ts";
import type { SocketAddress } from "../../../../../src/model/address.ts";
import { snapshot } from "../../../../support/snapshot_builder.ts";
import { UdpPeer } from "./udp_peer.ts";

const ignore = Deno.build.os !== "linux";

/** Notes what it is told. */
class Notes implements SendObserver {
  readonly sent: [message: number, bytes: number][] = [];
  readonly lost: [message: number, datagrams: number][] = [];
  readonly failed: [message: number, errno: number][] = [];
  readonly unsegmentable: number[] = [];

  onSent(message: number, bytes: number): void {
    this.sent.push([message, bytes]);
  }

  onLost(message: number, datagrams: number): void {
    this.lost.push([message, datagrams]);
  }

  onFailed(message: number, errno: number): void {
    this.failed.push([message, errno]);
  }

  onUnsegmentable(message: number): void {
    this.unsegmentable.push(message);
  }
}

/** A batch whose message `i` is in slot `i`, on a socket that is connected to a peer. */
class Rig implements Disposable {
  readonly libc = openLibc();
  readonly slots = new DatagramSlots(this.libc, 8);
  readonly batch = new SendBatch(this.libc, this.slots, 8);
  readonly peer = new UdpPeer(this.libc, { host: "127.0.0.1", port: 0 });
  readonly notes = new Notes();
  readonly #fd = connect(this, this.peer.address);

  /** Adds a message of so many bytes, in datagrams of a size. */
  add(bytes: number, size: number): void {
    const slot = this.batch.count;
    const run = new DatagramRun();
    run.startJoined(bytes, size);
    this.slots.setLength(slot, bytes);
    this.batch.add(slot, 1, run, 0, 0);
  }

  send(): void {
    this.batch.send(this.#fd, this.notes);
  }

  /** How long the datagrams are that the peer has got. */
  arrived(): readonly number[] {
    return this.peer.receiveAll().map(({ data }) => data.length);
  }

  [Symbol.dispose](): void {
    this.libc.close(this.#fd);
    this.peer.close();
    this.libc[Symbol.dispose]();
  }
}

Deno.test({
  name: "SendBatch sends one by one what the kernel refuses to cut, and goes on with the rest",
  ignore,
  fn: () => {
    using rig = new Rig();
    rig.add(10, 10);
    // The kernel cuts out at most 128.
    rig.add(3_001, 10);
    rig.add(250, 100);
    rig.send();
    assert.deepEqual(rig.notes.unsegmentable, [1]);
    assert.deepEqual(rig.arrived(), [10, ...Array(300).fill(10), 1, 100, 100, 50]);
    const bytes = rig.notes.sent.reduce((sum, [, bytes]) => sum + bytes, 0);
    assert.equal(bytes, 10 + 3_001 + 250);
    assert.equal(rig.batch.count, 0);
  },
});

Deno.test({
  name: "SendBatch tells which datagram was lost, and which one met a dead peer",
  ignore,
  fn: () => {
    using rig = new Rig();
    rig.add(10, 10);
    rig.add(65_508, 65_508); // more than a datagram of IPv4 holds
    rig.add(20, 20);
    rig.send();
    assert.deepEqual(rig.notes.lost, [[1, 1]]);
    assert.deepEqual(rig.arrived(), [10, 20]);

    rig.peer.close();
    rig.add(1, 1); // brings the answer that nobody is there
    rig.send();
    rig.add(2, 2);
    rig.send();
    assert.deepEqual(rig.notes.failed, [[0, ECONNREFUSED]]);
  },
});

function connect({ libc }: Rig, address: SocketAddress): number {
  const fd = openUdpSocket(libc, address, null, snapshot().sockets);
  assert(fd >= 0);
  return fd;
}
