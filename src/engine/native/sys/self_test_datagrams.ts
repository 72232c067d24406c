/**
 * The part of the self-test with the most structures: datagrams in batches.
 *
 * @module
 */

import { Arena } from "./arena.ts";
import {
  AF_INET,
  CMSGHDR,
  IN_PKTINFO,
  IOVEC,
  IP_PKTINFO,
  IPPROTO_IP,
  MMSGHDR,
  MSGHDR,
  SOCK_DGRAM,
  SOCKADDR_IN,
} from "./layout.ts";
import type { Libc } from "./libc.ts";
import { expect, type SelfTestBench } from "./self_test_bench.ts";
import { SockaddrBuffer } from "./socket_address.ts";

/** Of different lengths, so that a wrong size of `mmsghdr` shows. */
const DATAGRAMS = [new Uint8Array([1, 1, 1]), new Uint8Array([2, 2, 2, 2, 2])];

const LOOPBACK = SockaddrBuffer.of({ host: "127.0.0.1", port: 0 });

/** Sends and receives two datagrams at once, with names and the address that they were sent to. */
export function checkDatagrams(bench: SelfTestBench): void {
  if (!bench.hasLoopback()) return;
  const { libc } = bench;
  const receiver = bench.open("socket", libc.socket(AF_INET, SOCK_DGRAM));
  const sender = bench.open("socket", libc.socket(AF_INET, SOCK_DGRAM));
  bench.must("bind", libc.bind(receiver, LOOPBACK));
  bench.must("bind", libc.bind(sender, LOOPBACK));
  bench.must("setsockopt IP_PKTINFO", libc.setsockoptInt(receiver, IPPROTO_IP, IP_PKTINFO, 1));
  const receiverName = new SockaddrBuffer();
  const senderName = new SockaddrBuffer();
  bench.must("getsockname", libc.getsockname(receiver, receiverName));
  bench.must("getsockname", libc.getsockname(sender, senderName));

  const outgoing = new Messages(libc);
  for (const [index, bytes] of DATAGRAMS.entries()) {
    outgoing.set(index, bytes, receiverName.bytes.subarray(0, receiverName.length));
  }
  const sent = libc.sendmmsg(sender, outgoing.bytes, DATAGRAMS.length, 0);
  expect("messages sent", bench.must("sendmmsg", sent), DATAGRAMS.length);

  const incoming = new Messages(libc);
  for (const index of DATAGRAMS.keys()) incoming.offer(index);
  bench.awaitInput(receiver);
  const received = libc.recvmmsg(receiver, incoming.bytes, DATAGRAMS.length, 0);
  expect("messages received", bench.must("recvmmsg", received), DATAGRAMS.length);
  for (const [index, bytes] of DATAGRAMS.entries()) {
    expect("length sent", outgoing.length(index), bytes.length);
    incoming.expect(index, bytes, senderName.bytes.subarray(0, senderName.length));
  }
}

// An arena of messages: the headers, then for each message a part with what its header points to.
const PART = 128;
const IOV_AT = 0;
const NAME_AT = 16;
const CONTROL_AT = 32;
const CONTROL_SIZE = 64;
const DATA_AT = 96;
const DATA_SIZE = 32;

class Messages {
  readonly #arena: Arena;
  readonly bytes: Uint8Array<ArrayBuffer>;

  constructor(libc: Libc) {
    this.#arena = new Arena(libc, DATAGRAMS.length * (MMSGHDR.size + PART));
    this.bytes = this.#arena.bytes;
    for (const index of DATAGRAMS.keys()) {
      const header = headerAt(index);
      const part = partAt(index);
      this.#arena.setPointer(header + MSGHDR.name, part + NAME_AT);
      this.#arena.setPointer(header + MSGHDR.iov, part + IOV_AT);
      this.#arena.setPointer(header + MSGHDR.control, part + CONTROL_AT);
      this.#arena.setPointer(part + IOV_AT + IOVEC.base, part + DATA_AT);
      this.#write(header + MSGHDR.iovLength, 1);
    }
  }

  /** A datagram to be sent. */
  set(index: number, data: Uint8Array, name: Uint8Array): void {
    this.bytes.set(name, partAt(index) + NAME_AT);
    this.bytes.set(data, partAt(index) + DATA_AT);
    this.#setLengths(index, name.length, 0, data.length);
  }

  /** All of the room for a datagram to be received. */
  offer(index: number): void {
    this.#setLengths(index, SOCKADDR_IN.size, CONTROL_SIZE, DATA_SIZE);
  }

  /** Bytes that were sent or received. */
  length(index: number): number {
    return this.#read(headerAt(index) + MMSGHDR.length);
  }

  expect(index: number, data: Uint8Array, name: Uint8Array): void {
    const header = headerAt(index);
    const part = partAt(index);
    expect("length received", this.length(index), data.length);
    expect("data", this.#slice(part + DATA_AT, data.length), data.join());
    expect("length of name", this.#read(header + MSGHDR.nameLength), name.length);
    expect("name", this.#slice(part + NAME_AT, name.length), name.join());
    expect("flags", this.#read(header + MSGHDR.flags), 0);

    const control = part + CONTROL_AT;
    const controlLength = CMSGHDR.data + IN_PKTINFO.size;
    expect("length of control message", this.#read(control + CMSGHDR.length), controlLength);
    expect("length of control", this.#read(header + MSGHDR.controlLength), align(controlLength));
    expect("level", this.#read(control + CMSGHDR.level), IPPROTO_IP);
    expect("type", this.#read(control + CMSGHDR.type), IP_PKTINFO);
    const address = control + CMSGHDR.data + IN_PKTINFO.destination;
    expect("destination", this.#slice(address, 4), "127,0,0,1");
  }

  #setLengths(index: number, name: number, control: number, data: number): void {
    this.#write(headerAt(index) + MSGHDR.nameLength, name);
    this.#write(headerAt(index) + MSGHDR.controlLength, control);
    this.#write(partAt(index) + IOV_AT + IOVEC.length, data);
  }

  #read(offset: number): number {
    return this.#arena.view.getUint32(offset, true);
  }

  /** The upper half of a field of 8 bytes stays zero. */
  #write(offset: number, value: number): void {
    this.#arena.view.setUint32(offset, value, true);
  }

  #slice(offset: number, length: number): string {
    return this.bytes.subarray(offset, offset + length).join();
  }
}

function headerAt(index: number): number {
  return index * MMSGHDR.size;
}

function partAt(index: number): number {
  return DATAGRAMS.length * MMSGHDR.size + index * PART;
}

function align(length: number): number {
  return Math.ceil(length / CMSGHDR.alignment) * CMSGHDR.alignment;
}
