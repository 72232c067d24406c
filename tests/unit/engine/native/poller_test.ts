import assert from "node:assert/strict";
import { type Pollable, Poller } from "../../../../src/engine/native/poller.ts";
import { EBADF } from "../../../../src/engine/native/sys/errno.ts";
import {
  AF_UNIX,
  EPOLLET,
  EPOLLHUP,
  EPOLLIN,
  EPOLLOUT,
  EPOLLRDHUP,
  SOCK_STREAM,
} from "../../../../src/engine/native/sys/layout.ts";
import { Descriptors } from "../../../support/descriptors.ts";
import { needs } from "../../../support/needs.ts";

const PATIENCE_MS = 10_000;

/** linux/fcntl.h: a copy of a descriptor with the lowest number that is free, from a given one on. */
const F_DUPFD_CLOEXEC = 1030;

/** Where the numbers of other tests' descriptors do not reach. */
const HIGH = 900;

const onLinux = needs("Linux");

onLinux("wait() tells owners what their descriptors are ready for", () => {
  using rig = new Rig();
  const { libc, poller } = rig;
  const [a, b] = rig.streamPair();
  const owner = new Recorder();
  assert.equal(poller.add(a, EPOLLIN | EPOLLOUT | EPOLLRDHUP, owner), 0);
  assert.equal(poller.wait(PATIENCE_MS), 1);
  assert.deepEqual(owner.events, [EPOLLOUT]);
  libc.send(b, new Uint8Array(1), 1, 0);
  poller.wait(PATIENCE_MS);
  assert.deepEqual(owner.events, [EPOLLOUT, EPOLLIN | EPOLLOUT]);
});

onLinux("wait() tells an edge once and a level each time", () => {
  using rig = new Rig();
  const edge = new Recorder();
  const level = new Recorder();
  rig.poller.add(rig.readyEventfd(), EPOLLIN | EPOLLET, edge);
  rig.poller.add(rig.readyEventfd(), EPOLLIN, level);
  for (const _ of [1, 2, 3]) rig.poller.wait(PATIENCE_MS);
  assert.equal(edge.events.length, 1);
  assert.equal(level.events.length, 3);
});

onLinux("wait() returns when nothing happens in time", () => {
  using rig = new Rig();
  rig.poller.add(rig.descriptors.open(rig.libc.eventfd()), EPOLLIN, new Recorder());
  for (const timeout of [0, 0.1, -5]) assert.equal(rig.poller.wait(timeout), 0);
});

onLinux("wait() calls begin before the owners, also where there are none to call", () => {
  using rig = new Rig();
  const calls: string[] = [];
  rig.poller.wait(0, () => calls.push("begin"));
  rig.poller.add(rig.readyEventfd(), EPOLLIN, { onReady: () => calls.push("ready") });
  rig.poller.wait(Infinity, () => calls.push("begin"));
  assert.deepEqual(calls, ["begin", "begin", "ready"]);
});

onLinux("modify() changes what is told, and tells an edge again", () => {
  using rig = new Rig();
  const { poller } = rig;
  const fd = rig.readyEventfd();
  const owner = new Recorder();
  poller.add(fd, EPOLLIN | EPOLLET, owner);
  poller.wait(PATIENCE_MS);
  poller.modify(fd, EPOLLOUT | EPOLLET);
  poller.wait(PATIENCE_MS);
  poller.modify(fd, EPOLLIN | EPOLLET);
  poller.wait(PATIENCE_MS);
  assert.deepEqual(owner.events, [EPOLLIN, EPOLLOUT, EPOLLIN]);
});

onLinux("add() and modify() return the error of the system", () => {
  using rig = new Rig();
  const fd = rig.readyAt(HIGH);
  rig.libc.close(fd);
  assert.equal(rig.poller.add(fd, EPOLLIN, new Recorder()), -EBADF);
  assert.equal(rig.poller.modify(fd, EPOLLIN), -EBADF);
});

onLinux("remove() and forget() keep back what the batch still has", () => {
  for (const how of ["remove", "forget"] as const) {
    using rig = new Rig();
    const { poller } = rig;
    const called: number[] = [];
    const fds = [rig.readyEventfd(), rig.readyEventfd()];
    for (const fd of fds) {
      const others = fds.filter((other) => other !== fd);
      const onReady = () => {
        called.push(fd);
        for (const other of others) poller[how](other);
      };
      poller.add(fd, EPOLLIN, { onReady });
    }
    assert.equal(poller.wait(PATIENCE_MS), 2);
    assert.equal(called.length, 1, how);
  }
});

onLinux("an event of a closed descriptor does not reach the next owner of its number", () => {
  using rig = new Rig();
  const { libc, poller } = rig;
  const fds = [rig.readyAt(HIGH), rig.readyAt(HIGH)];
  const next = new Recorder();
  let calls = 0;
  // Whichever is told of first closes the other one, whose event is in the same batch, and a new one gets the number.
  const replace = (other: number) => {
    if (calls++ > 0) return;
    poller.forget(other);
    libc.close(other);
    assert.equal(rig.at(libc.eventfd(), other), other);
    poller.add(other, EPOLLIN, next);
  };
  for (const [index, fd] of fds.entries()) {
    poller.add(fd, EPOLLIN, { onReady: () => replace(fds[1 - index] ?? -1) });
  }
  assert.equal(poller.wait(PATIENCE_MS), 2);
  assert.equal(calls, 1);
  assert.deepEqual(next.events, []);
  for (const fd of fds) libc.close(fd);
});

onLinux("wait() goes on after what an owner has thrown", () => {
  using rig = new Rig();
  const { poller } = rig;
  const seen: number[] = [];
  for (const index of [0, 1, 2]) {
    const onReady = () => {
      seen.push(index);
      if (seen.length === 1) throw new Error("a fault");
    };
    poller.add(rig.readyEventfd(), EPOLLIN | EPOLLET, { onReady });
  }
  assert.throws(() => poller.wait(PATIENCE_MS), { message: "a fault" });
  assert.equal(poller.wait(Infinity), 2);
  assert.deepEqual(seen.toSorted(), [0, 1, 2]);
});

onLinux("wait() keeps up with more descriptors than a batch holds", () => {
  using rig = new Rig();
  const { poller } = rig;
  const owners = Array.from({ length: 600 }, () => new Recorder());
  for (const owner of owners) poller.add(rig.readyEventfd(), EPOLLIN | EPOLLET, owner);
  let count = 0;
  while (count < owners.length) count += poller.wait(PATIENCE_MS);
  assert.ok(owners.every(({ events }) => events.length === 1));
});

onLinux("a descriptor with a high number has an owner, too", () => {
  using rig = new Rig();
  const fd = rig.readyAt(Math.min(rig.libc.descriptorLimit() - 1, 5_000));
  const owner = new Recorder();
  assert.equal(rig.poller.add(fd, EPOLLIN, owner), 0);
  rig.poller.wait(PATIENCE_MS);
  assert.deepEqual(owner.events, [EPOLLIN]);
  rig.libc.close(fd);
});

onLinux("the end of the other side is told", () => {
  using rig = new Rig();
  const pair = new Int32Array(2);
  rig.libc.socketpair(AF_UNIX, SOCK_STREAM, pair);
  const [a = -1, b = -1] = pair;
  const owner = new Recorder();
  rig.poller.add(a, EPOLLRDHUP, owner);
  rig.libc.close(b);
  rig.poller.wait(PATIENCE_MS);
  assert.deepEqual(owner.events, [EPOLLHUP | EPOLLRDHUP]);
  rig.libc.close(a);
});

class Recorder implements Pollable {
  readonly events: number[] = [];

  onReady(events: number): void {
    this.events.push(events);
  }
}

class Rig implements Disposable {
  readonly descriptors = new Descriptors();
  readonly libc = this.descriptors.libc;
  readonly poller = new Poller(this.libc);

  [Symbol.dispose](): void {
    this.poller.close();
    this.descriptors[Symbol.dispose]();
  }

  streamPair(): readonly [number, number] {
    return this.descriptors.openPair((out) => this.libc.socketpair(AF_UNIX, SOCK_STREAM, out));
  }

  /** A descriptor that is ready for reading, and for writing. */
  readyEventfd(): number {
    const fd = this.descriptors.open(this.libc.eventfd());
    this.libc.writeEventfd(fd);
    return fd;
  }

  /** Moves a descriptor to the lowest number that is free from `minimum` on. The test closes it. */
  at(fd: number, minimum: number): number {
    const moved = this.libc.fcntl(fd, F_DUPFD_CLOEXEC, minimum);
    this.libc.close(fd);
    return this.descriptors.ok(moved);
  }

  readyAt(minimum: number): number {
    const fd = this.libc.eventfd();
    this.libc.writeEventfd(fd);
    return this.at(fd, minimum);
  }
}
