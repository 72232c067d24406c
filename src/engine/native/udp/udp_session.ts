/**
 * One UDP flow: a socket that is connected to its target, and the datagrams both ways.
 *
 * @module
 */

import type { SocketAddress } from "../../../model/address.ts";
import type { ErrorCode } from "../../../model/errors.ts";
import { UDP_BULK_SURPLUS, UDP_REPLIES_PER_REQUEST } from "../../../model/limits.ts";
import type { SocketOptions } from "../../../model/snapshot.ts";
import type { UdpFlow } from "../../../pipeline/udp_flow.ts";
import { UdpFlowDriver, type UdpFlowTransport, type UdpForward } from "../../udp_flow_driver.ts";
import type { Pollable } from "../poller.ts";
import { EAGAIN, errorCodeOf, isDatagramTransient } from "../sys/errno.ts";
import { EPOLLIN } from "../sys/layout.ts";
import { openUdpSocket } from "../sys/sockets.ts";
import type { Task, WorkerContext } from "../worker_context.ts";
import type { DatagramRun } from "./datagram_run.ts";
import type { ReplyingSession, ReplyQueue } from "./reply_queue.ts";
import type { SendObserver } from "./send_batch.ts";
import { joinDatagrams, type UdpResources } from "./udp_resources.ts";

/** What a session is made of. */
export interface UdpSessionOptions {
  readonly context: WorkerContext;
  readonly resources: UdpResources;
  readonly flow: UdpFlow;
  /** Those of the flow's snapshot. */
  readonly sockets: SocketOptions;
  readonly listener: SocketAddress;
  /** As in the table of sessions; the session keeps it. */
  readonly key: Uint32Array;
  readonly replies: ReplyQueue;
  /** Called once, when the session is over. */
  readonly onEnd: (session: UdpSession) => void;
}

/** The datagrams between one client address and one local address. */
export class UdpSession implements UdpFlowTransport, ReplyingSession, SendObserver, Pollable, Task {
  readonly key: Uint32Array;
  /** Where the session is in the table. */
  entry = -1;
  /** Whether the way to the target, or to the client, takes several datagrams in one send. */
  takesSegments: boolean;
  takesReplySegments: boolean;
  readonly #options: UdpSessionOptions;
  readonly #driver: UdpFlowDriver;
  #fd = -1;
  #hasReply = false;
  /** Replies beyond what the client's datagrams ask for, and whether there were so many that more are to be expected. */
  #surplus = 0;
  #isBulk = false;
  #runErrno = 0;
  #replyErrno = 0;

  constructor(options: UdpSessionOptions) {
    this.#options = options;
    const { context, flow, listener, resources } = options;
    this.key = options.key;
    this.takesSegments = resources.cutsSegments;
    this.takesReplySegments = resources.cutsSegments;
    this.#driver = new UdpFlowDriver({
      clock: context.clock,
      ledger: context.ledger,
      lookUp: context.resolver,
      events: context.events,
      flow,
      listener,
      transport: this,
    });
  }

  /** Whether datagrams of the client are to be handed to {@linkcode UdpSession.forward}. */
  get isOpen(): boolean {
    return this.#driver.isOpen;
  }

  /** Whether datagrams of an open session are to be looked at, as some of them {@linkcode UdpSession.sees}. */
  get isFiltered(): boolean {
    return this.#driver.isFiltered;
  }

  /** Whether a datagram of an open session is to be handed to {@linkcode UdpSession.deliver} all the same. */
  sees(first: number | undefined): boolean {
    return this.#driver.sees(first);
  }

  /** Takes a datagram of a session that is not open yet, or that a filter sees. */
  deliver(data: Uint8Array<ArrayBuffer>): void {
    if (this.#driver.deliver(data)) this.#send(data, data.length);
  }

  /** Sends a run of datagrams of the client, which begins in `slot` of the resources. */
  forward(slot: number, slotCount: number, run: DatagramRun): void {
    if (this.#fd < 0) return;
    const { slots, runs } = this.#options.resources;
    this.#driver.touch();
    this.#surplus = Math.max(0, this.#surplus - run.count * UDP_REPLIES_PER_REQUEST);
    if (run.count === 1) return this.#send(slots.view(slot), run.bytes);
    runs.add(slot, slotCount, run, 0, 0);
    this.#runErrno = 0;
    runs.send(this.#fd, this);
    if (this.#runErrno !== 0) this.#onError(this.#runErrno);
  }

  /** Ends the session for a fault of the proxy's own. */
  fail(error: unknown): void {
    this.#driver.fail(error);
  }

  cut(): void {
    this.#driver.cut();
  }

  open({ address, from }: UdpForward): ErrorCode | null {
    const { context, sockets } = this.#options;
    const { libc, permissions, poller, descriptors, owner } = context;
    if (!permissions.allows(address)) return "not_permitted";
    const fd = openUdpSocket(libc, address, from, sockets);
    // With EAGAIN, connect(2) says that all ports to connect from are in use.
    if (fd < 0) return fd === -EAGAIN ? "address_not_available" : errorCodeOf(-fd);
    const result = poller.add(fd, EPOLLIN, this);
    if (result < 0) {
      libc.close(fd);
      return errorCodeOf(-result);
    }
    descriptors.claim(fd, owner);
    this.#fd = fd;
    return null;
  }

  sendHeld(data: Uint8Array<ArrayBuffer>): void {
    this.#send(data, data.length);
  }

  reply(data: Uint8Array): void {
    this.#options.replies.add(this, data);
  }

  end(closed: () => void): void {
    const { context: { libc, poller, descriptors }, replies, onEnd } = this.#options;
    replies.settle(this);
    onEnd(this);
    closed();
    if (this.#fd < 0) return;
    poller.forget(this.#fd);
    descriptors.release(this.#fd);
    libc.close(this.#fd);
    this.#fd = -1;
  }

  onReady(): void {
    try {
      this.#receive();
    } catch (error) {
      this.fail(error);
    }
  }

  /** Ends the session whose replies cannot be sent. */
  run(): void {
    this.#driver.end({ reason: "client_reset", error: errorCodeOf(this.#replyErrno) });
  }

  observe(bytes: Uint8Array, start: number, end: number): void {
    this.#driver.observe(bytes, start, end);
  }

  onReplied(bytes: number): void {
    this.#driver.entry.countDown(bytes);
  }

  onReplyLost(datagrams: number): void {
    this.#options.context.ledger.datagramsLost += datagrams;
  }

  onReplyFailed(errno: number): void {
    this.#replyErrno = errno;
    this.#options.context.ready.later(this);
  }

  onSent(_message: number, bytes: number): void {
    this.#driver.entry.countUp(bytes);
  }

  onLost(_message: number, datagrams: number): void {
    this.#options.context.ledger.datagramsLost += datagrams;
  }

  onFailed(_message: number, errno: number): void {
    // The rest of the run is yet to go through the descriptor, which must not be closed before.
    this.#runErrno = errno;
  }

  onUnsegmentable(): void {
    this.takesSegments = false;
  }

  #send(data: Uint8Array<ArrayBuffer>, length: number): void {
    const sent = this.#options.context.libc.send(this.#fd, data, length, 0);
    if (sent >= 0) this.#driver.entry.countUp(sent);
    else this.#onError(-sent);
  }

  /** Takes what fits into this turn: what stays is told again, as the event is not edge-triggered. */
  #receive(): void {
    const { replies } = this.#options;
    const result = this.#isBulk
      ? replies.receiveMany(this, this.#fd)
      : replies.receiveOne(this, this.#fd);
    if (result < 0) return isDatagramTransient(-result) ? undefined : this.#onError(-result);
    this.#hasReply = true;
    if (this.#isBulk) return;
    this.#surplus += 1;
    if (this.#surplus > UDP_BULK_SURPLUS) this.#becomeBulk();
  }

  /** From now on the kernel joins datagrams of the target, where it can, and they are taken in batches. */
  #becomeBulk(): void {
    joinDatagrams(this.#options.context.libc, this.#fd);
    this.#isBulk = true;
  }

  /** An error of the connected socket: of the call, or what ICMP has told since the last one. */
  #onError(errno: number): void {
    if (isDatagramTransient(errno)) {
      this.#options.context.ledger.datagramsLost++;
      return;
    }
    const reason = this.#hasReply ? "target_reset" : "connect_failed";
    this.#driver.end({ reason, error: errorCodeOf(errno) });
  }
}
