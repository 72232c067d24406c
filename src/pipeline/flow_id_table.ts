/**
 * Where the flows are that can be told by an ID in their datagrams, whatever address these come from.
 *
 * @module
 */

import type { SocketAddress } from "../model/address.ts";
import { FLOW_ID_WAYS, MAX_FLOW_IDS } from "../model/limits.ts";
import { formatIp, parseIp, toIpv6Bytes } from "../proto/ip.ts";

/** Kinds of IDs, which must not be taken for each other. */
export type FlowIdKind = "quic" | "wireguard";

/** What an ID leads to. */
export interface FlowDestination {
  /** Tells the service and the target: see {@linkcode routeKey}. */
  readonly route: RouteKey;
  /** The target's address in use. */
  readonly address: SocketAddress;
}

/** A service and one of its targets in two numbers, the same in every thread and for every snapshot that has them. */
export interface RouteKey {
  readonly high: number;
  readonly low: number;
}

/** Words of an entry: fingerprint 2, route 2, address 4, port, expiry, when it was put in. */
const FINGERPRINT = 0;
const ROUTE = 2;
const ADDRESS = 4;
const PORT = 8;
const EXPIRY = 9;
const PUT_AT = 10;
const ENTRY_WORDS = 11;

/** Words before the entries: two seeds, and a bit for each length of QUIC's that was put in. */
const SEEDS = 0;
const LENGTHS = 2;
const ENTRIES_AT = 4;

/** Two unlike seeds, for hashes of 64 bits in all. */
const HIGH = 0x9747b28c;
const LOW = 0x3c6ef372;

const KIND_TAGS: Readonly<Record<FlowIdKind, number>> = { quic: 1, wireguard: 2 };

/**
 * IDs and what they lead to, in a block of memory that several threads may have in common.
 *
 * It is a cache: a bounded number of entries, and a new one takes the place of the oldest of the few that it may stand
 * in, so that nothing ever has to be removed. IDs are kept as keyed hashes of 64 bits.
 *
 * No thread waits for another. The fingerprint of an entry is kept exclusive-ored with a hash of all the rest of it, so
 * that an entry which two threads have written to at once fits no ID at all, as if it had been lost (after Hyatt and Mann,
 * "A lockless transposition table implementation for parallel search", 2002).
 */
export class FlowIdTable {
  readonly #words: Uint32Array;
  readonly #clockOffset: number;
  readonly #buckets: number;
  /** Of the ID at hand. */
  #high = 0;
  #low = 0;

  /**
   * @param memory from {@linkcode flowIdMemory}
   * @param clockOffset milliseconds to be added to a `now`, where threads that share the memory have clocks of their own
   */
  constructor(memory: ArrayBufferLike, clockOffset = 0) {
    this.#words = new Uint32Array(memory);
    this.#clockOffset = clockOffset;
    this.#buckets = Math.floor((this.#words.length - ENTRIES_AT) / (ENTRY_WORDS * FLOW_ID_WAYS));
  }

  /** Bit `n` is set once a QUIC ID of `n` bytes was put in. */
  get quicLengths(): number {
    return this.#words[LENGTHS] ?? 0;
  }

  /**
   * Puts an ID in, or anew where it is known.
   *
   * @param lifetimeMs for how long it is good; `Infinity`: until it has to make room
   */
  put(
    kind: FlowIdKind,
    id: Uint8Array,
    { route, address: { host, port } }: FlowDestination,
    now: number,
    lifetimeMs: number,
  ): void {
    const ip = parseIp(host);
    if (ip === null) return;
    const words = this.#words;
    this.#fingerprint(kind, id);
    const time = this.#seconds(now);
    const entry = this.#find(time) ?? this.#oldest();
    const { buffer, byteOffset } = toIpv6Bytes(ip);
    const bytes = new DataView(buffer, byteOffset);
    words[entry + ROUTE] = route.high;
    words[entry + ROUTE + 1] = route.low;
    for (let index = 0; index < 4; index++) {
      words[entry + ADDRESS + index] = bytes.getUint32(index * 4);
    }
    words[entry + PORT] = port;
    words[entry + EXPIRY] = lifetimeMs === Infinity ? 0 : time + Math.ceil(lifetimeMs / 1_000);
    words[entry + PUT_AT] = time;
    words[entry + FINGERPRINT] = (this.#high ^ seal(words, entry, HIGH)) >>> 0;
    words[entry + FINGERPRINT + 1] = (this.#low ^ seal(words, entry, LOW)) >>> 0;
    if (kind === "quic") Atomics.or(words, LENGTHS, 1 << id.length);
  }

  /** What an ID leads to; null where it is not known, or not any more. */
  get(kind: FlowIdKind, id: Uint8Array, now: number): FlowDestination | null {
    this.#fingerprint(kind, id);
    const entry = this.#find(this.#seconds(now));
    if (entry === null) return null;
    // Another thread may have written to it since it was found.
    const words = this.#words.slice(entry, entry + ENTRY_WORDS);
    if (!this.#fits(words, 0)) return null;
    const address = new DataView(new ArrayBuffer(16));
    for (let index = 0; index < 4; index++) {
      address.setUint32(index * 4, words[ADDRESS + index] ?? 0);
    }
    return {
      route: { high: words[ROUTE] ?? 0, low: words[ROUTE + 1] ?? 0 },
      address: { host: formatIp(new Uint8Array(address.buffer)), port: words[PORT] ?? 0 },
    };
  }

  /** The entry of the ID at hand, or null. */
  #find(time: number): number | null {
    const words = this.#words;
    const start = this.#bucket();
    for (let way = 0; way < FLOW_ID_WAYS; way++) {
      const entry = start + way * ENTRY_WORDS;
      if (!this.#fits(words, entry)) continue;
      const expiry = words[entry + EXPIRY] ?? 0;
      if (expiry === 0 || time <= expiry) return entry;
    }
    return null;
  }

  /** Whether an entry is whole, and the one of the ID at hand. */
  #fits(words: Uint32Array, entry: number): boolean {
    return words[entry + FINGERPRINT] === (this.#high ^ seal(words, entry, HIGH)) >>> 0 &&
      words[entry + FINGERPRINT + 1] === (this.#low ^ seal(words, entry, LOW)) >>> 0;
  }

  /** The entry that is to make room for the ID at hand: the one put in first, an empty one before all others. */
  #oldest(): number {
    const words = this.#words;
    const start = this.#bucket();
    let oldest = start;
    for (let way = 1; way < FLOW_ID_WAYS; way++) {
      const entry = start + way * ENTRY_WORDS;
      if ((words[entry + PUT_AT] ?? 0) < (words[oldest + PUT_AT] ?? 0)) oldest = entry;
    }
    return oldest;
  }

  #bucket(): number {
    return ENTRIES_AT + this.#low % this.#buckets * FLOW_ID_WAYS * ENTRY_WORDS;
  }

  #fingerprint(kind: FlowIdKind, id: Uint8Array): void {
    this.#high = hashBytes(id, (this.#words[SEEDS] ?? 0) ^ KIND_TAGS[kind]);
    this.#low = hashBytes(id, (this.#words[SEEDS + 1] ?? 0) ^ KIND_TAGS[kind]);
  }

  #seconds(now: number): number {
    // An empty entry is older than any.
    return Math.floor((now + this.#clockOffset) / 1_000) + 1;
  }
}

/**
 * Makes the memory of a table. Pages that are never written to take no room.
 *
 * @param seeds two random 32-bit integers, so that nobody can choose IDs that are taken for each other
 * @param entries at least `FLOW_ID_WAYS`
 */
export function flowIdMemory(
  seeds: readonly [number, number],
  entries: number = MAX_FLOW_IDS,
): SharedArrayBuffer {
  const memory = new SharedArrayBuffer((ENTRIES_AT + entries * ENTRY_WORDS) * 4);
  new Uint32Array(memory).set(seeds, SEEDS);
  return memory;
}

/** The key of a target of a service, both by their names. */
export function routeKey(service: string, target: string): RouteKey {
  const name = new TextEncoder().encode(`${service}\n${target}`);
  return { high: hashBytes(name, HIGH), low: hashBytes(name, LOW) };
}

/** A hash of all of an entry but its fingerprint. */
function seal(words: Uint32Array, entry: number, seed: number): number {
  let hash = seed;
  for (let word = ROUTE; word < ENTRY_WORDS; word++) hash = mix(hash, words[entry + word] ?? 0);
  return finish(hash);
}

function hashBytes(bytes: Uint8Array, seed: number): number {
  let hash = mix(seed, bytes.length);
  for (let index = 0; index < bytes.length; index += 4) {
    const word = (bytes[index] ?? 0) | (bytes[index + 1] ?? 0) << 8 |
      (bytes[index + 2] ?? 0) << 16 | (bytes[index + 3] ?? 0) << 24;
    hash = mix(hash, word);
  }
  return finish(hash);
}

/** The mixing steps of MurmurHash3. */
function mix(hash: number, word: number): number {
  let mixed = Math.imul(word, 0xcc9e2d51);
  mixed = Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593);
  const result = hash ^ mixed;
  return (Math.imul((result << 13) | (result >>> 19), 5) + 0xe6546b64) | 0;
}

function finish(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
