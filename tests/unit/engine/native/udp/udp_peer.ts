/**
 * A UDP socket in the hands of a test, without waiting.
 *
 * @module
 */

import assert from "node:assert/strict";
import { SendBatch } from "../../../../../src/engine/native/udp/send_batch.ts";
import { DatagramRun } from "../../../../../src/engine/native/udp/datagram_run.ts";
import { DatagramSlots } from "../../../../../src/engine/native/udp/datagram_slots.ts";
import { ReceiveHeaders } from "../../../../../src/engine/native/udp/receive_headers.ts";
import { sessionKeysFor } from "../../../../../src/engine/native/udp/session_key.ts";
import { EAGAIN } from "../../../../../src/engine/native/sys/errno.ts";
import { SO_RCVBUF, SOL_SOCKET } from "../../../../../src/engine/native/sys/layout.ts";
import type { Libc } from "../../../../../src/engine/native/sys/libc.ts";
import { encodeSockaddr } from "../../../../../src/engine/native/sys/socket_address.ts";
import { localAddress, openUdpListener } from "../../../../../src/engine/native/sys/sockets.ts";
import type { SocketAddress } from "../../../../../src/model/address.ts";

/** A datagram as it arrived. */
export interface PeerDatagram {
  readonly data: Uint8Array;
  readonly from: SocketAddress;
}

/** Sends and receives, one at a time or many joined by the kernel. */
export class UdpPeer {
  readonly address: SocketAddress;
  readonly #libc: Libc;
  readonly #fd: number;
  readonly #slots: DatagramSlots;
  readonly #received: ReceiveHeaders;
  readonly #batch: SendBatch;
  #isOpen = true;

  constructor(libc: Libc, address: SocketAddress) {
    this.#libc = libc;
    const spec = { transport: "udp", address, backlog: 0 } as const;
    this.#fd = openUdpListener(libc, spec, { reusePort: false, gro: false });
    libc.setsockoptInt(this.#fd, SOL_SOCKET, SO_RCVBUF, 1024 * 1024);
    this.address = localAddress(libc, this.#fd);
    this.#slots = new DatagramSlots(libc, 1);
    this.#received = new ReceiveHeaders(libc, this.#slots);
    this.#batch = new SendBatch(libc, this.#slots, 1);
  }

  /** Sends one datagram. */
  send(data: Uint8Array, to: SocketAddress): void {
    const run = new DatagramRun();
    run.start(data.length);
    this.#send(data, run, to);
  }

  /** Sends one buffer that the kernel cuts into datagrams of a size. */
  sendJoined(data: Uint8Array, size: number, to: SocketAddress): void {
    const run = new DatagramRun();
    run.startJoined(data.length, size);
    this.#send(data, run, to);
  }

  /** All that has arrived. */
  receiveAll(): PeerDatagram[] {
    const datagrams: PeerDatagram[] = [];
    const keys = sessionKeysFor(this.address.host);
    const key = new Uint32Array(keys.words);
    for (;;) {
      this.#received.recycle(1);
      const count = this.#received.receive(this.#fd, 0, 1);
      if (count < 0) {
        assert.equal(count, -EAGAIN);
        return datagrams;
      }
      assert(keys.read(this.#received, 0, false, key));
      const data = this.#slots.view(0).slice(0, this.#received.length(0));
      datagrams.push({ data, from: keys.peer(key) });
    }
  }

  /** The only datagram that has arrived. */
  receive(): PeerDatagram {
    const [datagram, ...others] = this.receiveAll();
    assert(datagram !== undefined && others.length === 0, "not one datagram has arrived");
    return datagram;
  }

  /** Harmless when it is closed. */
  close(): void {
    if (this.#isOpen) this.#libc.close(this.#fd);
    this.#isOpen = false;
  }

  #send(data: Uint8Array, run: DatagramRun, to: SocketAddress): void {
    this.#slots.view(0).set(data);
    this.#slots.setLength(0, data.length);
    const name = new Uint8Array(this.#batch.names.buffer);
    this.#batch.add(0, 1, run, encodeSockaddr(to, name), 0);
    this.#batch.send(this.#fd, {
      onSent: () => {},
      onLost: () => assert.fail("a datagram was lost"),
      onFailed: (_, errno) => assert.fail(`a datagram was not sent: error ${errno}`),
      onUnsegmentable: () => assert.fail("the loopback interface takes no segments"),
    });
  }
}
