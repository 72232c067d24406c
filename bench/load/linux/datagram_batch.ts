/**
 * Many datagrams in one system call.
 *
 * @module
 */

import { libc } from "./libc.ts";

const MSG_WAITFORONE = 0x10000;

/** Offsets of `struct mmsghdr` on 64-bit Linux (sys/socket.h): a `msghdr` and the length that was moved. */
const HEADER = { size: 64, name: 0, nameLength: 8, parts: 16, partCount: 24, control: 32 } as const;
const CONTROL_LENGTH = 40;
const MOVED = 56;

/** A `cmsghdr` with `struct in_pktinfo` (netinet/in.h), padded: `CMSG_SPACE(12)`. */
const CONTROL_SIZE = 32;
const CONTROL_LOCAL_ADDRESS = 20;
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
    this.#control = new Uint8Array(slots * CONTROL_SIZE);
    this.#headers = new Uint8Array(slots * HEADER.size);
    this.#headerView = new DataView(this.#headers.buffer);
    this.#controlView = new DataView(this.#control.buffer);
    const [payloads, names, parts, controls] = [
      payload,
      this.#names,
      this.#parts,
      this.#control,
    ].map((bytes) => Deno.UnsafePointer.value(Deno.UnsafePointer.of(bytes))) as [
      bigint,
      bigint,
      bigint,
      bigint,
    ];
    const partView = new DataView(this.#parts.buffer);
    for (let slot = 0; slot < slots; slot++) {
      partView.setBigUint64(slot * PART_SIZE, payloads + BigInt(slot * size), true);
      partView.setBigUint64(slot * PART_SIZE + 8, BigInt(size), true);
      const at = slot * HEADER.size;
      this.#headerView.setBigUint64(at + HEADER.name, names + BigInt(slot * NAME_SIZE), true);
      this.#headerView.setUint32(at + HEADER.nameLength, NAME_SIZE, true);
      this.#headerView.setBigUint64(at + HEADER.parts, parts + BigInt(slot * PART_SIZE), true);
      this.#headerView.setBigUint64(at + HEADER.partCount, 1n, true);
      const control = controls + BigInt(slot * CONTROL_SIZE);
      this.#headerView.setBigUint64(at + HEADER.control, control, true);
      this.#headerView.setBigUint64(at + CONTROL_LENGTH, BigInt(CONTROL_SIZE), true);
      this.#controlView.setBigUint64(slot * CONTROL_SIZE, 28n, true);
      this.#controlView.setInt32(slot * CONTROL_SIZE + 12, IP_PKTINFO, true);
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
    return this.#headerView.getUint32(slot * HEADER.size + MOVED, true);
  }

  /** Where `slot` goes to: a `sockaddr_in`. */
  setPeer(slot: number, address: Uint8Array): void {
    this.#names.set(address, slot * NAME_SIZE);
  }

  /** Which of this machine's addresses `slot` comes from, as a number. */
  setLocalAddress(slot: number, address: number): void {
    this.#controlView.setUint32(slot * CONTROL_SIZE + CONTROL_LOCAL_ADDRESS, address);
    // What was received names the interface, too, which is left to the route.
    this.#controlView.setUint32(slot * CONTROL_SIZE + 16, 0);
  }
}
