/**
 * Every bound of the data plane, each with its reason. Durations are milliseconds, sizes are bytes.
 *
 * @module
 */

/**
 * Bytes of a TCP connection that are held while its protocol is sought: a ClientHello of 64 KiB, the record headers
 * that it may be split by, and what is coalesced behind it.
 */
export const MAX_TCP_HEAD = 128 * 1024;

/** Largest ClientHello handshake message accepted, header included. Post-quantum key shares need about 2 KiB. */
export const MAX_CLIENT_HELLO = 64 * 1024 + 4;

/** Size of the first buffer of a connection: most first flights fit, and idle connections stay cheap. */
export const INITIAL_READ_BUFFER = 4 * 1024;

/** Size up to which a buffer grows while reads fill it. */
export const MAX_READ_BUFFER = 256 * 1024;

/** Largest UDP payload (RFC 768: 65,535 less headers). */
export const MAX_DATAGRAM = 65_535;

/** Datagrams held for one UDP flow while its protocol is sought or its target is resolved. */
export const MAX_HELD_DATAGRAMS = 16;

/** Bytes held for one UDP flow in the same time: sixteen full Initials. */
export const MAX_HELD_DATAGRAM_BYTES = 32 * 1024;

/** Bytes held for all such UDP flows of one engine together, so that a flood of first datagrams stays bounded. */
export const MAX_HELD_DATAGRAM_BYTES_TOTAL = 64 * 1024 * 1024;

/** How long a UDP flow may stay undecided: a lost half of a split ClientHello is sent again within 1–3 s. */
export const UDP_PROBE_TIMEOUT = 3_000;

/** Largest PROXY header: v1 is at most 107 bytes; a v2 header has a 16-bit length, which we cap well above real use. */
export const MAX_PROXY_HEADER = 4 * 1024;

/** Targets tried for one connection before the client is told. */
export const MAX_CONNECT_ATTEMPTS = 8;

/** Addresses kept of one DNS answer. */
export const MAX_ADDRESSES_PER_NAME = 32;

/** Pause of the accept loop after descriptors ran out. */
export const ACCEPT_PAUSE = 200;

/** Lines the access log may hold before it drops and counts. */
export const MAX_LOG_QUEUE = 65_536;
