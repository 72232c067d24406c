/**
 * A UDP socket of one worker and the sessions of its clients.
 *
 * @module
 */

import { ACCEPT_PAUSE, UDP_RECEIVE_BATCH, UDP_SOCKET_BUFFER } from "../../../model/limits.ts";
import { admitUdp } from "../../../pipeline/admission.ts";
import { UdpFlow } from "../../../pipeline/udp_flow.ts";
import { formatHostPort } from "../../../proto/ip.ts";
import { randomSeed } from "../../random_seed.ts";
import { Timer } from "../../timer_wheel.ts";
import type { Pollable } from "../poller.ts";
import { EAGAIN, systemError } from "../sys/errno.ts";
import {
  EPOLLIN,
  IP_PKTINFO,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPV6_RECVPKTINFO,
  MSG_TRUNC,
  SO_RCVBUF,
  SO_SNDBUF,
  SOL_SOCKET,
} from "../sys/layout.ts";
import type { WorkerSocketOptions, WorkerUdpPort } from "../worker_context.ts";
import { DatagramRun } from "./datagram_run.ts";
import { ReplyQueue } from "./reply_queue.ts";
import { type SessionKeys, sessionKeysFor } from "./session_key.ts";
import { SessionTable } from "./session_table.ts";
import { joinDatagrams, type UdpResources, udpResources } from "./udp_resources.ts";
import { UdpSession } from "./udp_session.ts";

/** What a port is made of. */
export interface UdpPortOptions extends WorkerSocketOptions {
  /** Called when the port takes no new flows and has no session left. */
  readonly onUnused: () => void;
}

/** Hands each datagram to the session of its sender and the address that it was sent to. */
export class UdpPort implements WorkerUdpPort, Pollable {
  readonly #options: UdpPortOptions;
  readonly #resources: UdpResources;
  readonly #keys: SessionKeys;
  readonly #sessions: SessionTable<UdpSession>;
  readonly #replies: ReplyQueue;
  readonly #retry = new Timer(() => this.#options.context.poller.modify(this.#options.fd, EPOLLIN));
  /** Whether the socket has more than one address, so that each datagram tells which one it is for. */
  readonly #hasManyAddresses: boolean;
  #state: "listening" | "lingering" | "released" = "listening";
  /** What of the present batch is to be sent together, whose it is, and where it begins. */
  readonly #run = new DatagramRun();
  #runSession: UdpSession | null = null;
  #runSlot = 0;
  #runSlotCount = 0;

  /** @throws {Error} where the socket cannot be waited for */
  constructor(options: UdpPortOptions) {
    this.#options = options;
    const { context, fd, address: { host } } = options;
    this.#resources = udpResources(context);
    this.#keys = sessionKeysFor(host);
    this.#hasManyAddresses = host === "0.0.0.0" || host === "::";
    this.#sessions = new SessionTable(this.#keys.words, randomSeed());
    this.#replies = new ReplyQueue(context.libc, this.#resources.replies, {
      fd,
      keys: this.#keys,
      hasManyAddresses: this.#hasManyAddresses,
    });
    this.#prepareSocket();
    const result = context.poller.add(fd, EPOLLIN, this);
    if (result < 0) throw systemError(-result, "epoll_ctl");
  }

  listen(): void {
    if (this.#state === "lingering") this.#state = "listening";
  }

  close(): void {
    if (this.#state === "listening") this.#state = "lingering";
    this.#tellIfUnused();
  }

  release(): void {
    if (this.#state === "released") return;
    this.#state = "released";
    const { context: { clock, poller }, fd } = this.#options;
    for (const session of this.#sessions.values()) session.cut();
    clock.disarm(this.#retry);
    poller.remove(fd);
  }

  onReady(): void {
    const { context: { clock, poller }, fd } = this.#options;
    const { received } = this.#resources;
    const count = received.receive(fd, 0, UDP_RECEIVE_BATCH);
    for (let message = 0; message < count; message++) this.#take(message);
    this.#endRun();
    received.recycle(Math.max(count, 0));
    // More than a batch is told again in the next turn. An error that stays would be as well.
    if (count >= 0 || count === -EAGAIN) return;
    poller.modify(fd, 0);
    clock.arm(this.#retry, clock.now() + ACCEPT_PAUSE);
  }

  /** Takes one of the messages that were received, with faults of its session. */
  #take(message: number): void {
    const { received } = this.#resources;
    const { key } = this.#sessions;
    if (!this.#keys.read(received, message, this.#hasManyAddresses, key)) return;
    if ((received.flags(message) & MSG_TRUNC) !== 0) return;
    const session = this.#sessions.get() ?? this.#begin();
    if (session === null) return;
    try {
      if (session.isOpen && !(session.isFiltered && this.#isSeen(session, message))) {
        this.#forward(session, message);
      } else {
        if (session === this.#runSession) this.#endRun();
        this.#deliver(session, message);
      }
    } catch (error) {
      session.fail(error);
    }
  }

  /** Adds a message to the run that is being collected, or begins a new one with it. */
  #forward(session: UdpSession, message: number): void {
    const { received } = this.#resources;
    const length = received.length(message);
    const segmentSize = received.segmentSize(message);
    const continues = session === this.#runSession && session.takesSegments &&
      segmentSize === 0 && message === this.#runSlot + this.#runSlotCount;
    if (continues && this.#run.add(length)) {
      this.#runSlotCount++;
      return;
    }
    this.#endRun();
    if (segmentSize > 0) this.#run.startJoined(length, segmentSize);
    else this.#run.start(length);
    this.#runSession = session;
    this.#runSlot = message;
    this.#runSlotCount = 1;
  }

  /** Sends what was collected. */
  #endRun(): void {
    const session = this.#runSession;
    if (session === null) return;
    this.#runSession = null;
    const { slots, received } = this.#resources;
    const end = this.#runSlot + this.#runSlotCount;
    for (let slot = this.#runSlot; slot < end; slot++) slots.setLength(slot, received.length(slot));
    try {
      session.forward(this.#runSlot, this.#runSlotCount, this.#run);
    } catch (error) {
      session.fail(error);
    }
  }

  /** Whether a filter is to see any of the datagrams in a message. */
  #isSeen(session: UdpSession, message: number): boolean {
    const { received, slots } = this.#resources;
    const view = slots.view(message);
    const length = received.length(message);
    const step = received.segmentSize(message) || length;
    for (let start = 0; start < length; start += step) if (session.sees(view[start])) return true;
    return false;
  }

  /** Hands the datagrams in a message to a session one by one. */
  #deliver(session: UdpSession, message: number): void {
    const { received, slots } = this.#resources;
    const view = slots.view(message);
    const length = received.length(message);
    const step = received.segmentSize(message) || Math.max(length, 1);
    for (let start = 0; start === 0 || start < length; start += step) {
      session.deliver(view.subarray(start, Math.min(start + step, length)));
    }
  }

  /** Begins a session for the key at hand, unless there is no place for it. */
  #begin(): UdpSession | null {
    const { context: { snapshot, flows, udpLimit } } = this.#options;
    if (this.#state !== "listening") return null;
    if (admitUdp(snapshot, flows.enter("udp") - 1) !== null) {
      flows.leave("udp");
      udpLimit.turnedAway(snapshot.udpMaxConnections);
      return null;
    }
    try {
      const session = this.#createSession();
      session.entry = this.#sessions.add(session);
      return session;
    } catch (error) {
      flows.leave("udp");
      this.#reportFault(error);
      return null;
    }
  }

  #createSession(): UdpSession {
    const { context, address } = this.#options;
    const { snapshot } = context;
    const key = this.#sessions.key.slice();
    const local = this.#hasManyAddresses
      ? { host: this.#keys.localHost(key), port: address.port }
      : address;
    const init = { snapshot, peer: this.#keys.peer(key), local, seed: randomSeed() };
    const flow = new UdpFlow(init, context.flowIds, context.ech.udpBudget);
    return new UdpSession({
      context,
      resources: this.#resources,
      flow,
      sockets: snapshot.sockets,
      listener: address,
      key,
      replies: this.#replies,
      onEnd: (session) => this.#remove(session),
    });
  }

  #remove(session: UdpSession): void {
    this.#sessions.remove(session.entry);
    this.#options.context.flows.leave("udp");
    this.#tellIfUnused();
  }

  #tellIfUnused(): void {
    if (this.#state === "lingering" && this.#sessions.size === 0) this.#options.onUnused();
  }

  #prepareSocket(): void {
    const { context: { libc }, fd, address: { host } } = this.#options;
    libc.setsockoptInt(fd, SOL_SOCKET, SO_RCVBUF, UDP_SOCKET_BUFFER);
    libc.setsockoptInt(fd, SOL_SOCKET, SO_SNDBUF, UDP_SOCKET_BUFFER);
    joinDatagrams(libc, fd);
    const isNeeded = this.#hasManyAddresses ? 1 : 0;
    if (host.includes(":")) libc.setsockoptInt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, isNeeded);
    else libc.setsockoptInt(fd, IPPROTO_IP, IP_PKTINFO, isNeeded);
  }

  #reportFault(error: unknown): void {
    const { context: { events }, address } = this.#options;
    const message = `A datagram to "${formatHostPort(address)}" met a fault of the proxy`;
    events.notice({ event: "flow_fault", message, listener: address, error });
  }
}
