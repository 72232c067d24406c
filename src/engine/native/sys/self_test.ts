/**
 * Whether the system does what the tables of symbols and structures say.
 *
 * A sandbox may refuse a call (seccomp), an emulation may lack one or do it differently (gVisor), and a mistake in the
 * tables would show as corrupted memory much later. So each call whose structures matter is made once before the engine
 * relies on it, with values that tell the fields apart.
 *
 * @module
 */

import { EAGAIN, EBADF } from "./errno.ts";
import { EPOLL_CTL_ADD, EPOLLIN, SPLICE_F_NONBLOCK } from "./layout.ts";
import type { Libc } from "./libc.ts";
import { expect, PATIENCE, SelfTestBench } from "./self_test_bench.ts";
import { checkConnection } from "./self_test_connection.ts";
import { checkDatagrams } from "./self_test_datagrams.ts";

/**
 * Tries the calls that the engine is built on, on sockets of its own. Takes about a millisecond.
 *
 * @returns null where all is well, else what is off: `pipes: splice: EINVAL`
 */
export function selfTest(libc: Libc): string | null {
  for (const [name, check] of CHECKS) {
    using bench = new SelfTestBench(libc);
    try {
      check(bench);
    } catch (error) {
      return `${name}: ${error instanceof Error ? error.message : error}`;
    }
  }
  return null;
}

/** Each throws where something is off. */
const CHECKS: readonly (readonly [name: string, check: (bench: SelfTestBench) => void])[] = [
  ["errno", checkErrno],
  ["eventfd", checkEventfd],
  ["sockets", checkSocketpair],
  ["epoll", checkEpoll],
  ["pipes", checkSplice],
  ["connections", checkConnection],
  ["datagrams", checkDatagrams],
];

function checkErrno({ libc }: SelfTestBench): void {
  expect("close(-1)", libc.close(-1), -EBADF);
}

function checkEventfd(bench: SelfTestBench): void {
  const { libc } = bench;
  const fd = bench.open("eventfd", libc.eventfd());
  bench.must("write", libc.writeEventfd(fd));
  bench.must("write", libc.writeEventfd(fd));
  bench.must("read", libc.readEventfd(fd));
  expect("a second read", libc.readEventfd(fd), -EAGAIN);
}

function checkSocketpair(bench: SelfTestBench): void {
  const { libc } = bench;
  const [a, b] = bench.streamPair();
  const bytes = new Uint8Array(new ArrayBuffer(8)).fill(7, 0, 4);
  expect("bytes sent", bench.must("send", libc.send(a, bytes, 4, 0)), 4);
  bytes.fill(0);
  expect("bytes received", bench.must("recv", libc.recv(b, bytes, 8, 0)), 4);
  expect("what was received", bytes.join(), "7,7,7,7,0,0,0,0");
  expect("a second receive", libc.recv(b, bytes, 8, 0), -EAGAIN);
}

/** Two events at once: the second one begins where the size of `epoll_event` says. */
function checkEpoll(bench: SelfTestBench): void {
  const { libc } = bench;
  const { size, events: mask, data } = libc.layout.epollEvent;
  const epoll = bench.open("epoll_create1", libc.epollCreate());
  const wanted = [[0x11223344, 0x55667788], [0x99aabbcc, 0xddeeff01]] as const;
  for (const [low, high] of wanted) {
    const fd = bench.open("eventfd", libc.eventfd());
    bench.must("epoll_ctl", libc.epollCtl(epoll, EPOLL_CTL_ADD, fd, EPOLLIN, low, high));
    bench.must("write", libc.writeEventfd(fd));
  }
  // Larger than the layout asks for: where that is wrong, the kernel must find room all the same.
  const events = new Uint32Array(new ArrayBuffer(4 * size));
  expect(
    "descriptors ready",
    bench.must("epoll_wait", libc.epollWait(epoll, events, 2, PATIENCE)),
    2,
  );
  for (const [index, [low, high]] of wanted.entries()) {
    const at = index * size;
    expect("events", events[(at + mask) / 4] ?? 0, EPOLLIN);
    expect("data", events[(at + data) / 4] ?? 0, low);
    expect("upper half of data", events[(at + data) / 4 + 1] ?? 0, high);
  }
}

/** From a socket through a pipe into another socket. */
function checkSplice(bench: SelfTestBench): void {
  const { libc } = bench;
  const [source, from] = bench.streamPair();
  const [to, sink] = bench.streamPair();
  const [read, write] = bench.openPair("pipe2", (out) => libc.pipe2(out));
  const bytes = new Uint8Array(new ArrayBuffer(8)).fill(9);
  bench.must("send", libc.send(source, bytes, 8, 0));
  expect("bytes in", bench.must("splice", libc.splice(from, write, 64, SPLICE_F_NONBLOCK)), 8);
  expect("an empty socket", libc.splice(from, write, 64, SPLICE_F_NONBLOCK), -EAGAIN);
  expect("bytes out", bench.must("splice", libc.splice(read, to, 64, SPLICE_F_NONBLOCK)), 8);
  bytes.fill(0);
  expect("bytes received", bench.must("recv", libc.recv(sink, bytes, 8, 0)), 8);
  expect("what was received", bytes.join(), "9,9,9,9,9,9,9,9");
}
