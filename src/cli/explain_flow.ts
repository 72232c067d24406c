// deno-lint-ignore-file camelcase -- fields are named as they are written
/**
 * What the proxy would make of one flow: recognised as what, routed where, and why.
 *
 * @module
 */

import { MAX_TCP_HEAD } from "../model/limits.ts";
import type {
  Certainty,
  Detected,
  MatchField,
  MatchFields,
  Protocol,
  Transport,
} from "../model/protocol.ts";
import type { EchStatus } from "../model/ech.ts";
import type { Service, Snapshot } from "../model/snapshot.ts";
import { route, type RouteReason } from "../pipeline/route.ts";
import { type SniffResult, TcpSniffer, UdpSniffer } from "../pipeline/sniff.ts";
import {
  type Needs,
  planTcpSniff,
  planUdpSniff,
  type TcpSniffPlan,
  tcpSniffPlan,
  type UdpSniffPlan,
  udpSniffPlan,
} from "../pipeline/sniff_plan.ts";
import { type EchOutcome, explainEch } from "./explain_ech.ts";
import { TCP_PROTOCOLS, TCP_SPECS, UDP_PROTOCOLS, UDP_SPECS } from "../proto/registry.ts";

/** The first bytes of a flow: segments of a TCP connection or datagrams of a UDP flow, in order. */
export interface FlowSample {
  readonly transport: Transport;
  readonly chunks: readonly Uint8Array[];
  /** The client's IP address, for rules with `sources`; null or left out where it is not known. */
  readonly source?: string | null;
}

/** One answer of `explain`. */
export interface Explanation {
  /** Null when nothing is recognised, or not yet; with a configuration, what a flow is taken for when no more comes. */
  readonly protocol: Protocol | null;
  /** How surely the protocol is told: what is weak can be something else by chance. */
  readonly certainty: Certainty | null;
  readonly sni: string | null;
  readonly alpn: readonly string[];
  /** Whether the hello has an encrypted_client_hello extension. */
  readonly ech: boolean;
  /** What becomes of it; null unless the service that the outer hello leads to has keys. */
  readonly ech_status: EchStatus | null;
  /** Server name of the outer hello, where that was sealed for a key of ours. */
  readonly ech_public_name: string | null;
  readonly ech_config_id: number | null;
  /** Null unless the service logs inner names. */
  readonly ech_inner_name: string | null;
  readonly version: string | null;
  /** What else is known of the flow: with a configuration, only what its rules look at. */
  readonly fields: Readonly<Record<string, string>>;
  /** Name of the service; null without a configuration, and when the flow is dropped. */
  readonly service: string | null;
  /** The service's targets, as `host:port`; `private` for one that is known by an inner name. */
  readonly targets: readonly string[];
  readonly verdict: "match" | "no match" | "need more" | "malformed";
  /** Bytes (TCP) or datagrams (UDP) that the verdict rests on. */
  readonly consumed: number;
  /** Why this service; null without a configuration. A flow that stays silent is routed like this in the end, too. */
  readonly route: RouteReason | EchOutcome["route"];
}

/** Explains a flow from what the client sent. Without a snapshot all protocols are sought and nothing is routed. */
export function explainSample(sample: FlowSample, snapshot: Snapshot | null): Explanation {
  const { result, atEnd, seen, said } = sample.transport === "tcp"
    ? sniffTcp(sample.chunks, snapshot === null ? ALL_TCP : tcpSniffPlan(snapshot.tcp))
    : sniffUdp(sample.chunks, snapshot === null ? ALL_UDP : udpSniffPlan(snapshot.udp));
  const taken = snapshot === null ? result : atEnd;
  const detected = taken.kind === "match" ? taken.detected : null;
  const fields = detected !== null && snapshot === null ? readFields(sample, detected) : undefined;
  const source = sample.source ?? null;
  const openEch = (service: Service) => explainEch(service, said, source);
  const explained = explainDetected(sample.transport, detected, { snapshot, source, openEch });
  return {
    ...explained,
    ...(fields !== undefined && { fields: fieldsByName(fields) }),
    verdict: VERDICTS[result.kind],
    consumed: result.kind === "match" ? result.detected.consumed : seen,
  };
}

/** What a flow is explained with. */
export interface ExplainContext {
  /** Null: nothing is routed. */
  readonly snapshot: Snapshot | null;
  /** The client's IP address; null where it is not known. */
  readonly source: string | null;
  /** What the service that the outer hello leads to makes of its ECH; null: nothing. */
  readonly openEch: (service: Service) => EchOutcome | null;
}

/** Explains a flow of which it is known what it is; null: nothing that is recognised. */
export function explainDetected(
  transport: Transport,
  detected: Detected | null,
  { snapshot, source, openEch }: ExplainContext,
): Explanation {
  const chosen = snapshot === null
    ? null
    : route(snapshot[transport], detected, snapshot.unmatched, source);
  const outer = chosen?.service ?? null;
  const ech = outer === null ? null : openEch(outer);
  const specs = transport === "tcp" ? TCP_SPECS : UDP_SPECS;
  return {
    protocol: detected?.protocol ?? null,
    certainty: specs.find(({ name }) => name === detected?.protocol)?.certainty ?? null,
    sni: detected?.sni ?? null,
    alpn: detected?.alpn ?? [],
    ech: detected?.ech ?? false,
    ...echFields(ech),
    version: detected?.version ?? null,
    fields: fieldsByName(detected?.fields ?? {}),
    service: outer?.name ?? null,
    targets: ech === null ? targetsOf(outer) : targetsOf(ech.service, ech.facts.innerName === null),
    verdict: detected === null ? "no match" : "match",
    consumed: detected?.consumed ?? 0,
    route: ech?.route ?? chosen?.reason ?? null,
  };
}

function echFields(ech: EchOutcome | null) {
  const isSealedForUs = ech?.facts.status === "accepted" || ech?.facts.status === "rejected";
  return {
    ech_status: ech?.facts.status ?? null,
    ech_public_name: isSealedForUs ? ech?.facts.publicName ?? null : null,
    ech_config_id: ech?.facts.configId ?? null,
    ech_inner_name: ech?.facts.innerName ?? null,
  };
}

/** @param isHidden whether the inner name is not to be told, which a target's name would do */
function targetsOf(service: Service | null, isHidden = false): string[] {
  return service?.targets.map(({ label, isIp }) =>
    service.isPrivate && isHidden && !isIp ? "private" : label
  ) ?? [];
}

const ALL_TCP = planTcpSniff(TCP_PROTOCOLS);
const ALL_UDP = planUdpSniff(UDP_PROTOCOLS);

/** How `explain` writes the names of fields, and takes them. */
export const FIELD_NAMES: Readonly<Record<MatchField, string>> = {
  host: "host",
  path: "path",
  clientSoftware: "client_software",
  queryName: "query_name",
  cookie: "cookie",
  routingToken: "routing_token",
  user: "user",
  database: "database",
  ja4: "ja4",
  publicKey: "public_key",
  pattern: "pattern",
};

function fieldsByName(fields: MatchFields): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fields).map(([field, value]) => [FIELD_NAMES[field as MatchField], value]),
  );
}

/** Every field that there is to be read: some lie behind the bytes that the verdict itself rests on. */
const ALL_FIELDS: Needs = new Map(
  [...TCP_SPECS, ...UDP_SPECS].map(({ name, fields }) => [
    name,
    { fields: new Set(fields), values: [] },
  ]),
);

function readFields({ transport, chunks }: FlowSample, { protocol }: Detected): MatchFields {
  const { result } = transport === "tcp"
    ? sniffTcp(chunks, planTcpSniff([protocol], ALL_FIELDS))
    : sniffUdp(chunks, planUdpSniff([protocol], ALL_FIELDS));
  return result.kind === "match" ? result.detected.fields ?? {} : {};
}

const VERDICTS = {
  match: "match",
  none: "no match",
  needMore: "need more",
  malformed: "malformed",
} as const satisfies Record<SniffResult["kind"], Explanation["verdict"]>;

/** All that a client said: a stream, or datagrams. */
export type FlowBytes = Uint8Array | readonly Uint8Array[];

interface Sniffed {
  readonly result: SniffResult;
  /** What it is taken for in the end, when nothing more comes. */
  readonly atEnd: SniffResult;
  readonly seen: number;
  readonly said: FlowBytes;
}

/** As on a connection: the head grows with each segment, until the first final answer. */
function sniffTcp(segments: readonly Uint8Array[], plan: TcpSniffPlan): Sniffed {
  const sniffer = new TcpSniffer(plan);
  const total = segments.reduce((sum, { length }) => sum + length, 0);
  const head = new Uint8Array(Math.min(total, MAX_TCP_HEAD));
  let seen = 0;
  let result = sniffer.push(head.subarray(0, 0));
  for (const segment of segments) {
    if (result.kind !== "needMore" || seen === head.length) break;
    const part = segment.subarray(0, head.length - seen);
    head.set(part, seen);
    seen += part.length;
    result = sniffer.push(head.subarray(0, seen));
  }
  const atEnd = result.kind === "needMore" ? sniffer.end(head.subarray(0, seen)) : result;
  return { result, atEnd, seen, said: head.subarray(0, seen) };
}

/** As in a session: the datagrams are held, until the first final answer. */
function sniffUdp(datagrams: readonly Uint8Array[], plan: UdpSniffPlan): Sniffed {
  const sniffer = new UdpSniffer(plan);
  const held: Uint8Array[] = [];
  let result: SniffResult = { kind: "needMore" };
  for (const datagram of datagrams) {
    if (result.kind !== "needMore") break;
    held.push(datagram);
    result = sniffer.push(held);
  }
  const atEnd = result.kind === "needMore" ? sniffer.end(held) : result;
  return { result, atEnd, seen: held.length, said: held };
}
