/**
 * Many datagrams in one system call.
 *
 * @module
 */

import { libc } from "./libc.ts";

const MSG_WAITFORONE = 0x10000;

/** Offsets of `struct mmsghdr` on 64-bit Linux (sys/socket.h): a `msghdr` and the length that was moved. */
const HEADER = {
  size: 64,
  name: 0,
  nameLength: 8,
  parts: 16,
  partCount: 24,
  control: 32,
  controlLength: 40,
  moved: 56,
} as const;

/** Offsets of a `cmsghdr` with `struct in_pktinfo` (netinet/in.h), padded to `CMSG_SPACE(12)`. */
const CONTROL = { size: 32, length: 0, type: 12, interface: 16, localAddress: 20 } as const;
/** `CMSG_LEN(12)`. */
const CONTROL_LENGTH = 28n;
const IP_PKTINFO = 8;

const NAME_SIZE = 16;
const PART_SIZE = 16;

/**
 * Slots for datagrams of one size. What was received can be sent again as it is: it then goes to where it came from, from
 * the address that it came to.
 */
export class DatagramBatch {
  /** The payloads, one behind the other. */
  readonly payload: DataView;

  readonly #names: Uint8Array<ArrayBuffer>;
  readonly #headers: Uint8Array<ArrayBuffer>;
  readonly #control: Uint8Array<ArrayBuffer>;
  /** Holds what only the system reads: the addresses in it must outlive this. */
  readonly #parts: Uint8Array<ArrayBuffer>;
  readonly #headerView: DataView;
  readonly #controlView: DataView;

  constructor(readonly slots: number, readonly size: number) {
    const payload = new Uint8Array(slots * size);
    this.payload = new DataView(payload.buffer);
    this.#names = new Uint8Array(slots * NAME_SIZE);
    this.#parts = new Uint8Array(slots * PART_SIZE);
    this.#control = new Uint8Array(slots * CONTROL.size);
    this.#headers = new Uint8Array(slots * HEADER.size);
    this.#headerView = new DataView(this.#headers.buffer);
    this.#controlView = new DataView(this.#control.buffer);
    const partView = new DataView(this.#parts.buffer);
    const at = {
      payload: addressOf(payload),
      names: addressOf(this.#names),
      parts: addressOf(this.#parts),
      control: addressOf(this.#control),
    };
    for (let slot = 0; slot < slots; slot++) {
      const part = slot * PART_SIZE;
      partView.setBigUint64(part, at.payload + BigInt(slot * size), true);
      partView.setBigUint64(part + 8, BigInt(size), true);

      const control = slot * CONTROL.size;
      this.#controlView.setBigUint64(control + CONTROL.length, CONTROL_LENGTH, true);
      this.#controlView.setInt32(control + CONTROL.type, IP_PKTINFO, true);

      const header = slot * HEADER.size;
      const view = this.#headerView;
      view.setBigUint64(header + HEADER.name, at.names + BigInt(slot * NAME_SIZE), true);
      view.setUint32(header + HEADER.nameLength, NAME_SIZE, true);
      view.setBigUint64(header + HEADER.parts, at.parts + BigInt(part), true);
      view.setBigUint64(header + HEADER.partCount, 1n, true);
      view.setBigUint64(header + HEADER.control, at.control + BigInt(control), true);
      view.setBigUint64(header + HEADER.controlLength, BigInt(CONTROL.size), true);
    }
  }

  /** Sends slots `0 … count - 1`; returns how many went out. */
  send(fd: number, count: number): number {
    return Math.max(0, libc.sendmmsg(fd, this.#headers, count, 0));
  }

  /** Waits for a datagram and takes it with all that are there; 0 where the socket's receive timeout passed. */
  receive(fd: number): number {
    return Math.max(0, libc.recvmmsg(fd, this.#headers, this.slots, MSG_WAITFORONE, null));
  }

  /** Length of the datagram that was received in `slot`. */
  received(slot: number): number {
    return this.#headerView.getUint32(slot * HEADER.size + HEADER.moved, true);
  }

  /** Where `slot` goes to: a `sockaddr_in`. */
  setPeer(slot: number, address: Uint8Array): void {
    this.#names.set(address, slot * NAME_SIZE);
  }

  /** Which of this machine's addresses `slot` comes from, as a number. */
  setLocalAddress(slot: number, address: number): void {
    const control = slot * CONTROL.size;
    this.#controlView.setUint32(control + CONTROL.localAddress, address);
    // What was received names the interface, too, which is left to the route.
    this.#controlView.setUint32(control + CONTROL.interface, 0);
  }
}

function addressOf(bytes: Uint8Array<ArrayBuffer>): bigint {
  return Deno.UnsafePointer.value(Deno.UnsafePointer.of(bytes));
}
