/**
 * The addresses of targets that are given by name, kept for as long as their name server allows.
 *
 * @module
 */

import type { SocketAddress } from "../model/address.ts";
import type { ErrorCode } from "../model/errors.ts";
import { DNS_NEGATIVE_TTL } from "../model/limits.ts";
import type { Resolution, TargetResolver } from "../model/resolver.ts";
import type { Target } from "../model/snapshot.ts";
import {
  arrangeAddresses,
  type Lookup,
  type LookupFailure,
  type LookupResult,
  shortestTtl,
} from "./dns_answer.ts";
import { DnsRefresh, type StartTimer } from "./dns_refresh.ts";

/** Something about a name that an operator should know. */
export interface DnsNotice {
  readonly event:
    | "dns_lookup_failed"
    | "dns_lookup_recovered"
    | "dns_addresses_changed"
    /** A look-up that only confirms what is known, or is the first of its name. */
    | "dns_resolved";
  /** Without the name and its addresses where they are hidden. */
  readonly message: string;
}

/** What a {@linkcode DnsCache} is made of. Durations are milliseconds. */
export interface DnsCacheOptions {
  readonly lookup: Lookup;
  readonly minTtlMs: number;
  readonly maxTtlMs: number;
  /** A clock that never goes back. */
  readonly now?: () => number;
  readonly startTimer?: StartTimer;
  /** Called for each look-up that succeeds, and for the first of a row that fails. */
  readonly report?: (notice: DnsNotice) => void;
}

/**
 * A cache of names with one look-up in flight for each.
 *
 * An entry lives for the shortest time to live of its answer, within the bounds of the configuration. In the last part
 * of that life the next flow that asks starts a refresh and goes on at once, so a name in use never expires. A name that
 * has expired is looked up while the flow waits, but not for long: then, and whenever the look-up fails, it gets the
 * expired addresses (RFC 8767): a target that was there is better than none, and a dead address costs one attempt.
 *
 * Only names of targets are asked for, so memory is bounded by the configuration; {@linkcode DnsCache.retain} forgets
 * those that a reload took out of it.
 */
export class DnsCache implements TargetResolver, Disposable {
  readonly #lookup: Lookup;
  readonly #now: () => number;
  readonly #startTimer: StartTimer;
  #report: (notice: DnsNotice) => void;
  readonly #entries = new Map<string, Entry>();
  readonly #inFlight = new Set<DnsRefresh>();
  readonly #ipTargets = new WeakMap<Target, readonly SocketAddress[]>();
  #hidden: ReadonlyMap<string, string> = new Map();
  #minTtl: number;
  #maxTtl: number;

  constructor(options: DnsCacheOptions) {
    this.#lookup = options.lookup;
    this.#now = options.now ?? (() => performance.now());
    this.#startTimer = options.startTimer ?? startSystemTimer;
    this.#report = options.report ?? (() => {});
    this.#minTtl = options.minTtlMs;
    this.#maxTtl = options.maxTtlMs;
  }

  /** What is known at once. Starts a refresh in the background where one is due. */
  peek(target: Target): readonly SocketAddress[] | null {
    if (target.isIp) return this.#addressOf(target);
    const entry = this.#entries.get(target.host);
    if (entry === undefined || entry.hosts.length === 0) return null;
    const now = this.#now();
    if (now >= entry.refreshAt) entry.refresh ??= this.#refresh(target.host, entry);
    const usable = now < entry.expiresAt || entry.refresh?.overdue === true;
    return usable ? withPort(entry, target.port) : null;
  }

  /** Looks up, or joins the look-up in flight. Never rejects, and settles within the time for one look-up. */
  async resolve(target: Target): Promise<Resolution> {
    const known = this.peek(target);
    if (known !== null) return { kind: "resolved", addresses: known };
    const entry = this.#entryOf(target.host);
    const isKnownFailure = entry.error !== null && this.#now() < entry.expiresAt;
    if (!isKnownFailure) {
      entry.refresh ??= this.#refresh(target.host, entry);
      await (entry.hosts.length > 0 ? entry.refresh.settledOrOverdue : entry.refresh.settled);
    }
    return entry.hosts.length > 0
      ? { kind: "resolved", addresses: withPort(entry, target.port) }
      : { kind: "failed", error: entry.error ?? "name_not_resolved" };
  }

  /** Looks up the names that are not known yet, a few at a time; settles when all have an answer. */
  async prefetch(targets: Iterable<Target>): Promise<void> {
    const byName = new Map<string, Target>();
    for (const target of targets) if (!target.isIp) byName.set(target.host, target);
    const queue = byName.values();
    const work = async () => {
      for (const target of queue) await this.resolve(target);
    };
    await Promise.all(Array.from({ length: PREFETCH_CONCURRENCY }, work));
  }

  /** Forgets all names but these. A look-up in flight still answers the flows that wait for it. */
  retain(names: ReadonlySet<string>): void {
    for (const name of this.#entries.keys()) {
      if (!names.has(name)) this.#entries.delete(name);
    }
  }

  /** Keeps names out of notices from now on; each comes with what stands in its place there, such as `a backend`. */
  hide(names: ReadonlyMap<string, string>): void {
    this.#hidden = names;
  }

  /** Changes the bounds of the time to live, also for what is known already. */
  setTtl(minTtlMs: number, maxTtlMs: number): void {
    this.#minTtl = minTtlMs;
    this.#maxTtl = maxTtlMs;
    for (const entry of this.#entries.values()) {
      const isAnswered = entry.hosts.length > 0 && entry.error === null;
      if (isAnswered) this.#setLifetime(entry);
    }
  }

  /** Gives up the look-ups in flight, without a word. */
  [Symbol.dispose](): void {
    this.#report = () => {};
    for (const refresh of this.#inFlight) refresh.cancel();
  }

  #addressOf(target: Target): readonly SocketAddress[] {
    let addresses = this.#ipTargets.get(target);
    if (addresses === undefined) {
      addresses = [{ host: target.host, port: target.port }];
      this.#ipTargets.set(target, addresses);
    }
    return addresses;
  }

  #entryOf(name: string): Entry {
    let entry = this.#entries.get(name);
    if (entry === undefined) {
      entry = {
        hosts: [],
        byPort: new Map(),
        answeredAt: 0,
        ttl: null,
        refreshAt: -Infinity,
        expiresAt: -Infinity,
        error: null,
        refresh: null,
      };
      this.#entries.set(name, entry);
    }
    return entry;
  }

  #refresh(name: string, entry: Entry): DnsRefresh {
    const finish = (result: LookupResult) => {
      this.#inFlight.delete(refresh);
      entry.refresh = null;
      this.#store(name, entry, result);
    };
    const lookup = (signal: AbortSignal) => this.#lookup(name, signal);
    const refresh: DnsRefresh = new DnsRefresh(lookup, finish, this.#startTimer);
    this.#inFlight.add(refresh);
    return refresh;
  }

  #store(name: string, entry: Entry, result: LookupResult): void {
    const hosts = result.kind === "found" ? arrangeAddresses(result.records) : [];
    if (result.kind === "failed" || hosts.length === 0) {
      this.#storeFailure(name, entry, result.kind === "failed" ? result.reason : "notFound");
      return;
    }
    entry.answeredAt = this.#now();
    // Half an answer is asked for again soon.
    entry.ttl = result.complete ? shortestTtl(result.records) : null;
    this.#setLifetime(entry);

    const wasFailing = entry.error !== null;
    const changed = hosts.join() !== entry.hosts.join();
    const isFirst = entry.hosts.length === 0;
    entry.error = null;
    if (changed) {
      entry.hosts = hosts;
      entry.byPort.clear();
    }
    const hidden = this.#hidden.get(name);
    const shown = hidden === undefined ? `"${name}"` : sentenceCase(hidden);
    if (wasFailing) {
      this.#report({ event: "dns_lookup_recovered", message: `${shown} can be resolved again` });
    }
    if (changed && !isFirst) {
      const message = hidden === undefined
        ? `The addresses of ${shown} are now ${hosts.join(", ")}`
        : `${shown} has other addresses now`;
      this.#report({ event: "dns_addresses_changed", message });
    } else if (!wasFailing) {
      const seconds = Math.round((entry.expiresAt - entry.answeredAt) / 1000);
      const what = hidden === undefined ? hosts.join(", ") : "resolved";
      this.#report({ event: "dns_resolved", message: `${shown} is ${what} for ${seconds} s` });
    }
  }

  #storeFailure(name: string, entry: Entry, reason: LookupFailure): void {
    const wasFailing = entry.error !== null;
    const retryAt = this.#now() + DNS_NEGATIVE_TTL;
    entry.error = reason === "notPermitted" ? "not_permitted" : "name_not_resolved";
    entry.refreshAt = retryAt;
    // An entry that is still fresh stays so.
    entry.expiresAt = Math.max(entry.expiresAt, retryAt);
    if (wasFailing) return;
    const consequence = entry.hosts.length > 0 ? "; the last known addresses stay in use" : "";
    const shown = this.#hidden.get(name) ?? `"${name}"`;
    const message = `Cannot resolve ${shown}: ${FAILURES[reason]}${consequence}`;
    this.#report({ event: "dns_lookup_failed", message });
  }

  #setLifetime(entry: Entry): void {
    const lifetime = Math.max(this.#minTtl, Math.min(this.#maxTtl, entry.ttl ?? 0));
    entry.expiresAt = entry.answeredAt + lifetime;
    entry.refreshAt = entry.answeredAt + lifetime * REFRESH_AFTER;
  }
}

/** Look-ups that {@linkcode DnsCache.prefetch} has in flight at a time. */
const PREFETCH_CONCURRENCY = 16;

/** Part of its life after which an entry that is asked for is refreshed. */
const REFRESH_AFTER = 0.8;

const FAILURES: Readonly<Record<LookupFailure, string>> = {
  notFound: "no such name, or no answer from its name server",
  timeout: "no answer from the name server in time",
  notPermitted: "not permitted by --allow-net",
};

/** What is known of a name. */
interface Entry {
  /** Empty as long as no look-up has succeeded. */
  hosts: readonly string[];
  readonly byPort: Map<number, readonly SocketAddress[]>;
  answeredAt: number;
  /** As answered, in milliseconds; null where it is not known. */
  ttl: number | null;
  /** When a flow that asks starts a look-up. */
  refreshAt: number;
  /** Until when `hosts`, or else `error`, is the answer. */
  expiresAt: number;
  /** Why the last look-up failed; null when it did not. */
  error: ErrorCode | null;
  refresh: DnsRefresh | null;
}

function withPort(entry: Entry, port: number): readonly SocketAddress[] {
  let addresses = entry.byPort.get(port);
  if (addresses === undefined) {
    addresses = entry.hosts.map((host) => ({ host, port }));
    entry.byPort.set(port, addresses);
  }
  return addresses;
}

function sentenceCase(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function startSystemTimer(delayMs: number, callback: () => void): () => void {
  const timer = setTimeout(callback, delayMs);
  return () => clearTimeout(timer);
}
