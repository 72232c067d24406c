/**
 * The sessions of one UDP port, found by numbers.
 *
 * @module
 */

/** Entries that a table has room for at first. */
const INITIAL_ENTRIES = 64;

/** Slots for an entry: with half of the slots free, linear probing looks at two or three (Knuth, TAOCP 6.4). */
const SLOTS_PER_ENTRY = 2;

/**
 * A map from keys of a few 32-bit words to values. Open addressing over typed arrays: a look-up makes no garbage, and an
 * entry costs no object of its own.
 */
export class SessionTable<T> {
  /** The key that calls are about: to be written before each of them. */
  readonly key: Uint32Array;
  readonly #keyWords: number;
  readonly #seed: number;
  /** The entry in each slot, or -1. */
  #slots = new Int32Array(INITIAL_ENTRIES * SLOTS_PER_ENTRY).fill(-1);
  #mask = this.#slots.length - 1;
  #keys: Uint32Array;
  #hashes = new Uint32Array(INITIAL_ENTRIES);
  readonly #values: (T | null)[] = [];
  readonly #free: number[] = [];

  /**
   * @param keyWords how many words a key has
   * @param seed a random number, so that nobody can choose addresses which all fall into one slot
   */
  constructor(keyWords: number, seed: number) {
    this.#keyWords = keyWords;
    this.#seed = seed;
    this.key = new Uint32Array(keyWords);
    this.#keys = new Uint32Array(INITIAL_ENTRIES * keyWords);
  }

  get size(): number {
    return this.#values.length - this.#free.length;
  }

  /** The value of the key, or null. */
  get(): T | null {
    const slot = this.#find(this.#hash());
    const entry = this.#slots[slot] ?? -1;
    return entry < 0 ? null : this.#values[entry] ?? null;
  }

  /**
   * Adds a value under the key, which must be free.
   *
   * @returns the value's entry
   */
  add(value: T): number {
    if (this.get() !== null) throw new Error("a session has this key already");
    const entry = this.#free.pop() ?? this.#values.length;
    if (entry === this.#hashes.length) this.#grow();
    this.#values[entry] = value;
    this.#place(entry);
    return entry;
  }

  /** Removes an entry. */
  remove(entry: number): void {
    this.#displace(entry);
    this.#values[entry] = null;
    this.#free.push(entry);
  }

  /** All values; the table may change meanwhile. */
  values(): T[] {
    return this.#values.filter((value) => value !== null);
  }

  #place(entry: number): void {
    const hash = this.#hash();
    this.#slots[this.#find(hash)] = entry;
    this.#hashes[entry] = hash;
    this.#keys.set(this.key, entry * this.#keyWords);
  }

  /** Frees the slot of an entry, and moves up those behind it that a look-up would else not reach. */
  #displace(entry: number): void {
    const slots = this.#slots;
    const mask = this.#mask;
    let hole = (this.#hashes[entry] ?? 0) & mask;
    while (slots[hole] !== entry) hole = (hole + 1) & mask;
    for (let slot = (hole + 1) & mask;; slot = (slot + 1) & mask) {
      const other = slots[slot] ?? -1;
      if (other < 0) break;
      const home = (this.#hashes[other] ?? 0) & mask;
      // It may go to the hole unless its home lies between the two.
      if (((slot - home) & mask) < ((slot - hole) & mask)) continue;
      slots[hole] = other;
      hole = slot;
    }
    slots[hole] = -1;
  }

  /** The slot of the key, or the free one where it belongs. */
  #find(hash: number): number {
    const slots = this.#slots;
    const mask = this.#mask;
    for (let slot = hash & mask;; slot = (slot + 1) & mask) {
      const entry = slots[slot] ?? -1;
      if (entry < 0 || (this.#hashes[entry] === hash && this.#hasKey(entry))) return slot;
    }
  }

  #hasKey(entry: number): boolean {
    const words = this.#keyWords;
    const start = entry * words;
    for (let index = 0; index < words; index++) {
      if (this.#keys[start + index] !== this.key[index]) return false;
    }
    return true;
  }

  /** The mixing steps of MurmurHash3, from a start that nobody knows. */
  #hash(): number {
    let hash = this.#seed;
    for (let index = 0; index < this.#keyWords; index++) {
      let word = Math.imul(this.key[index] ?? 0, 0xcc9e2d51);
      word = Math.imul((word << 15) | (word >>> 17), 0x1b873593);
      hash ^= word;
      hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0;
    }
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    return (hash ^ (hash >>> 16)) >>> 0;
  }

  #grow(): void {
    const entries = this.#hashes.length * 2;
    const keys = new Uint32Array(entries * this.#keyWords);
    keys.set(this.#keys);
    this.#keys = keys;
    const hashes = new Uint32Array(entries);
    hashes.set(this.#hashes);
    this.#hashes = hashes;
    const used = this.#slots.filter((entry) => entry >= 0);
    this.#slots = new Int32Array(entries * SLOTS_PER_ENTRY).fill(-1);
    this.#mask = this.#slots.length - 1;
    for (const entry of used) {
      let slot = (hashes[entry] ?? 0) & this.#mask;
      while (this.#slots[slot] !== -1) slot = (slot + 1) & this.#mask;
      this.#slots[slot] = entry;
    }
  }
}
