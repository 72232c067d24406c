/**
 * Moves the bytes of a TCP connection both ways until both sides have ended.
 *
 * @module
 */

import type { EndReason, FlowOutcome } from "../../model/flow.ts";
import { STALL_PROBE_INTERVAL } from "../../model/limits.ts";
import type { BufferPool } from "../buffer_pool.ts";
import { Timer } from "../timer_wheel.ts";
import type { EngineClock } from "./engine_clock.ts";
import type { FlowEntry } from "../flow_ledger.ts";
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
}

/** A connection and what was read of it. */
export interface RelaySide {
  readonly conn: Deno.TcpConn;
  readonly reader: StreamReader;
}

/** One of the two connections. */
interface Leg extends RelaySide {
  readonly resetReason: EndReason;
  /** Where bytes read from this leg are counted. */
  readonly count: "countUp" | "countDown";
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

/** A connection that is being relayed. Each direction holds one buffer: a side that does not read stops the other. */
export class Relay {
  readonly #options: RelayOptions;
  readonly #client: Leg;
  readonly #target: Leg;
  readonly #timer = new Timer(() => this.#onTimer());
  #lastMove: number;
  #outcome: FlowOutcome | null = null;

  constructor(options: RelayOptions) {
    this.#options = options;
    const fresh = { ended: false, writing: false, finished: false, probing: false };
    this.#client = {
      ...options.client,
      ...fresh,
      resetReason: "client_reset",
      count: "countUp",
    };
    this.#target = {
      ...options.target,
      ...fresh,
      resetReason: "target_reset",
      count: "countDown",
    };
    this.#lastMove = options.clock.now();
  }

  /** Relays until both directions have ended. Never rejects. */
  async run(): Promise<FlowOutcome> {
    const { clock, headOffset, preface } = this.#options;
    this.#armTimer();
    await Promise.all([
      this.#pump(this.#client, this.#target, preface, headOffset),
      this.#pump(this.#target, this.#client, null, 0),
    ]);
    clock.disarm(this.#timer);
    return this.#outcome ?? { reason: "done" };
  }

  /** Ends both directions at once; what is still to be written is abandoned. The first outcome counts. */
  end(outcome: FlowOutcome): void {
    if (this.#outcome !== null) return;
    this.#outcome = outcome;
    closeQuietly(this.#client.conn);
    closeQuietly(this.#target.conn);
  }

  /** Moves all that comes from one leg to the other, then passes the end on. */
  async #pump(from: Leg, to: Leg, preface: Uint8Array | null, skip: number): Promise<void> {
    let failing = to;
    try {
      if (preface !== null) await writeAll(to.conn, preface);
      await this.#writeFirst(from, to, skip);

      using buffer = new ReadBuffer(this.#options.buffers);
      for (;;) {
        failing = from;
        const count = await from.conn.read(buffer.bytes);
        if (count === null) break;
        failing = to;
        await this.#write(from, to, buffer.bytes.subarray(0, count));
        buffer.fit(count);
      }
      from.ended = true;
      failing = to;
      to.finished = true;
      await to.conn.closeWrite();
    } catch (error) {
      this.#fail(failing, error);
    }
  }

  /** Writes what was read before the relay began, and what is being read since. */
  async #writeFirst(from: Leg, to: Leg, skip: number): Promise<void> {
    const { head, pending } = from.reader.handOver();
    await this.#write(from, to, head.subarray(skip));
    if (pending === null) return;
    let bytes: Uint8Array;
    try {
      bytes = await pending;
    } catch (error) {
      return this.#fail(from, error);
    }
    await this.#write(from, to, bytes);
  }

  async #write(from: Leg, to: Leg, bytes: Uint8Array): Promise<void> {
    const { clock, entry } = this.#options;
    this.#lastMove = clock.now();
    to.writing = true;
    for (let offset = 0; offset < bytes.length;) {
      const count = await to.conn.write(offset === 0 ? bytes : bytes.subarray(offset));
      offset += count;
      entry[from.count](count);
      this.#lastMove = clock.now();
    }
    to.writing = false;
  }

  #fail(leg: Leg, error: unknown): void {
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
