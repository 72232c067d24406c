/**
 * The part of the self-test with listening sockets.
 *
 * @module
 */

import { EINPROGRESS } from "./errno.ts";
import {
  AF_INET,
  EPOLL_CTL_ADD,
  EPOLLIN,
  SO_REUSEPORT,
  SOCK_STREAM,
  SOL_SOCKET,
} from "./layout.ts";
import { expect, PATIENCE, type SelfTestBench } from "./self_test_bench.ts";
import { SockaddrBuffer } from "./socket_address.ts";

/** Makes two listeners that share a port, as those of two workers do, and a connection, which one of them gets. */
export function checkConnection(bench: SelfTestBench): void {
  if (!bench.hasLoopback()) return;
  const { libc } = bench;
  const address = SockaddrBuffer.of({ host: "127.0.0.1", port: 0 });
  const epoll = bench.open("epoll_create1", libc.epollCreate());
  listen(bench, address, epoll);
  listen(bench, address, epoll);

  const client = bench.open("socket", libc.socket(AF_INET, SOCK_STREAM));
  const begun = libc.connect(client, address);
  if (begun !== -EINPROGRESS) bench.must("connect", begun);
  const { size, data } = libc.layout.epollEvent;
  const events = new Uint32Array(new ArrayBuffer(2 * size));
  const count = libc.epollWait(epoll, events, 2, PATIENCE);
  expect("listeners ready", bench.must("epoll_wait", count), 1);

  const peer = new SockaddrBuffer();
  const clientName = new SockaddrBuffer();
  bench.open("accept4", libc.accept4(events[data / 4] ?? -1, peer));
  bench.must("getsockname", libc.getsockname(client, clientName));
  expect("peer", text(peer), text(clientName));
}

/** Listens on `address`, which gets the real port. Events of the listener come with its descriptor as data. */
function listen(bench: SelfTestBench, address: SockaddrBuffer, epoll: number): void {
  const { libc } = bench;
  const fd = bench.open("socket", libc.socket(AF_INET, SOCK_STREAM));
  const shared = libc.setsockoptInt(fd, SOL_SOCKET, SO_REUSEPORT, 1);
  bench.must("setsockopt SO_REUSEPORT", shared);
  bench.must("bind", libc.bind(fd, address));
  bench.must("listen", libc.listen(fd, 8));
  bench.must("getsockname", libc.getsockname(fd, address));
  bench.must("epoll_ctl", libc.epollCtl(epoll, EPOLL_CTL_ADD, fd, EPOLLIN, fd, 0));
}

function text({ bytes, length }: SockaddrBuffer): string {
  return bytes.subarray(0, length).join();
}
