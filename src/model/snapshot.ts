/**
 * The configuration as the data plane reads it: frozen, structured-cloneable, built once and published whole.
 *
 * @module
 */

import type { Cidr, SocketAddress } from "./address.ts";
import type { EchSettings } from "./ech.ts";
import type { FieldNeeds, MatchField, Protocol, Transport } from "./protocol.ts";

/** How a service picks among its targets. */
export type LoadBalance = "source_ip" | "source_socket" | "random" | "none";

/** Which PROXY protocol header a target gets. */
export type ProxyProtocolVersion = "none" | "v1" | "v2";

/** A backend as configured. */
export interface Target {
  /** IP address in canonical form, or a domain name in lower case. */
  readonly host: string;
  /** 1–65535. */
  readonly port: number;
  /** Whether `host` is an address, and so needs no look-up. */
  readonly isIp: boolean;
  /** `host:port`, an IPv6 host in brackets: the identity for hashing, logs and look-ups. */
  readonly label: string;
}

/** Where flows of one kind go: a `[protocols.NAME]` entry or the default of a transport. */
export interface Service {
  /** The entry's name; `"default"` for `tcp_target` and `udp_target`. */
  readonly name: string;
  /** TCP or UDP. */
  readonly transport: Transport;
  /** Null for the default of a transport. */
  readonly protocol: Protocol | null;
  /** Never empty. */
  readonly targets: readonly Target[];
  /** How one of `targets` is picked for a flow. */
  readonly loadBalance: LoadBalance;
  /** The header that targets get; only for TCP. */
  readonly sendProxyProtocol: ProxyProtocolVersion;
  /** Milliseconds without traffic after which a flow ends; 0 = never. */
  readonly idleMs: number;
  /** Whether targets see the client's address as that of the connection; only the native engine can do it. */
  readonly transparent: boolean;
  /** Position in the file, for ties; the default has the highest. */
  readonly order: number;
  /** QUIC: how connection IDs name one of `targets`; left out where they do not. */
  readonly quicLb?: readonly QuicLbConfig[];
  /** TLS and QUIC: how hellos that carry ECH are opened; left out where they are not. */
  readonly ech?: EchSettings;
  /**
   * Whether the targets are known by inner names that no log may show: they are those of an `ech` table that does not log
   * inner names. Left out where they may be shown.
   */
  readonly isPrivate?: true;
}

/** How servers write their names into connection IDs (draft-ietf-quic-load-balancers). */
export interface QuicLbConfig {
  /** 0–6: which IDs are written like this. No two of a snapshot are the same. */
  readonly configRotation: number;
  /** 1–15 bytes. */
  readonly serverIdLength: number;
  /** 4–18 bytes; with the server ID 19 at most. */
  readonly nonceLength: number;
  /** 32 hexadecimal digits; null where IDs are not encrypted. */
  readonly key: string | null;
  /** Targets of the service by server ID, in hexadecimal digits. */
  readonly servers: ReadonlyMap<string, Target>;
}

/** Services for one server name (or for any), by ALPN. */
export interface AlpnTable {
  /** Service for an ALPN name in lower case. */
  readonly byAlpn: ReadonlyMap<string, Service>;
  /** Service for whatever ALPN. */
  readonly bare: Service | null;
}

/** Something for each of many names of hosts: hash look-ups only, however many there are. */
export interface NameMap<Value> {
  /** Key: a name in lower case. */
  readonly exact: ReadonlyMap<string, Value>;
  /** Key: what follows `*.`; one label stands for the star. */
  readonly wildcard: ReadonlyMap<string, Value>;
  /** Key: what follows the dot of `.example.com`; the name itself and all names below it. */
  readonly suffix: ReadonlyMap<string, Value>;
}

/** Services of one protocol by name (of the server, the host, what a query asks for) and ALPN. */
export interface NameTable extends NameMap<AlpnTable> {
  /** Rules without a name. */
  readonly any: AlpnTable;
}

/** What a rule asks of a flow, beyond its protocol. One of the values is enough. */
export type Condition =
  | { readonly kind: "names"; readonly names: NameMap<true> }
  /** ALPN names in lower case. */
  | { readonly kind: "alpn"; readonly names: ReadonlySet<string> }
  /** Beginnings of paths, segment by segment. */
  | { readonly kind: "paths"; readonly prefixes: readonly string[] }
  /** Texts, in which a star stands for any text; in lower case where case is ignored. */
  | {
    readonly kind: "text";
    readonly field: TextField;
    readonly patterns: readonly string[];
    readonly ignoreCase: boolean;
  }
  /** What a detector has tried for the rule. */
  | {
    readonly kind: "values";
    readonly field: "publicKey" | "pattern";
    readonly values: ReadonlySet<string>;
  }
  /** Blocks that the client's address may be in. */
  | { readonly kind: "sources"; readonly blocks: readonly Cidr[] };

/** What a rule compares as text. */
export type TextField =
  | Exclude<MatchField, "host" | "path" | "queryName" | "publicKey" | "pattern">
  | "version";

/** A rule that asks for more than a name and ALPN. All of its conditions must hold. */
export interface ConditionalRule {
  /** Who takes the flow. */
  readonly service: Service;
  /** Never empty; what costs least first. */
  readonly conditions: readonly Condition[];
}

/** All routes of one transport. */
export interface RouteTable {
  /** Takes what fits nothing else; null = such traffic is dropped. */
  readonly fallback: Service | null;
  /** Rules that ask for more than a name and ALPN, in the order of the file: tried before all others. */
  readonly conditional: ReadonlyMap<Protocol, readonly ConditionalRule[]>;
  /** Rules of protocols that are chosen by name or ALPN. */
  readonly byName: ReadonlyMap<Protocol, NameTable>;
  /** Services that take all of a protocol that has no rules by name. */
  readonly byProtocol: ReadonlyMap<Protocol, Service>;
  /** Protocols that some service uses, in the order of the file; others are not sought. */
  readonly sought: readonly Protocol[];
  /** What rules look at beyond names, ALPN and version, for protocols where they look at anything. */
  readonly needs: ReadonlyMap<Protocol, FieldNeeds>;
}

/** One socket to listen on. */
export interface ListenerSpec {
  /** TCP or UDP. */
  readonly transport: Transport;
  /** Where to bind. */
  readonly address: SocketAddress;
  /** TCP only. */
  readonly backlog: number;
}

/** Inbound PROXY protocol. */
export interface InboundProxySpec {
  /** Peers that must send a header; all others are turned away. */
  readonly trusted: readonly Cidr[];
}

/** Waits of the data plane, in milliseconds. */
export interface Timeouts {
  /** From accept until the protocol must be known. */
  readonly probeMs: number;
  /** Silence after which the default TCP target is dialled. */
  readonly serverFirstMs: number;
  /** For one attempt to connect to one address of a target. */
  readonly connectMs: number;
}

/** What sockets are told beyond what every engine can tell them: the native engine alone reads this. */
export interface SocketOptions {
  /** Whether data may come with the first packet of a connection, from clients and to targets (RFC 7413). */
  readonly tcpFastOpen: boolean;
  /** Milliseconds for which the system keeps a new connection to itself until its first byte comes; 0 = not at all. */
  readonly tcpDeferAcceptMs: number;
  /** Milliseconds after which a connection ends whose peer acknowledges nothing (RFC 5482); 0 = the system's own. */
  readonly tcpUserTimeoutMs: number;
  /** Mark for routing and firewall rules on all that goes to targets; 0 = none. */
  readonly mark: number;
}

/** Everything the data plane needs to know. */
export interface Snapshot {
  /** Every socket to listen on. */
  readonly listeners: readonly ListenerSpec[];
  /** Where TCP connections go. */
  readonly tcp: RouteTable;
  /** Where UDP flows go. */
  readonly udp: RouteTable;
  /** Whether a flow that fits no rule of its protocol, where it has rules, may go to the default target. */
  readonly unmatched: "target" | "drop";
  /** Null: no PROXY header is expected. */
  readonly inboundProxy: InboundProxySpec | null;
  /** TCP connections at a time, over all listeners. */
  readonly tcpMaxConnections: number;
  /** UDP flows at a time, over all listeners. */
  readonly udpMaxConnections: number;
  /** Waits that are the same for all services. */
  readonly timeouts: Timeouts;
  /** What sockets are told. */
  readonly sockets: SocketOptions;
}
