/**
 * Flows that go on when their client's address changes: QUIC by connection IDs (RFC 9000 §5.1), WireGuard by the indices of
 * sessions.
 *
 * What a datagram claims is proven to nobody but the backend, which has the keys. So an ID moves no flow: it only leads
 * datagrams from a new address to the backend that gave it, in a session of its own. The backend sees that its client
 * has a new address, as it would without a proxy, checks it as its protocol demands, and answers there or does not.
 *
 * Only what backends give is learned, never what clients claim: so no client can plant an ID, or take over another's.
 *
 * @module
 */

import type { SocketAddress } from "../model/address.ts";
import {
  MAX_LEARNED_PER_FLOW,
  MIN_LEARNED_CONNECTION_ID,
  WIREGUARD_INDEX_LIFETIME,
} from "../model/limits.ts";
import type { Snapshot } from "../model/snapshot.ts";
import { equalBytes } from "../proto/bytes.ts";
import {
  givenIndex,
  INITIATION,
  receiverIndex,
  RESPONSE,
} from "../proto/protocols/wireguard_index.ts";
import {
  givenConnectionId,
  hasFixedBit,
  hasShortHeader,
  longDestinationId,
  shortDestinationId,
} from "../proto/quic/connection_ids.ts";
import type { FlowDestination, FlowIdKind, FlowIdTable } from "./flow_id_table.ts";
import { admitsSource, findRoute, keyOfRoute, type KnownRoute } from "./known_routes.ts";

/** From this length on, an ID is not found in anything else by chance. */
const CERTAIN_LENGTH = 8;
const MAX_CONNECTION_ID = 20;

/** Where a datagram of an unknown sender belongs. */
export interface KnownFlow extends KnownRoute {
  readonly protocol: FlowIdKind;
  readonly address: SocketAddress;
}

/**
 * The flow that the first datagram from a new address belongs to; null where it has no ID that is known, where the
 * backend is not configured any more, or not for this client.
 */
export function findKnownFlow(
  table: FlowIdTable,
  datagram: Uint8Array,
  snapshot: Snapshot,
  source: string,
  now: number,
): KnownFlow | null {
  for (const protocol of ["wireguard", "quic"] as const) {
    const found = LOOK_UPS[protocol](table, datagram, now);
    const route = found === null ? null : findRoute(snapshot, found.route);
    if (found === null || route === null) continue;
    if (!admitsSource(snapshot.udp, route.service, source)) continue;
    return { ...route, protocol, address: found.address };
  }
  return null;
}

const LOOK_UPS: Readonly<
  Record<
    FlowIdKind,
    (table: FlowIdTable, datagram: Uint8Array, now: number) => FlowDestination | null
  >
> = {
  wireguard(table, datagram, now) {
    const index = receiverIndex(datagram);
    return index === null ? null : table.get("wireguard", index, now);
  },

  quic(table, datagram, now) {
    const lengths = table.quicLengths;
    if (lengths === 0) return null;
    if (!hasShortHeader(datagram)) {
      const id = longDestinationId(datagram);
      return id === null || (lengths >> id.length & 1) === 0 ? null : table.get("quic", id, now);
    }
    const shortest = hasFixedBit(datagram) ? MIN_LEARNED_CONNECTION_ID : CERTAIN_LENGTH;
    for (let length = MAX_CONNECTION_ID; length >= shortest; length--) {
      if ((lengths >> length & 1) === 0) continue;
      const id = shortDestinationId(datagram, length);
      const found = id === null ? null : table.get("quic", id, now);
      if (found !== null) return found;
    }
    return null;
  },
};

/** Learns the IDs that the backend of one flow gives to its client. */
export class FlowIdLearner {
  readonly #table: FlowIdTable;
  readonly #kind: FlowIdKind;
  readonly #destination: FlowDestination;
  /** First bytes of the datagrams that can give an ID. */
  readonly #from: number;
  readonly #to: number;
  /** IDs of QUIC connections, the latest last. */
  readonly #ids: Uint8Array[] = [];

  constructor(table: FlowIdTable, { protocol, address, ...route }: KnownFlow) {
    this.#table = table;
    this.#kind = protocol;
    this.#destination = { route: keyOfRoute(route), address };
    [this.#from, this.#to] = protocol === "quic" ? [0x80, 0xff] : [INITIATION, RESPONSE];
  }

  /** Whether a datagram of the backend that begins like this may give an ID: nearly none does. */
  isOfUse(first: number | undefined): boolean {
    return first !== undefined && first >= this.#from && first <= this.#to;
  }

  /** Learns from a datagram of the backend, which is only read during the call. */
  learn(datagram: Uint8Array, now: number): void {
    if (this.#kind === "wireguard") {
      const index = givenIndex(datagram);
      if (index !== null) this.#put(index, now, WIREGUARD_INDEX_LIFETIME);
      return;
    }
    const id = givenConnectionId(datagram);
    if (id === null || id.length < MIN_LEARNED_CONNECTION_ID) return;
    if (this.#ids.some((known) => equalBytes(known, id))) return;
    if (this.#ids.length === MAX_LEARNED_PER_FLOW) this.#ids.shift();
    this.#ids.push(id.slice());
    this.#put(id, now, Infinity);
  }

  /** Has the IDs of a flow that is in use make room later than those of others. */
  refresh(now: number): void {
    for (const id of this.#ids) this.#put(id, now, Infinity);
  }

  #put(id: Uint8Array, now: number, lifetimeMs: number): void {
    this.#table.put(this.#kind, id, this.#destination, now, lifetimeMs);
  }
}
