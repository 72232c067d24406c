/**
 * Which detectors to ask about a flow, in which order: compiled once for a configuration.
 *
 * @module
 */

import type { FieldNeeds, Protocol } from "../model/protocol.ts";
import type { RouteTable } from "../model/snapshot.ts";
import {
  NO_NEEDS,
  type ProtocolSpec,
  type TcpDetector,
  type UdpDetector,
} from "../proto/detector.ts";
import { TCP_SPECS, UDP_SPECS } from "../proto/registry.ts";

/** A protocol that a flow may be of. */
export interface Candidate<Detector> {
  readonly protocol: Protocol;
  /** The detector of one flow. */
  readonly detector: () => Detector;
}

/** Candidates in the order in which to ask them. */
export type Candidates<Detector> = readonly Candidate<Detector>[];

/** Candidates for a TCP connection by its first byte. */
export type TcpSniffPlan = readonly Candidates<TcpDetector>[];

/** Candidates for a UDP flow. */
export type UdpSniffPlan = Candidates<UdpDetector>;

/** What rules look at, by protocol. */
export type Needs = ReadonlyMap<Protocol, FieldNeeds>;

const NO_RULES: Needs = new Map();

/**
 * The plan for a TCP connection. A byte's list has the detectors that do not refuse it: each of them is tried on it here,
 * so that most connections are asked about by one or two detectors however many protocols are sought.
 */
export function planTcpSniff(sought: readonly Protocol[], needs: Needs = NO_RULES): TcpSniffPlan {
  const all = candidates(TCP_SPECS, sought, needs);
  const head = new Uint8Array(1);
  return Array.from({ length: 256 }, (_, byte) => {
    head[0] = byte;
    return all.filter(({ detector }) => detector()(head).kind !== "noMatch");
  });
}

/** The plan for a UDP flow. */
export function planUdpSniff(sought: readonly Protocol[], needs: Needs = NO_RULES): UdpSniffPlan {
  return candidates(UDP_SPECS, sought, needs);
}

/** The plan for the TCP connections of a configuration: made when it is first asked for, and gone with the table. */
export function tcpSniffPlan(table: RouteTable): TcpSniffPlan {
  let plan = tcpPlans.get(table);
  if (plan === undefined) {
    plan = planTcpSniff(table.sought, table.needs);
    tcpPlans.set(table, plan);
  }
  return plan;
}

/** The plan for the UDP flows of a configuration, likewise. */
export function udpSniffPlan(table: RouteTable): UdpSniffPlan {
  let plan = udpPlans.get(table);
  if (plan === undefined) {
    plan = planUdpSniff(table.sought, table.needs);
    udpPlans.set(table, plan);
  }
  return plan;
}

const tcpPlans = new WeakMap<RouteTable, TcpSniffPlan>();
const udpPlans = new WeakMap<RouteTable, UdpSniffPlan>();

function candidates<Name extends Protocol, Detector>(
  specs: readonly ProtocolSpec<Name, Detector>[],
  sought: readonly Protocol[],
  needs: Needs,
): Candidates<Detector> {
  return specs.filter(({ name }) => sought.includes(name)).map(({ name, prepare }) => ({
    protocol: name,
    detector: prepare(needs.get(name) ?? NO_NEEDS),
  }));
}
