import assert from "node:assert/strict";
import { Arena } from "../../../../../src/engine/native/sys/arena.ts";
import {
  EAGAIN,
  EBADF,
  ECONNREFUSED,
  ECONNRESET,
  EFAULT,
  EINPROGRESS,
  EPIPE,
} from "../../../../../src/engine/native/sys/errno.ts";
import {
  AF_INET,
  AF_UNIX,
  EPOLLIN,
  F_GETFD,
  F_GETFL,
  F_GETPIPE_SZ,
  F_SETPIPE_SZ,
  IOVEC,
  MMSGHDR,
  MSGHDR,
  O_NONBLOCK,
  SHUT_WR,
  SO_RCVBUF,
  SOCK_DGRAM,
  SOCK_STREAM,
  SOL_SOCKET,
  SPLICE_F_NONBLOCK,
} from "../../../../../src/engine/native/sys/layout.ts";
import type { Libc } from "../../../../../src/engine/native/sys/libc.ts";
import { SockaddrBuffer } from "../../../../../src/engine/native/sys/socket_address.ts";
import { Descriptors } from "../../../../support/descriptors.ts";
import { needs } from "../../../../support/needs.ts";
import { runOk } from "../../../../support/programs.ts";

const FD_CLOEXEC = 1;

const onLinux = needs("Linux");

onLinux("a failed call returns its errno negated", () => {
  using descriptors = new Descriptors();
  const { libc } = descriptors;
  assert.equal(libc.close(-1), -EBADF);
  assert.equal(libc.recv(-1, memory(8), 8, 0), -EBADF);
  assert.equal(libc.getsockoptInt(-1, SOL_SOCKET, SO_RCVBUF), -EBADF);
  assert.equal(libc.splice(-1, -1, 8, 0), -EBADF);
  assert.equal(libc.epollWait(-1, new Uint32Array(4), 1, 0), -EBADF);
});

onLinux("memory that is too short is refused before the call", () => {
  using descriptors = new Descriptors();
  const { libc } = descriptors;
  const [a, b] = streamPair(descriptors);
  for (const length of [9, -1, 0.5, NaN, 2 ** 32, 2 ** 32 + 1]) {
    assert.equal(libc.send(a, memory(8), length, 0), -EFAULT, `send ${length}`);
    assert.equal(libc.recv(b, memory(8), length, 0), -EFAULT, `recv ${length}`);
  }
  assert.equal(libc.sendAt(a, memory(8), 4, 5, 0), -EFAULT);
  assert.equal(libc.sendAt(a, memory(8), 9, 0, 0), -EFAULT);
  assert.equal(libc.sendAt(a, memory(8), -1, 1, 0), -EFAULT);
  assert.equal(libc.splice(a, b, 2 ** 31, 0), -EFAULT);
  assert.equal(libc.recvmmsg(a, memory(MMSGHDR.size), 2, 0), -EFAULT);
  assert.equal(libc.sendmmsg(a, memory(MMSGHDR.size), 2, 0), -EFAULT);
  assert.equal(libc.epollWait(0, new Uint32Array(2), 1, 0), -EFAULT);
  assert.equal(libc.pipe2(new Int32Array(1)), -EFAULT);
  assert.equal(libc.socketpair(AF_UNIX, SOCK_STREAM, new Int32Array(1)), -EFAULT);
  assert.equal(libc.recv(b, memory(8), 8, 0), -EAGAIN, "nothing was sent");
});

onLinux("send(), sendAt() and recv() move bytes and tell the end", () => {
  using descriptors = new Descriptors();
  const { libc } = descriptors;
  const [a, b] = streamPair(descriptors);
  const sent = Uint8Array.from({ length: 10 }, (_, index) => index);
  assert.equal(libc.send(a, sent, 3, 0), 3);
  assert.equal(libc.sendAt(a, sent, 3, 4, 0), 4);
  assert.equal(libc.sendAt(a, sent, 0, 1, 0), 1);
  const received = memory(16);
  assert.equal(libc.recv(b, received, 16, 0), 8);
  assert.deepEqual([...received.subarray(0, 9)], [0, 1, 2, 3, 4, 5, 6, 0, 0]);
  assert.equal(libc.recv(b, received, 16, 0), -EAGAIN);
  assert.equal(libc.shutdown(a, SHUT_WR), 0);
  assert.equal(libc.recv(b, received, 16, 0), 0);
  assert.equal(libc.send(a, sent, 1, 0), -EPIPE);
});

onLinux("descriptors are non-blocking and close-on-exec", () => {
  using descriptors = new Descriptors();
  const { libc } = descriptors;
  const { listener, client } = tcpConnection(descriptors);
  const all = [
    ...streamPair(descriptors),
    ...descriptors.openPair((out) => libc.pipe2(out)),
    listener,
    client,
    descriptors.accept(listener).fd,
    descriptors.open(libc.eventfd()),
  ];
  for (const fd of all) {
    assert.equal(libc.fcntl(fd, F_GETFL, 0) & O_NONBLOCK, O_NONBLOCK);
    assert.equal(libc.fcntl(fd, F_GETFD, 0), FD_CLOEXEC);
  }
  assert.equal(libc.fcntl(descriptors.open(libc.epollCreate()), F_GETFD, 0), FD_CLOEXEC);
});

onLinux("accept4(), getsockname() and getpeername() tell addresses", () => {
  using descriptors = new Descriptors();
  const { libc } = descriptors;
  const { listener, client } = tcpConnection(descriptors);
  const { fd, peer } = descriptors.accept(listener);
  assert.equal(libc.accept4(listener, new SockaddrBuffer()), -EAGAIN);
  const name = (call: (out: SockaddrBuffer) => number) => {
    const out = new SockaddrBuffer();
    assert.equal(call(out), 0);
    return out.toSocketAddress();
  };
  const clientName = name((out) => libc.getsockname(client, out));
  assert.equal(clientName?.host, "127.0.0.1");
  assert.deepEqual(peer.toSocketAddress(), clientName);
  assert.deepEqual(name((out) => libc.getpeername(fd, out)), clientName);
  assert.deepEqual(
    name((out) => libc.getsockname(fd, out)),
    name((out) => libc.getsockname(listener, out)),
  );
});

onLinux("closeWithReset() resets the connection", () => {
  using descriptors = new Descriptors();
  const { libc } = descriptors;
  const { listener, client } = tcpConnection(descriptors);
  descriptors.awaitEvents(listener, EPOLLIN);
  const accepted = libc.accept4(listener, new SockaddrBuffer());
  assert.equal(libc.closeWithReset(accepted), 0);
  descriptors.awaitEvents(client, EPOLLIN);
  assert.equal(libc.recv(client, memory(8), 8, 0), -ECONNRESET);
});

onLinux("socketError() takes the error of a connection that was refused", () => {
  using descriptors = new Descriptors();
  const { libc } = descriptors;
  // Bound, but not listening: nobody else can have the port meanwhile.
  const bound = descriptors.open(libc.socket(AF_INET, SOCK_STREAM));
  const address = SockaddrBuffer.of({ host: "127.0.0.1", port: 0 });
  descriptors.ok(libc.bind(bound, address));
  descriptors.ok(libc.getsockname(bound, address));
  const client = descriptors.open(libc.socket(AF_INET, SOCK_STREAM));
  assert.equal(libc.connect(client, address), -EINPROGRESS);
  descriptors.awaitEvents(client, EPOLLIN);
  assert.equal(libc.socketError(client), ECONNREFUSED);
  assert.equal(libc.socketError(client), 0);
});

onLinux("splice() moves bytes through a pipe", () => {
  using descriptors = new Descriptors();
  const { libc } = descriptors;
  const [source, from] = streamPair(descriptors);
  const [to, sink] = streamPair(descriptors);
  const [read, write] = descriptors.openPair((out) => libc.pipe2(out));
  assert.equal(libc.send(source, memory(100), 100, 0), 100);
  assert.equal(libc.splice(from, write, 60, SPLICE_F_NONBLOCK), 60);
  assert.equal(libc.splice(from, write, 60, SPLICE_F_NONBLOCK), 40);
  assert.equal(libc.splice(from, write, 60, SPLICE_F_NONBLOCK), -EAGAIN);
  assert.equal(libc.splice(read, to, 1000, SPLICE_F_NONBLOCK), 100);
  assert.equal(libc.recv(sink, memory(200), 200, 0), 100);
  libc.shutdown(source, SHUT_WR);
  assert.equal(libc.splice(from, write, 60, SPLICE_F_NONBLOCK), 0);
});

onLinux("splice() into a socket whose other side is gone raises no SIGPIPE", async () => {
  const program = new URL("../../../../support/splice_to_closed_process.ts", import.meta.url);
  const args = ["run", "--no-prompt", "--allow-ffi", program.pathname];
  assert.equal(await runOk(Deno.execPath(), args), "EPIPE EPIPE\n");
});

onLinux("fcntl() sets the size of a pipe", () => {
  using descriptors = new Descriptors();
  const { libc } = descriptors;
  const [, write] = descriptors.openPair((out) => libc.pipe2(out));
  assert.equal(libc.fcntl(write, F_SETPIPE_SZ, 16 * 1024), 16 * 1024);
  assert.equal(libc.fcntl(write, F_GETPIPE_SZ, 0), 16 * 1024);
});

onLinux("an eventfd counts until it is read", () => {
  using descriptors = new Descriptors();
  const { libc } = descriptors;
  const fd = descriptors.open(libc.eventfd());
  for (const _ of [1, 2]) {
    assert.equal(libc.readEventfd(fd), -EAGAIN);
    assert.ok(libc.writeEventfd(fd) > 0);
    assert.ok(libc.writeEventfd(fd) > 0);
    assert.ok(libc.readEventfd(fd) > 0);
  }
});

onLinux("sendmmsg() and recvmmsg() tell how many datagrams went", () => {
  using descriptors = new Descriptors();
  const { libc } = descriptors;
  const [a, b] = descriptors.openPair((out) => libc.socketpair(AF_UNIX, SOCK_DGRAM, out));
  const outgoing = datagrams(libc, [1, 20, 300]);
  assert.equal(libc.sendmmsg(a, outgoing.bytes, 3, 0), 3);
  const incoming = datagrams(libc, [400, 400, 400, 400]);
  assert.equal(libc.recvmmsg(b, incoming.bytes, 4, 0), 3);
  const lengths = [0, 1, 2].map((index) =>
    incoming.view.getUint32(index * MMSGHDR.size + MMSGHDR.length, true)
  );
  assert.deepEqual(lengths, [1, 20, 300]);
  assert.equal(libc.recvmmsg(b, incoming.bytes, 4, 0), -EAGAIN);
});

onLinux("descriptorLimit() tells that of the shell", () => {
  using descriptors = new Descriptors();
  const { stdout } = new Deno.Command("sh", { args: ["-c", "ulimit -n"] }).outputSync();
  assert.equal(descriptors.libc.descriptorLimit(), Number(new TextDecoder().decode(stdout)));
});

function memory(length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(length);
}

function streamPair(descriptors: Descriptors): readonly [number, number] {
  return descriptors.openPair((out) => descriptors.libc.socketpair(AF_UNIX, SOCK_STREAM, out));
}

/** A connection that waits to be accepted. */
function tcpConnection(descriptors: Descriptors): { listener: number; client: number } {
  const { libc } = descriptors;
  const address = SockaddrBuffer.of({ host: "127.0.0.1", port: 0 });
  const listener = descriptors.open(libc.socket(AF_INET, SOCK_STREAM));
  descriptors.ok(libc.bind(listener, address));
  descriptors.ok(libc.listen(listener, 8));
  descriptors.ok(libc.getsockname(listener, address));
  const client = descriptors.open(libc.socket(AF_INET, SOCK_STREAM));
  assert.equal(libc.connect(client, address), -EINPROGRESS);
  return { listener, client };
}

/** Headers of datagrams of the given lengths, which share their bytes. */
function datagrams(libc: Libc, lengths: readonly number[]): Arena {
  const data = new Arena(libc, Math.max(...lengths));
  const iovecs = lengths.length * MMSGHDR.size;
  const arena = new Arena(libc, iovecs + lengths.length * IOVEC.size);
  for (const [index, length] of lengths.entries()) {
    const header = index * MMSGHDR.size;
    const iovec = iovecs + index * IOVEC.size;
    arena.setPointer(header + MSGHDR.iov, iovec);
    arena.view.setUint32(header + MSGHDR.iovLength, 1, true);
    arena.setPointer(iovec + IOVEC.base, 0, data);
    arena.view.setUint32(iovec + IOVEC.length, length, true);
  }
  return arena;
}
