/**
 * The protocols that the proxy recognises, by the names that a configuration uses for them, and what it learns of a flow.
 *
 * @module
 */

/** Transport of a listener and of everything behind it. */
export type Transport = "tcp" | "udp";

/** Name of a protocol that is recognised by the first bytes of a TCP connection. */
export type TcpProtocol =
  | "adb"
  | "amqp"
  | "bittorrent"
  | "dns"
  | "http"
  | "minecraft"
  | "mongodb"
  | "mqtt"
  | "nats"
  | "openvpn"
  | "postgres"
  | "proxy_protocol"
  | "rdp"
  | "redis"
  | "regex"
  | "rtsp"
  | "sip"
  | "socks4"
  | "socks5"
  | "ssh"
  | "stun"
  | "syslog"
  | "teamspeak"
  | "tinc"
  | "tls"
  | "winbox"
  | "xmpp";

/** Name of a protocol that is recognised by the first datagrams of a UDP flow. */
export type UdpProtocol =
  | "bittorrent"
  | "dns"
  | "dtls"
  | "ntp"
  | "openvpn"
  | "quic"
  | "regex"
  | "rtp"
  | "sip"
  | "snmp"
  | "stun"
  | "teamspeak"
  | "valve_a2s"
  | "wireguard";

/** Name of a protocol, as in `protocol = "tls"`. */
export type Protocol = TcpProtocol | UdpProtocol;

/**
 * How surely a protocol is told by its first bytes. A `weak` one has so few marks that other traffic can have them by
 * chance: it is asked after all strong ones.
 */
export type Certainty = "strong" | "weak";

/** Protocols whose first flight is a ClientHello: the ones that `server_names` and `alpn` can select. */
export const SERVER_NAME_PROTOCOLS: ReadonlySet<Protocol> = new Set<Protocol>([
  "tls",
  "quic",
  "dtls",
]);

/**
 * What rules can choose by beside server names, ALPN and version. Text is as the client sent it, bytes read as Latin-1,
 * where nothing else is said. A field is there only if some rule looks at it and the client sent it.
 */
export interface MatchFields {
  /** Name of the host that is asked for, as a server name: lower case, without port and trailing dot. */
  readonly host?: string;
  /** Path of a request target, without the query. */
  readonly path?: string;
  /** How a client calls its own software: of `SSH-2.0-OpenSSH_9.6`, `OpenSSH_9.6`. */
  readonly clientSoftware?: string;
  /** Name that is looked up, as a host: lower case, without the trailing dot; the root is the empty string. */
  readonly queryName?: string;
  /** What stands behind `mstshash=` of a connection request. */
  readonly cookie?: string;
  /** A token for a load balancer, without its key word. */
  readonly routingToken?: string;
  /** Name of the user who wants in. */
  readonly user?: string;
  /** Name of the database that is asked for. */
  readonly database?: string;
  /** JA4 fingerprint of a ClientHello. */
  readonly ja4?: string;
  /** The key, of those that rules name, that a handshake is addressed to; base64 as in the configuration. */
  readonly publicKey?: string;
  /** The pattern, of those that rules name, that fits; as in the configuration. */
  readonly pattern?: string;
}

/** Name of a match field. */
export type MatchField = keyof MatchFields;

/** What rules want to know of the flows of one protocol, beyond what is always told. */
export interface FieldNeeds {
  /** Fields that some rule looks at: a detector reads, and waits for, no others. */
  readonly fields: ReadonlySet<MatchField>;
  /**
   * What rules name, in the order of the file, for a field that cannot be read but only be tried: public keys, patterns.
   */
  readonly values: readonly string[];
}

/** What the first bytes of a flow turned out to be: the input of routing, and what the access log tells. */
export interface Detected {
  readonly protocol: Protocol;
  /**
   * Server name of the ClientHello, lower case, without a trailing dot; null where there is none. One that no host can
   * have, such as `"server4:443"`, is here for people to see, if it is printable ASCII: it fits no rule with names.
   */
  readonly sni: string | null;
  /** ALPN protocol names in the client's order, bytes read as Latin-1; empty where there are none. */
  readonly alpn: readonly string[];
  /** Whether the ClientHello carries an encrypted_client_hello extension (RFC 9849 §5). */
  readonly ech: boolean;
  /** Version in words (`"TLS 1.3"`, `"QUIC v1"`, `"HTTP/1.1"`, `"h2c"`, `"SSH-2.0"`), null where none can be told. */
  readonly version: string | null;
  /** How many bytes (TCP) or datagrams (UDP) the verdict rests on. */
  readonly consumed: number;
  /** Left out where no rule looks at any, or the client sent none. */
  readonly fields?: MatchFields;
}
