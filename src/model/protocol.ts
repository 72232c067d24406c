/**
 * The protocols that the proxy recognises, by the names that a configuration uses for them.
 *
 * @module
 */

/** Transport of a listener and of everything behind it. */
export type Transport = "tcp" | "udp";

/** Protocols recognised by the first bytes of a TCP connection. */
export const TCP_PROTOCOLS = ["http", "tls", "ssh", "socks5"] as const;

/** Protocols recognised by the first datagrams of a UDP flow. */
export const UDP_PROTOCOLS = ["quic", "wireguard"] as const;

/** Name of a protocol over TCP. */
export type TcpProtocol = typeof TCP_PROTOCOLS[number];

/** Name of a protocol over UDP. */
export type UdpProtocol = typeof UDP_PROTOCOLS[number];

/** Name of a protocol, as in `protocol = "tls"`. */
export type Protocol = TcpProtocol | UdpProtocol;

/** Protocols whose first flight names the server: the ones that `server_names` and `alpn` can select. */
export const SERVER_NAME_PROTOCOLS: ReadonlySet<Protocol> = new Set<Protocol>(["tls", "quic"]);

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
}
