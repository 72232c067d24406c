/**
 * One UDP port of a worker whose turns a test takes by hand, with real sockets around it.
 *
 * What is sent over the loopback interface has arrived when the call returns, so nothing is waited for.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { Clock } from "../../../../../src/engine/clock.ts";
import type { EngineNotice } from "../../../../../src/engine/engine.ts";
import { echResources } from "../../../../../src/engine/ech_resources.ts";
import { FlowLedger } from "../../../../../src/engine/flow_ledger.ts";
import { Poller } from "../../../../../src/engine/native/poller.ts";
import { DescriptorTable } from "../../../../../src/engine/native/sys/descriptor_table.ts";
import { type Libc, openLibc } from "../../../../../src/engine/native/sys/libc.ts";
import { localAddress, openUdpListener } from "../../../../../src/engine/native/sys/sockets.ts";
import { WaitingTasks } from "../../../../../src/engine/native/task_queue.ts";
import { UdpPort } from "../../../../../src/engine/native/udp/udp_port.ts";
import type { WorkerContext } from "../../../../../src/engine/native/worker_context.ts";
import { type Timer, TimerWheel } from "../../../../../src/engine/timer_wheel.ts";
import type { SocketAddress } from "../../../../../src/model/address.ts";
import type { FlowEnd, FlowRecord } from "../../../../../src/model/flow.ts";
import type { Resolution } from "../../../../../src/model/resolver.ts";
import type { Snapshot } from "../../../../../src/model/snapshot.ts";
import { snapshot } from "../../../../support/snapshot_builder.ts";
import { UdpPeer } from "./udp_peer.ts";

/** More turns than any test needs: what goes on for longer does so for ever. */
const MAX_TURNS = 10_000;

/** The worker of the rig as an owner of descriptors. */
const OWNER = 1;

/** Time that stands still until it is moved. */
class HandClock implements Clock {
  readonly wheel = new TimerWheel();
  #now = 1_000;

  now(): number {
    return this.#now;
  }

  arm(timer: Timer, deadline: number): void {
    this.wheel.arm(timer, deadline, this.#now);
  }

  disarm(timer: Timer): void {
    this.wheel.disarm(timer);
  }

  pass(ms: number): void {
    this.#now += ms;
    this.wheel.advance(this.#now);
  }
}

/** A worker with one port. Disposing of it checks that nothing is left. */
export class UdpRig implements Disposable {
  readonly libc: Libc = openLibc();
  readonly clock = new HandClock();
  readonly started: FlowRecord[] = [];
  readonly finished: { readonly record: FlowRecord; readonly end: FlowEnd }[] = [];
  readonly notices: EngineNotice[] = [];
  readonly ledger: FlowLedger;
  readonly port: UdpPort;
  readonly address: SocketAddress;
  /** Answers of look-ups that a test has yet to give. */
  readonly lookUps: ((resolution: Resolution) => void)[] = [];
  /** How often flows were turned away, and how often the port said that it is unused. */
  turnedAway = 0;
  unused = 0;
  /** Flows of all workers. */
  active = 0;
  isAllowed = true;
  /** What a look-up throws. */
  fault: Error | null = null;
  #snapshot: Snapshot;
  readonly #poller = new Poller(this.libc);
  readonly #ready = new WaitingTasks();
  readonly #turnEnd = new WaitingTasks();
  readonly #descriptors = DescriptorTable.create(4096);
  readonly #fd: number;
  readonly #peers: UdpPeer[] = [];

  constructor(part: Partial<Snapshot>, host = "127.0.0.1") {
    this.#snapshot = snapshot(part);
    const events = {
      flowStarted: (record: FlowRecord) => void this.started.push(record),
      flowFinished: (record: FlowRecord, end: FlowEnd) => void this.finished.push({ record, end }),
      notice: (notice: EngineNotice) => void this.notices.push(notice),
    };
    this.ledger = new FlowLedger(events);
    const spec = { transport: "udp", address: { host, port: 0 }, backlog: 0 } as const;
    this.#fd = openUdpListener(this.libc, spec, { reusePort: false, gro: true });
    this.address = localAddress(this.libc, this.#fd);
    const current = () => this.#snapshot;
    const context: Partial<WorkerContext> = {
      libc: this.libc,
      poller: this.#poller,
      clock: this.clock,
      ready: this.#ready,
      turnEnd: this.#turnEnd,
      ledger: this.ledger,
      ech: echResources(events, this.clock, this.ledger),
      flows: {
        active: () => this.active,
        enter: () => ++this.active,
        leave: () => void this.active--,
      },
      resolver: {
        peek: ({ host, port, isIp }) => isIp ? [{ host, port }] : null,
        lookUp: (_target, answer) => {
          if (this.fault !== null) throw this.fault;
          this.lookUps.push(answer);
        },
      },
      permissions: { allows: () => this.isAllowed },
      events,
      udpLimit: { turnedAway: () => void this.turnedAway++ },
      descriptors: this.#descriptors,
      owner: OWNER,
      get snapshot() {
        return current();
      },
    };
    this.port = new UdpPort({
      context: context as WorkerContext, // what is for TCP is left out
      fd: this.#fd,
      spec,
      address: this.address,
      onUnused: () => void this.unused++,
    });
  }

  /** A socket for a test, on an address and a port of the system's choice. */
  openPeer(host = "127.0.0.1"): UdpPeer {
    const peer = new UdpPeer(this.libc, { host, port: 0 });
    this.#peers.push(peer);
    return peer;
  }

  publish(part: Partial<Snapshot>): void {
    this.#snapshot = snapshot(part);
  }

  /** One turn. Returns how many events it had. */
  turn(): number {
    const events = this.#poller.wait(0);
    this.#ready.run();
    this.#turnEnd.run();
    return events;
  }

  /** Turns until nothing is left to do. */
  turns(): void {
    for (let turn = 0; turn < MAX_TURNS; turn++) {
      if (this.turn() === 0 && this.#ready.isEmpty) return;
    }
    throw new Error("the worker does not come to rest");
  }

  [Symbol.dispose](): void {
    this.port.release();
    this.turn();
    assert.equal(this.ledger.size, 0);
    assert.equal(this.active, 0);
    assert.equal(this.clock.wheel.size, 0);
    assert.deepEqual(this.#descriptors.ownedBy(OWNER), []);
    assert.equal(this.started.length, this.ledger.udpSessions);
    for (const peer of this.#peers) peer.close();
    this.libc.close(this.#fd);
    this.#poller.close();
    this.libc[Symbol.dispose]();
  }
}
