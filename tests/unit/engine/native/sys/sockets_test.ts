import assert from "node:assert/strict";
import type { ListenerSpec, SocketOptions } from "../../../../../src/model/snapshot.ts";
import {
  EPOLLIN,
  EPOLLOUT,
  IPPROTO_TCP,
  SO_KEEPALIVE,
  SO_MARK,
  SOL_SOCKET,
  TCP_DEFER_ACCEPT,
  TCP_FASTOPEN,
  TCP_FASTOPEN_CONNECT,
  TCP_NODELAY,
  TCP_USER_TIMEOUT,
} from "../../../../../src/engine/native/sys/layout.ts";
import {
  localAddress,
  openTcpListener,
  openTcpSocket,
  openUdpListener,
  openUdpSocket,
  type TcpListenerOptions,
} from "../../../../../src/engine/native/sys/sockets.ts";
import { Descriptors } from "../../../../support/descriptors.ts";
import { needs } from "../../../../support/needs.ts";

const PLAIN: TcpListenerOptions = {
  fastOpen: false,
  deferAcceptMs: 0,
  userTimeoutMs: 0,
  reusePort: false,
};

const NO_OPTIONS: SocketOptions = {
  tcpFastOpen: false,
  tcpDeferAcceptMs: 0,
  tcpUserTimeoutMs: 0,
  mark: 0,
};

/** Documentation addresses (RFC 5737), which no machine has. */
const FOREIGN = "192.0.2.77";

const onLinux = needs("Linux");

/** Root of a container has CAP_NET_ADMIN only where it may do more than that as well. */
const PRIVILEGED = ["Linux", "root", "network namespaces"];

for (const host of ["127.0.0.1", "::1"]) {
  const define = host === "::1" ? needs("Linux", "IPv6") : onLinux;

  define(`a TCP socket reaches a listener on ${host}`, () => {
    using descriptors = new Descriptors();
    const { libc } = descriptors;
    const listener = descriptors.open(openTcpListener(libc, tcp(host), PLAIN));
    const address = localAddress(libc, listener);
    assert.equal(address.host, host);
    const client = descriptors.open(openTcpSocket(libc, address, null, NO_OPTIONS, false));
    assert.equal(descriptors.awaitEvents(client, EPOLLOUT), EPOLLOUT);
    const { fd, peer } = descriptors.accept(listener);
    assert.deepEqual(peer.toSocketAddress(), localAddress(libc, client));
    assert.deepEqual(localAddress(libc, fd), address);
  });

  define(`a UDP socket reaches a listener on ${host}`, () => {
    using descriptors = new Descriptors();
    const { libc } = descriptors;
    const options = { reusePort: false, gro: true };
    const listener = descriptors.open(openUdpListener(libc, udp(host), options));
    const address = localAddress(libc, listener);
    const client = descriptors.open(openUdpSocket(libc, address, null, NO_OPTIONS));
    assert.equal(libc.send(client, new Uint8Array(5), 5, 0), 5);
    descriptors.awaitEvents(listener, EPOLLIN);
    assert.equal(libc.recv(listener, new Uint8Array(100), 100, 0), 5);
  });
}

needs("Linux", "IPv6")("a listener on :: leaves IPv4 to others", () => {
  using descriptors = new Descriptors();
  const { libc } = descriptors;
  const v6 = descriptors.open(openTcpListener(libc, tcp("::"), PLAIN));
  const { port } = localAddress(libc, v6);
  const v4 = descriptors.open(openTcpListener(libc, tcp("0.0.0.0", port), PLAIN));
  assert.equal(localAddress(libc, v4).port, port);
});

onLinux("connections inherit the options of their listener", () => {
  using descriptors = new Descriptors();
  const { libc } = descriptors;
  const options = { ...PLAIN, userTimeoutMs: 1500 };
  const listener = descriptors.open(openTcpListener(libc, tcp("127.0.0.1"), options));
  const address = localAddress(libc, listener);
  descriptors.open(openTcpSocket(libc, address, null, NO_OPTIONS, false));
  const { fd } = descriptors.accept(listener);
  assert.equal(libc.getsockoptInt(fd, IPPROTO_TCP, TCP_NODELAY), 1);
  assert.equal(libc.getsockoptInt(fd, SOL_SOCKET, SO_KEEPALIVE), 1);
  assert.equal(libc.getsockoptInt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT), 1500);
});

onLinux("openTcpListener() sets what it is asked for", () => {
  using descriptors = new Descriptors();
  const { libc } = descriptors;
  const options = { ...PLAIN, fastOpen: true, deferAcceptMs: 900 };
  const asked = descriptors.open(openTcpListener(libc, tcp("127.0.0.1"), options));
  assert.equal(libc.getsockoptInt(asked, IPPROTO_TCP, TCP_FASTOPEN), 16);
  assert.equal(libc.getsockoptInt(asked, IPPROTO_TCP, TCP_DEFER_ACCEPT), 1);
  const plain = descriptors.open(openTcpListener(libc, tcp("127.0.0.1"), PLAIN));
  assert.equal(libc.getsockoptInt(plain, IPPROTO_TCP, TCP_FASTOPEN), 0);
  assert.equal(libc.getsockoptInt(plain, IPPROTO_TCP, TCP_DEFER_ACCEPT), 0);
});

onLinux("openTcpSocket() sets what it is asked for", () => {
  using descriptors = new Descriptors();
  const { libc } = descriptors;
  const listener = descriptors.open(openTcpListener(libc, tcp("127.0.0.1"), PLAIN));
  const address = localAddress(libc, listener);
  const options = { ...NO_OPTIONS, tcpFastOpen: true, tcpUserTimeoutMs: 1200 };
  const silent = descriptors.open(openTcpSocket(libc, address, null, options, false));
  assert.equal(libc.getsockoptInt(silent, IPPROTO_TCP, TCP_NODELAY), 1);
  assert.equal(libc.getsockoptInt(silent, SOL_SOCKET, SO_KEEPALIVE), 1);
  assert.equal(libc.getsockoptInt(silent, IPPROTO_TCP, TCP_USER_TIMEOUT), 1200);
  assert.equal(libc.getsockoptInt(silent, IPPROTO_TCP, TCP_FASTOPEN_CONNECT), 0);
  const speaking = descriptors.open(openTcpSocket(libc, address, null, options, true));
  assert.equal(libc.getsockoptInt(speaking, IPPROTO_TCP, TCP_FASTOPEN_CONNECT), 1);
});

onLinux("an address that is taken is refused as Deno.listen refuses it", () => {
  using descriptors = new Descriptors();
  const { libc } = descriptors;
  const first = descriptors.open(openTcpListener(libc, tcp("127.0.0.1"), PLAIN));
  const spec = tcp("127.0.0.1", localAddress(libc, first).port);
  assert.throws(() => openTcpListener(libc, spec, PLAIN), Deno.errors.AddrInUse);
  assert.throws(
    () => openTcpListener(libc, spec, { ...PLAIN, reusePort: true }),
    Deno.errors.AddrInUse,
  );
  const port = descriptors.open(openUdpListener(libc, udp("127.0.0.1"), UNSHARED));
  const taken = udp("127.0.0.1", localAddress(libc, port).port);
  assert.throws(() => openUdpListener(libc, taken, UNSHARED), Deno.errors.AddrInUse);
});

onLinux("an address that the machine has not is refused as Deno.listen refuses it", () => {
  using descriptors = new Descriptors();
  const { libc } = descriptors;
  assert.throws(() => openTcpListener(libc, tcp(FOREIGN), PLAIN), Deno.errors.AddrNotAvailable);
  assert.throws(() => openUdpListener(libc, udp(FOREIGN), UNSHARED), Deno.errors.AddrNotAvailable);
});

onLinux("listeners that share their port may have the same address", () => {
  using descriptors = new Descriptors();
  const { libc } = descriptors;
  const shared = { ...PLAIN, reusePort: true };
  const first = descriptors.open(openTcpListener(libc, tcp("127.0.0.1"), shared));
  const { port } = localAddress(libc, first);
  const second = descriptors.open(openTcpListener(libc, tcp("127.0.0.1", port), shared));
  assert.equal(localAddress(libc, second).port, port);
});

onLinux("openTcpSocket() returns why it could not begin to connect", () => {
  using descriptors = new Descriptors();
  // A link-local address is no address without an interface.
  const address = { host: "fe80::1", port: 1 };
  const result = openTcpSocket(descriptors.libc, address, null, NO_OPTIONS, false);
  assert.ok(result < 0);
});

needs(...PRIVILEGED)("sockets to targets bear the mark", () => {
  using descriptors = new Descriptors();
  const { libc } = descriptors;
  const address = { host: "127.0.0.1", port: 9 };
  const options = { ...NO_OPTIONS, mark: 77 };
  const fd = descriptors.open(openUdpSocket(libc, address, null, options));
  assert.equal(libc.getsockoptInt(fd, SOL_SOCKET, SO_MARK), 77);
});

needs(...PRIVILEGED)("sockets to targets may have an address that the machine has not", () => {
  using descriptors = new Descriptors();
  const { libc } = descriptors;
  const address = { host: "127.0.0.1", port: 9 };
  const from = { host: FOREIGN, port: 4242 };
  const udpSocket = descriptors.open(openUdpSocket(libc, address, from, NO_OPTIONS));
  assert.equal(localAddress(libc, udpSocket).host, FOREIGN);
  const tcpSocket = descriptors.open(openTcpSocket(libc, address, from, NO_OPTIONS, false));
  assert.equal(localAddress(libc, tcpSocket).host, FOREIGN);
  const otherFamily = { host: "2001:db8::1", port: 0 };
  assert.ok(openTcpSocket(libc, address, otherFamily, NO_OPTIONS, false) < 0);
});

needs(...PRIVILEGED)("a target sees the address that a connection is made from", () => {
  using descriptors = new Descriptors();
  const { libc } = descriptors;
  const listener = descriptors.open(openTcpListener(libc, tcp("127.0.0.1"), PLAIN));
  const from = { host: "127.7.7.7", port: 4242 };
  const address = localAddress(libc, listener);
  descriptors.open(openTcpSocket(libc, address, from, NO_OPTIONS, false));
  assert.equal(descriptors.accept(listener).peer.toSocketAddress()?.host, from.host);
});

const UNSHARED = { reusePort: false, gro: false };

function tcp(host: string, port = 0): ListenerSpec {
  return { transport: "tcp", address: { host, port }, backlog: 16 };
}

function udp(host: string, port = 0): ListenerSpec {
  return { transport: "udp", address: { host, port }, backlog: 0 };
}
