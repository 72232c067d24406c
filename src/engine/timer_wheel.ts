/**
 * Many deadlines behind one clock: a hierarchical timing wheel (Varghese and Lauck, 1987, scheme 7).
 *
 * Arming and disarming a timer take constant time, an expiry costs at most one move a level, and nothing is ever
 * scanned but the slots' sizes. A pure data structure: it has no clock of its own.
 *
 * @module
 */

/** Resolution in milliseconds: a timer expires up to this much late, never early. */
export const TIMER_TICK = 10;

const SLOTS = 64;
/** Spans of one slot in ticks, by level: 10 ms, 640 ms, 41 s, 44 min. Later deadlines wait in the last slot. */
const SPANS = [1, SLOTS, SLOTS ** 2, SLOTS ** 3] as const;
const HORIZON = SLOTS ** 4 - 1;

/** Something that is to happen at a deadline. Made once by its owner, and armed as often as needed. */
export class Timer {
  /** What to do. Must not throw. */
  readonly expire: () => void;
  /** The tick of expiry, and the slot that holds the timer, null while it is not armed: the wheel's own notes. */
  tick = 0;
  slot: Set<Timer> | null = null;

  constructor(expire: () => void) {
    this.expire = expire;
  }
}

/** Armed timers by deadline. All times are milliseconds of one monotonic clock. */
export class TimerWheel {
  readonly #levels = SPANS.map((span) => ({
    span,
    slots: Array.from({ length: SLOTS }, () => new Set<Timer>()),
  }));
  /** The last tick that is dealt with. */
  #tick = 0;
  #size = 0;

  /** How many timers are armed. */
  get size(): number {
    return this.#size;
  }

  /** Arms a timer, or moves it when it is armed. A deadline that has passed expires with the next tick. */
  arm(timer: Timer, deadline: number, now: number): void {
    this.disarm(timer);
    if (this.#size === 0) this.#tick = Math.floor(now / TIMER_TICK);
    timer.tick = Math.max(Math.ceil(deadline / TIMER_TICK), this.#tick + 1);
    this.#size++;
    this.#insert(timer);
  }

  /** Disarms a timer; one that is not armed is left as it is. */
  disarm(timer: Timer): void {
    if (timer.slot === null) return;
    timer.slot.delete(timer);
    timer.slot = null;
    this.#size--;
  }

  /** Expires all timers whose deadline is not after `now`, in order of their deadlines. */
  advance(now: number): void {
    const last = Math.floor(now / TIMER_TICK);
    for (let tick = this.#nextTick(); tick <= last; tick = this.#nextTick()) {
      this.#tick = tick;
      this.#cascade(tick);
      this.#expire(tick);
    }
    this.#tick = Math.max(this.#tick, last);
  }

  /** When {@linkcode TimerWheel.advance} is next worth calling; `Infinity` while no timer is armed. */
  nextWake(): number {
    return this.#nextTick() * TIMER_TICK;
  }

  #insert(timer: Timer): void {
    // A tick beyond the horizon waits in the last slot and is placed again when that one is due.
    const tick = Math.min(timer.tick, this.#tick + HORIZON);
    const level = this.#levels.find(({ span }) => tick - this.#tick < span * SLOTS);
    const slot = level?.slots[Math.floor(tick / level.span) % SLOTS];
    if (slot === undefined) throw new Error("no slot for a timer"); // cannot be: the last level ends at HORIZON
    slot.add(timer);
    timer.slot = slot;
  }

  /** The next tick at which a slot of any level is due. */
  #nextTick(): number {
    let next = Infinity;
    if (this.#size === 0) return next;
    for (const { span, slots } of this.#levels) {
      const current = Math.floor(this.#tick / span);
      for (let ahead = 1; ahead <= SLOTS; ahead++) {
        const slot = slots[(current + ahead) % SLOTS];
        if (slot === undefined || slot.size === 0) continue;
        next = Math.min(next, (current + ahead) * span);
        break;
      }
    }
    return next;
  }

  /** Moves the timers of the coarser slots that begin at `tick` to where they belong now. */
  #cascade(tick: number): void {
    for (const { span, slots } of this.#levels) {
      if (span === 1) continue;
      if (tick % span !== 0) return;
      const slot = slots[(tick / span) % SLOTS];
      if (slot === undefined || slot.size === 0) continue;
      const timers = [...slot];
      slot.clear();
      for (const timer of timers) this.#insert(timer);
    }
  }

  #expire(tick: number): void {
    const slot = this.#levels[0]?.slots[tick % SLOTS];
    // Deleted one by one: an expiring timer may disarm another of the same slot.
    for (const timer of slot ?? []) {
      this.disarm(timer);
      timer.expire();
    }
  }
}
