/**
 * Moves the bytes of a TCP connection both ways until both sides have ended.
 *
 * @module
 */

import type { EndReason, FilterOutput, FlowOutcome, StreamFilter } from "../../model/flow.ts";
import { LINGER_TIMEOUT, MAX_LINGER_BYTES, STALL_PROBE_INTERVAL } from "../../model/limits.ts";
import type { BufferPool } from "../buffer_pool.ts";
import { Timer } from "../timer_wheel.ts";
import type { EngineClock } from "./engine_clock.ts";
import type { FlowEntry } from "../flow_ledger.ts";
import { Outbox } from "./outbox.ts";
import { ReadBuffer } from "./read_buffer.ts";
import type { StreamReader } from "./stream_reader.ts";
import { closeQuietly, errorCodeOf } from "./sys_errors.ts";
import { writeAll } from "./write_all.ts";

/** What a relay is made of. */
export interface RelayOptions {
  readonly clock: EngineClock;
  readonly buffers: BufferPool;
  /** Where moved bytes are counted. */
  readonly entry: FlowEntry;
  readonly client: RelaySide;
  readonly target: RelaySide;
  /** Sent to the target first, and not counted. */
  readonly preface: Uint8Array | null;
  /** How many bytes of the client's head are not for the target. */
  readonly headOffset: number;
  /** Milliseconds in which something must move; 0 = no limit. */
  readonly idleMs: number;
  /** Sees the bytes until it steps out. */
  readonly filter?: StreamFilter;
}

/** A connection and what was read of it. */
export interface RelaySide {
  readonly conn: Deno.TcpConn;
  readonly reader: StreamReader;
}

/** One of the two connections. */
interface Leg extends RelaySide {
  readonly resetReason: EndReason;
  /** Where bytes written to this leg are counted. */
  readonly count: "countUp" | "countDown";
  /** What a filter has for this leg, be it from the other one or in answer to this one; null where there is no filter. */
  outbox: Outbox | null;
  /** Whether all was read that this leg sends. */
  ended: boolean;
  /** Whether a write to this leg is under way. */
  writing: boolean;
  /** Whether this leg was told that no more bytes will come. */
  finished: boolean;
  /** Whether a probe of this leg is under way. */
  probing: boolean;
}

const NOTHING = new Uint8Array(0);

/**
 * A connection that is being relayed. Each direction holds one buffer: a side that does not read stops the other. While a
 * filter sees the bytes, a direction reads on when all is written that was made of what it has read before.
 */
export class Relay {
  readonly #options: RelayOptions;
  readonly #client: Leg;
  readonly #target: Leg;
  readonly #timer = new Timer(() => this.#onTimer());
  /** Null where there is none, or none any more. */
  #filter: StreamFilter | null;
  #lastMove: number;
  /** What the filter has ended the flow with. The client gets what it is still to get, and time to read it. */
  #verdict: FlowOutcome | null = null;
  /** Bytes that are yet to be thrown away, at most, of what the client sends after that. */
  #lingerBytes = MAX_LINGER_BYTES;
  #outcome: FlowOutcome | null = null;

  constructor(options: RelayOptions) {
    this.#options = options;
    this.#filter = options.filter ?? null;
    this.#client = makeLeg(options.client, "client_reset", "countDown");
    this.#target = makeLeg(options.target, "target_reset", "countUp");
    if (this.#filter !== null) {
      for (const leg of [this.#client, this.#target]) {
        leg.outbox = new Outbox((bytes) => this.#writeOrFail(leg, bytes));
      }
    }
    this.#lastMove = options.clock.now();
  }

  /** Relays until both directions have ended. Never rejects. */
  async run(): Promise<FlowOutcome> {
    const { clock, headOffset } = this.#options;
    this.#armTimer();
    await this.#sendPreface();
    await Promise.all([
      this.#pump(this.#client, this.#target, headOffset),
      this.#pump(this.#target, this.#client, 0),
    ]);
    clock.disarm(this.#timer);
    return this.#outcome ?? { reason: "done" };
  }

  /** Ends both directions at once; what is still to be written is abandoned. The first outcome counts. */
  end(outcome: FlowOutcome): void {
    if (this.#outcome !== null) return;
    this.#outcome = this.#verdict ?? outcome;
    closeQuietly(this.#client.conn);
    closeQuietly(this.#target.conn);
  }

  async #sendPreface(): Promise<void> {
    const { preface } = this.#options;
    if (preface === null) return;
    try {
      await writeAll(this.#target.conn, preface);
    } catch (error) {
      this.#fail(this.#target, error);
    }
  }

  /** Moves all that comes from one leg to the other, then passes the end on. */
  async #pump(from: Leg, to: Leg, skip: number): Promise<void> {
    let failing = to;
    try {
      await this.#passFirst(from, to, skip);

      using buffer = new ReadBuffer(this.#options.buffers);
      for (;;) {
        failing = from;
        const count = await from.conn.read(buffer.bytes);
        if (count === null) break;
        failing = to;
        await this.#pass(from, to, buffer.bytes.subarray(0, count));
        buffer.fit(count);
      }
      from.ended = true;
      failing = to;
      await this.#passEnd(from, to);
    } catch (error) {
      this.#fail(failing, error);
    }
  }

  /** Passes on what was read before the relay began, and what is being read since. */
  async #passFirst(from: Leg, to: Leg, skip: number): Promise<void> {
    const { head, pending } = from.reader.handOver();
    await this.#pass(from, to, head.subarray(skip));
    if (pending === null) return;
    let bytes: Uint8Array;
    try {
      bytes = await pending;
    } catch (error) {
      return this.#fail(from, error);
    }
    await this.#pass(from, to, bytes);
  }

  #pass(from: Leg, to: Leg, bytes: Uint8Array): Promise<void> {
    return to.outbox === null ? this.#write(to, bytes) : this.#passFiltered(from, to, bytes);
  }

  async #passFiltered(from: Leg, to: Leg, bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0) return;
    if (this.#verdict !== null) return this.#throwAway(bytes.length);
    const filter = this.#filter;
    if (filter === null) {
      await this.#leaveOutbox(to);
      return await this.#write(to, bytes);
    }
    const isClient = from === this.#client;
    await this.#follow(isClient ? filter.fromClient(bytes) : filter.fromTarget(bytes));
  }

  async #passEnd(from: Leg, to: Leg): Promise<void> {
    if (this.#filter !== null && this.#verdict === null) {
      const isClient = from === this.#client;
      await this.#follow(isClient ? this.#filter.clientEnded() : this.#filter.targetEnded());
    }
    if (this.#verdict !== null) {
      if (this.#client.finished) this.end(this.#verdict);
      return;
    }
    await this.#leaveOutbox(to);
    to.finished = true;
    await to.conn.closeWrite();
  }

  /** Does what the filter says. Resolves when all is written. */
  async #follow({ toClient, toTarget, next }: FilterOutput): Promise<void> {
    const writes = [
      toTarget !== null && this.#target.outbox?.put(toTarget),
      toClient !== null && this.#client.outbox?.put(toClient),
    ];
    if (next === "raw") this.#filter = null;
    if (typeof next === "object") await this.#finish(next);
    else await Promise.all(writes);
  }

  /** What is for a leg goes to it directly from here on: nothing else has anything for it any more. */
  async #leaveOutbox(leg: Leg): Promise<void> {
    await leg.outbox?.emptied();
    if (this.#filter === null) leg.outbox = null;
  }

  /** Ends the flow as soon as the client has what it is to get, and has ended its direction, or waited long enough. */
  async #finish(verdict: FlowOutcome): Promise<void> {
    const { clock } = this.#options;
    const client = this.#client;
    this.#verdict = verdict;
    clock.arm(this.#timer, clock.now() + LINGER_TIMEOUT);
    closeQuietly(this.#target.conn);
    await client.outbox?.emptied();
    if (this.#outcome !== null) return;
    client.finished = true;
    await client.conn.closeWrite().catch(() => this.end(verdict));
    if (client.ended) this.end(verdict);
  }

  #throwAway(length: number): void {
    this.#lingerBytes -= length;
    if (this.#lingerBytes <= 0 && this.#verdict !== null) this.end(this.#verdict);
  }

  async #writeOrFail(to: Leg, bytes: Uint8Array): Promise<void> {
    if (this.#outcome !== null || to.finished) return;
    try {
      await this.#write(to, bytes);
    } catch (error) {
      this.#fail(to, error);
    }
  }

  async #write(to: Leg, bytes: Uint8Array): Promise<void> {
    const { clock, entry } = this.#options;
    this.#lastMove = clock.now();
    to.writing = true;
    for (let offset = 0; offset < bytes.length;) {
      const count = await to.conn.write(offset === 0 ? bytes : bytes.subarray(offset));
      offset += count;
      entry[to.count](count);
      this.#lastMove = clock.now();
    }
    to.writing = false;
  }

  #fail(leg: Leg, error: unknown): void {
    if (this.#verdict !== null) {
      if (leg === this.#client) this.end(this.#verdict);
      return;
    }
    const code = errorCodeOf(error);
    const reason = leg.resetReason;
    this.end(code === "connection_reset" ? { reason } : { reason, error: code });
  }

  #armTimer(): void {
    const { clock, idleMs } = this.#options;
    const idleAt = idleMs === 0 ? Infinity : this.#lastMove + idleMs;
    clock.arm(this.#timer, Math.min(idleAt, clock.now() + STALL_PROBE_INTERVAL));
  }

  #onTimer(): void {
    if (this.#verdict !== null) return this.end(this.#verdict);
    const { clock, idleMs } = this.#options;
    const still = clock.now() - this.#lastMove;
    if (idleMs !== 0 && still >= idleMs) return this.end({ reason: "idle" });
    if (still >= STALL_PROBE_INTERVAL) this.#probeUnread();
    this.#armTimer();
  }

  /**
   * Nothing is read from a side that has ended its direction, nor while the other side does not read what it is sent: a
   * reset would then stay unseen. A write of no bytes asks the system whether a connection still is one.
   */
  #probeUnread(): void {
    if (this.#client.ended || this.#target.writing) this.#probe(this.#client);
    if (this.#target.ended || this.#client.writing) this.#probe(this.#target);
  }

  #probe(leg: Leg): void {
    // A write that is under way tells by itself; after closeWrite() every write fails.
    if (leg.writing || leg.finished || leg.probing) return;
    leg.probing = true;
    leg.conn.write(NOTHING).then(
      () => leg.probing = false,
      (error) => this.#fail(leg, error),
    );
  }
}

function makeLeg(side: RelaySide, resetReason: EndReason, count: Leg["count"]): Leg {
  const fresh = { ended: false, writing: false, finished: false, probing: false };
  return { ...side, ...fresh, resetReason, count, outbox: null };
}
