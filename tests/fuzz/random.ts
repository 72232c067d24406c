/**
 * Chance that can be had again: the same seed gives the same choices on every machine.
 *
 * @module
 */

/** A small generator of good enough quality for tests (mulberry32). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 to below 2^32. */
  u32(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ this.#state >>> 15, this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ mixed >>> 7, mixed | 61);
    return (mixed ^ mixed >>> 14) >>> 0;
  }

  /** From 0 to below `end`; 0 where there is nothing below it. */
  below(end: number): number {
    return end <= 1 ? 0 : this.u32() % end;
  }

  /** From `least` to `most`, both included. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  /** Whether an event of one in `odds` happens. */
  oneIn(odds: number): boolean {
    return this.below(odds) === 0;
  }

  /** One of the items, of which there is at least one. */
  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new Error("Nothing to pick from");
    return item;
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.u32());
  }

  /** As many items as are drawn from `least` to `most`. */
  list<T>(least: number, most: number, item: (index: number) => T): T[] {
    return Array.from({ length: this.between(least, most) }, (_, index) => item(index));
  }

  shuffled<T>(items: readonly T[]): T[] {
    return items.map((item) => ({ item, key: this.u32() })).sort((a, b) => a.key - b.key)
      .map(({ item }) => item);
  }
}
