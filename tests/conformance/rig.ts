/**
 * An engine under test with what it reports, and the steps that most cases share.
 *
 * @module
 */

import type { Engine, EngineNotice, Listener } from "../../src/engine/engine.ts";
import type { SocketAddress } from "../../src/model/address.ts";
import type { FlowEnd, FlowRecord } from "../../src/model/flow.ts";
import type { Transport } from "../../src/model/protocol.ts";
import type { Resolution, TargetResolver } from "../../src/model/resolver.ts";
import type { Service, Snapshot, Target } from "../../src/model/snapshot.ts";
import { routeTable, service, snapshot } from "../support/snapshot_builder.ts";
import { PeerReset, type TcpPeer, type World } from "./world.ts";

/** A flow that has ended. */
export interface FinishedFlow {
  readonly record: FlowRecord;
  readonly end: FlowEnd;
}

/** Answers for IP targets at once, for names as a test says. */
export class ScriptedResolver implements TargetResolver {
  readonly #answers = new Map<string, Promise<Resolution>>();
  /** The names that were looked up. */
  readonly asked: string[] = [];

  /** What a look-up of `host` comes to. */
  answer(host: string, resolution: Promise<Resolution>): void {
    this.#answers.set(host, resolution);
  }

  peek({ host, port, isIp }: Target): readonly SocketAddress[] | null {
    return isIp ? [{ host, port }] : null;
  }

  resolve({ host }: Target): Promise<Resolution> {
    this.asked.push(host);
    return this.#answers.get(host) ??
      Promise.resolve({ kind: "failed", error: "name_not_resolved" });
  }
}

/** An engine with a recorder for its events. */
export class Rig {
  readonly world: World;
  readonly engine: Engine;
  readonly resolver = new ScriptedResolver();
  readonly started: FlowRecord[] = [];
  readonly finished: FinishedFlow[] = [];
  readonly notices: EngineNotice[] = [];

  constructor(world: World) {
    this.world = world;
    this.engine = world.createEngine({
      resolver: this.resolver,
      events: {
        flowStarted: (record) => this.started.push(record),
        flowFinished: (record, end) => this.finished.push({ record, end }),
        notice: (notice) => this.notices.push(notice),
      },
    });
  }

  /** A rig whose engine has published a snapshot and listens once. */
  static async start(
    world: World,
    transport: Transport,
    part: Partial<Snapshot>,
  ): Promise<{ rig: Rig; listener: Listener; address: SocketAddress }> {
    const rig = new Rig(world);
    rig.publish(part);
    const listener = await rig.listen(transport);
    return { rig, listener, address: listener.address };
  }

  publish(part: Partial<Snapshot>): void {
    this.engine.publish(snapshot(part));
  }

  listen(transport: Transport, port = 0): Promise<Listener> {
    const address = { host: this.world.listenHost, port };
    return this.engine.listen({ transport, address, backlog: 128 });
  }

  /** Waits until `count` flows have started, and returns all that have: an engine may tell of a flow a moment later. */
  async startedFlows(count: number): Promise<readonly FlowRecord[]> {
    await this.until(() => this.started.length >= count);
    return this.started;
  }

  /** Waits until `count` flows have ended, and returns all that have. */
  async finishedFlows(count: number): Promise<readonly FinishedFlow[]> {
    await this.until(() => this.finished.length >= count);
    return this.finished;
  }

  /** Lets time pass until something is so; a test that waits in vain is ended by an error. */
  async until(condition: () => boolean): Promise<void> {
    for (let attempt = 0; attempt < 3_000; attempt++) {
      if (condition()) return;
      await this.world.pass(5);
    }
    throw new Error(`waited in vain for: ${condition}`);
  }
}

/** Routes everything to the default target of a transport. */
export function toDefault(
  transport: Transport,
  target: Target | readonly Target[],
  part: Partial<Service> = {},
): Partial<Snapshot> {
  const targets = Array.isArray(target) ? target : [target];
  const fallback = service("default", { transport, targets, ...part });
  return { [transport]: routeTable({ fallback }) };
}

/** Reads to the end of the stream. */
export async function readAll(peer: TcpPeer): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for (let chunk = await peer.read(); chunk !== null; chunk = await peer.read()) chunks.push(chunk);
  return concat(chunks);
}

/** Reads until `length` bytes are there. Throws when the stream ends before. */
export async function readExactly(peer: TcpPeer, length: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for (let have = 0; have < length;) {
    const chunk = await peer.read();
    if (chunk === null) throw new Error(`the stream ended after ${have} of ${length} bytes`);
    chunks.push(chunk);
    have += chunk.length;
  }
  return concat(chunks);
}

/** Reads on until the connection is over, and tells how that was. */
export async function waitForEnd(peer: TcpPeer): Promise<"eof" | "reset"> {
  try {
    while (await peer.read() !== null);
    return "eof";
  } catch (error) {
    if (error instanceof PeerReset) return "reset";
    throw error;
  }
}

export function concat(chunks: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.length;
  }
  return whole;
}

/** Bytes that differ by position, the same for the same seed. */
export function pattern(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = seed;
  for (let index = 0; index < length; index++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) | 0;
    bytes[index] = state >>> 16;
  }
  return bytes;
}

export function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function text(bytes: Uint8Array): string {
  return new TextDecoder("latin1").decode(bytes);
}
