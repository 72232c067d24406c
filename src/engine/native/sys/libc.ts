/**
 * The fence around unsafe code: system calls as methods that keep native memory safe and tell failures by value.
 *
 * What every method holds to:
 *
 * - It returns what the call returned, or the negated errno: `-EAGAIN`. It never throws and makes no garbage.
 * - It checks that the memory it hands out is as long as the kernel is told. A caller that asks for more than there is
 *   gets `-EFAULT`, as it would from the kernel for memory that is not there.
 * - The kernel has no hold on memory after the call: all calls are synchronous.
 * - New descriptors are close-on-exec and, where that can be asked for, non-blocking.
 *
 * What callers hold to: a descriptor is closed once, by its owner, as its number is used again at once.
 *
 * errno is read right after the call that set it, by another call on the same thread, to which it belongs: so a
 * {@linkcode Libc} is for the thread that opened it. V8 may do something of its own between the two, such as to collect
 * garbage; calls that succeed leave errno alone. Both calls are compiled into the JavaScript around them, without
 * arguments that have to be made: the whole of a method costs 10 to 25 ns more than the call in C.
 *
 * @module
 */

import {
  EFD_CLOEXEC,
  EFD_NONBLOCK,
  EPOLL_CLOEXEC,
  type Layout,
  layoutFor,
  LINGER,
  MMSGHDR,
  MSG_NOSIGNAL,
  O_CLOEXEC,
  O_NONBLOCK,
  RLIMIT,
  RLIMIT_NOFILE,
  SO_ERROR,
  SO_LINGER,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOL_SOCKET,
} from "./layout.ts";
import { EFAULT } from "./errno.ts";
import { addressOf, LibcThread } from "./libc_thread.ts";
import { type LibcLibrary, NativeUnavailable, openLibrary } from "./open_library.ts";
import type { SockaddrBuffer } from "./socket_address.ts";

export { NativeUnavailable } from "./open_library.ts";

/**
 * Opens the C library for this thread.
 *
 * @throws {NativeUnavailable} where the system, the processor or a missing permission is in the way
 */
export function openLibc(): Libc {
  const { os, arch } = Deno.build;
  const layout = layoutFor(arch);
  if (os !== "linux") throw new NativeUnavailable(`it is for Linux, not for ${os}`);
  if (layout === null) throw new NativeUnavailable(`it knows no processor "${arch}"`);
  return new Libc(openLibrary(), layout);
}

/**
 * System calls of one thread. Methods that have no words of their own do what section 2 of the manual says of the call
 * of their name.
 */
export class Libc implements Disposable {
  readonly layout: Layout;
  readonly #library: LibcLibrary;
  readonly #symbols: LibcLibrary["symbols"];
  readonly #thread: LibcThread;
  // What calls read and write beside the caller's memory; none of it means anything between calls.
  readonly #integer = new Int32Array(new ArrayBuffer(4));
  readonly #integerLength = new Uint32Array(new ArrayBuffer(4));
  readonly #event = new Uint32Array(new ArrayBuffer(16)); // for the larger one of the layouts
  readonly #counter = new BigUint64Array(new ArrayBuffer(8));
  readonly #linger = new Int32Array(new ArrayBuffer(LINGER.size));

  /** Use {@linkcode openLibc}. */
  constructor(library: LibcLibrary, layout: Layout) {
    this.layout = layout;
    this.#library = library;
    this.#symbols = library.symbols;
    this.#thread = new LibcThread(library.symbols);
    this.#thread.blockSigpipe();
    this.#counter[0] = 1n;
    this.#linger[LINGER.onOff / 4] = 1;
  }

  /** Closes the library, not the descriptors. */
  [Symbol.dispose](): void {
    this.#library.close();
  }

  /** A non-blocking socket. */
  socket(family: number, type: number, protocol = 0): number {
    return this.#result(this.#symbols.socket(family, type | SOCKET_FLAGS, protocol));
  }

  /** Two non-blocking sockets that are connected to each other. */
  socketpair(family: number, type: number, out: Int32Array): number {
    if (out.length < 2) return -EFAULT;
    return this.#result(this.#symbols.socketpair(family, type | SOCKET_FLAGS, 0, out));
  }

  bind(fd: number, address: SockaddrBuffer): number {
    return this.#result(this.#symbols.bind(fd, address.bytes, address.length));
  }

  listen(fd: number, backlog: number): number {
    return this.#result(this.#symbols.listen(fd, backlog));
  }

  /** Accepts a connection as a non-blocking socket and tells its peer. */
  accept4(fd: number, peer: SockaddrBuffer): number {
    peer.offer();
    const { bytes, lengthCell } = peer;
    return this.#result(this.#symbols.accept4(fd, bytes, lengthCell, SOCKET_FLAGS));
  }

  /** `-EINPROGRESS` where the answer is yet to come: the socket is then ready for writing when it has. */
  connect(fd: number, address: SockaddrBuffer): number {
    return this.#result(this.#symbols.connect(fd, address.bytes, address.length));
  }

  getsockname(fd: number, out: SockaddrBuffer): number {
    out.offer();
    return this.#result(this.#symbols.getsockname(fd, out.bytes, out.lengthCell));
  }

  getpeername(fd: number, out: SockaddrBuffer): number {
    out.offer();
    return this.#result(this.#symbols.getpeername(fd, out.bytes, out.lengthCell));
  }

  /** The value of an `int` option that is never negative. */
  getsockoptInt(fd: number, level: number, option: number): number {
    const length = this.#integerLength;
    length[0] = 4;
    const result = this.#symbols.getsockopt(fd, level, option, this.#integer, length);
    return result < 0 ? -this.#thread.errno() : this.#integer[0] ?? 0;
  }

  /** The error that is pending on a socket, as a positive errno, which this takes from it; 0 = none. */
  socketError(fd: number): number {
    const error = this.getsockoptInt(fd, SOL_SOCKET, SO_ERROR);
    return error < 0 ? -error : error;
  }

  setsockoptInt(fd: number, level: number, option: number, value: number): number {
    this.#integer[0] = value;
    return this.#result(this.#symbols.setsockopt(fd, level, option, this.#integer, 4));
  }

  setsockoptBytes(
    fd: number,
    level: number,
    option: number,
    value: ArrayBufferView<ArrayBuffer>,
  ): number {
    return this.#result(this.#symbols.setsockopt(fd, level, option, value, value.byteLength));
  }

  /** Receives at the start of `buffer`; 0 = the peer has ended its direction. */
  recv(fd: number, buffer: Uint8Array<ArrayBuffer>, length: number, flags: number): number {
    if (!isWithin(length, buffer.length)) return -EFAULT;
    const result = this.#symbols.recv(fd, buffer, length, flags);
    return result < 0 ? -this.#thread.errno() : result;
  }

  /** Sends from the start of `buffer`. `MSG_NOSIGNAL` is set. */
  send(fd: number, buffer: Uint8Array<ArrayBuffer>, length: number, flags: number): number {
    if (!isWithin(length, buffer.length)) return -EFAULT;
    const result = this.#symbols.send(fd, buffer, length, flags | MSG_NOSIGNAL);
    return result < 0 ? -this.#thread.errno() : result;
  }

  /** Sends from within `buffer`; makes a view for each call that does not start at 0, unlike {@linkcode Libc.send}. */
  sendAt(
    fd: number,
    buffer: Uint8Array<ArrayBuffer>,
    offset: number,
    length: number,
    flags: number,
  ): number {
    if (offset === 0) return this.send(fd, buffer, length, flags);
    if (!isWithin(offset, buffer.length)) return -EFAULT;
    return this.send(fd, buffer.subarray(offset), length, flags);
  }

  /**
   * Receives up to `count` datagrams into the `mmsghdr`s at the start of `vector`, and returns how many. The pointers in
   * them are the caller's to keep true: see {@linkcode Arena}.
   */
  recvmmsg(fd: number, vector: Uint8Array<ArrayBuffer>, count: number, flags: number): number {
    if (!isWithin(count * MMSGHDR.size, vector.length)) return -EFAULT;
    const result = this.#symbols.recvmmsg(fd, vector, count, flags, null);
    return result < 0 ? -this.#thread.errno() : result;
  }

  /** Sends the first `count` of the `mmsghdr`s in `vector`; returns how many went before one failed, if one did. */
  sendmmsg(fd: number, vector: Uint8Array<ArrayBuffer>, count: number, flags: number): number {
    if (!isWithin(count * MMSGHDR.size, vector.length)) return -EFAULT;
    const result = this.#symbols.sendmmsg(fd, vector, count, flags | MSG_NOSIGNAL);
    return result < 0 ? -this.#thread.errno() : result;
  }

  shutdown(fd: number, how: number): number {
    return this.#result(this.#symbols.shutdown(fd, how));
  }

  /** The descriptor is closed in any case, also where an error of its writes is told (close(2)). */
  close(fd: number): number {
    return this.#result(this.#symbols.close(fd));
  }

  /** Closes a TCP socket so that its peer gets a reset: with the linger time zero, unsent data is thrown away. */
  closeWithReset(fd: number): number {
    this.setsockoptBytes(fd, SOL_SOCKET, SO_LINGER, this.#linger);
    return this.close(fd);
  }

  /** Moves bytes between a pipe and a socket, in either direction. `MSG_NOSIGNAL` cannot be said, so SIGPIPE is blocked. */
  splice(from: number, to: number, length: number, flags: number): number {
    if (!isWithin(length, MAX_LENGTH)) return -EFAULT;
    const result = this.#symbols.splice(from, null, to, null, length, flags);
    return result < 0 ? -this.#thread.errno() : result;
  }

  /** A non-blocking pipe: `out[0]` is for reading, `out[1]` for writing. */
  pipe2(out: Int32Array): number {
    if (out.length < 2) return -EFAULT;
    return this.#result(this.#symbols.pipe2(out, O_CLOEXEC | O_NONBLOCK));
  }

  fcntl(fd: number, command: number, argument: number): number {
    return this.#result(this.#symbols.fcntl(fd, command, argument));
  }

  epollCreate(): number {
    return this.#result(this.#symbols.epoll_create1(EPOLL_CLOEXEC));
  }

  /** `data` is what {@linkcode Libc.epollWait} gives back with an event: two 32-bit halves. */
  epollCtl(
    epoll: number,
    operation: number,
    fd: number,
    events: number,
    dataLow: number,
    dataHigh: number,
  ): number {
    const event = this.#event;
    const dataIndex = this.layout.epollEvent.data / 4;
    event[0] = events;
    event[dataIndex] = dataLow;
    event[dataIndex + 1] = dataHigh;
    return this.#result(this.#symbols.epoll_ctl(epoll, operation, fd, event));
  }

  /**
   * Waits for events and writes up to `count` of them into `events`, as `layout.epollEvent` has them. Blocks the thread
   * for up to `timeoutMs`; -1 = for ever. A signal ends the wait with `-EINTR`.
   */
  epollWait(
    epoll: number,
    events: Uint32Array<ArrayBuffer>,
    count: number,
    timeoutMs: number,
  ): number {
    if (!isWithin(count * this.layout.epollEvent.size, events.byteLength)) return -EFAULT;
    const result = this.#symbols.epoll_wait(epoll, events, count, timeoutMs);
    return result < 0 ? -this.#thread.errno() : result;
  }

  /** A non-blocking counter that starts at zero: readable while it is not. */
  eventfd(): number {
    return this.#result(this.#symbols.eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  }

  /** Sets the counter to zero. `-EAGAIN` where it is. */
  readEventfd(fd: number): number {
    const result = this.#result(this.#symbols.read(fd, this.#counter, 8));
    this.#counter[0] = 1n;
    return result;
  }

  /** Adds one to the counter. */
  writeEventfd(fd: number): number {
    return this.#result(this.#symbols.write(fd, this.#counter, 8));
  }

  /** How many descriptors this process may have open; at most 2^31 - 1, which also stands for no limit. */
  descriptorLimit(): number {
    const limits = new BigUint64Array(new ArrayBuffer(RLIMIT.size));
    const result = this.#result(this.#symbols.getrlimit(RLIMIT_NOFILE, limits));
    if (result < 0) return result;
    return Math.min(Number(limits[RLIMIT.current / 8]), MAX_LENGTH);
  }

  /**
   * Where a buffer is, for as long as it lives: V8 moves small typed arrays that were made without an `ArrayBuffer`, but
   * never one of these. For `Arena` alone, which sees to it that the buffer lives as long as the address is used.
   *
   * @throws {RangeError} where a JavaScript number cannot hold it; Linux hands out addresses of 47 to 52 bits
   */
  addressOf(buffer: ArrayBuffer): number {
    const address = Number(addressOf(this.#symbols, buffer));
    if (!Number.isSafeInteger(address)) throw new RangeError("An address has more than 53 bits");
    return address;
  }

  #result(result: number): number {
    return result < 0 ? -this.#thread.errno() : result;
  }
}

const SOCKET_FLAGS = SOCK_CLOEXEC | SOCK_NONBLOCK;

/** The largest length that a call is told of: see symbols.ts on `size_t`. */
const MAX_LENGTH = 2 ** 31 - 1;

/** Whether a length is an integer from 0 to `limit`. */
function isWithin(length: number, limit: number): boolean {
  return (length | 0) === length && length >= 0 && length <= limit;
}
