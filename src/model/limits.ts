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

/** ALPN names of one ClientHello: IANA knows some forty. They are kept for as long as the flow lives. */
export const MAX_ALPN_NAMES = 128;

/**
 * Bytes of a client that the server of ECH retry configurations takes until the client has data for somebody: two hellos
 * of some 2 KiB each, 0-RTT data (servers allow 16 KiB at most as a rule), and Finished.
 */
export const MAX_ECH_RETRY_BYTES = 64 * 1024;

/**
 * Records of 0-RTT data that the same server passes over. There is no key for them, which takes some 30 µs each to find out:
 * all of them as much as the handshake itself. Clients write 0-RTT data in a few.
 */
export const MAX_SKIPPED_TLS_RECORDS = 48;

/**
 * Records without data that a TLS client may send beyond those with data; a KeyUpdate counts as four. Each costs work and
 * brings nothing.
 */
export const MAX_EMPTY_TLS_RECORDS = 32;

/**
 * Longest HTTP request line that is waited for; servers are asked to take 8,000 bytes (RFC 9112 §3), few take 16 KiB. The
 * same for RTSP and SIP, whose lines look alike until they end: when one detector gives up, so do the others.
 */
export const MAX_HTTP_REQUEST_LINE = 16 * 1024;

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

/**
 * What a CRYPTO frame of a held datagram counts as beside its bytes: with a few of them in each, it may take far more memory
 * than the datagram. Chromium sends some ten in an Initial.
 */
export const HELD_CRYPTO_PIECE_BYTES = 256;

/** Bytes held for all such UDP flows of one engine together, so that a flood of first datagrams stays bounded. */
export const MAX_HELD_DATAGRAM_BYTES_TOTAL = 64 * 1024 * 1024;

/** QUIC packets looked at in one datagram. Clients coalesce up to four: Initial, 0-RTT, Handshake, 1-RTT. */
export const MAX_COALESCED_PACKETS = 8;

/**
 * Attempts to connect by QUIC that one flow is followed through while its hello is replaced: the first, the one after a
 * Retry, and those of a client that begins anew, in another version or with another connection.
 */
export const MAX_QUIC_ATTEMPTS = 4;

/**
 * Pieces of ClientHellos held for one UDP flow, whose client may have begun several connections. Clients that scramble
 * theirs send some tens; each takes some 150 bytes beside what it says, so that all of them weigh about what the bytes do
 * that may be held.
 */
export const MAX_CRYPTO_SEGMENTS = 256;

/**
 * IDs by which UDP flows are known beside the client's address: a connection by QUIC has one or two, a WireGuard session
 * one every two minutes. An entry takes 44 bytes.
 */
export const MAX_FLOW_IDS = 64 * 1024;

/** Entries among which the one of an ID is: with eight, few are lost before the table is full. */
export const FLOW_ID_WAYS = 8;

/** IDs of one flow that are kept from making room: a client may have several connections from one port. */
export const MAX_LEARNED_PER_FLOW = 8;

/**
 * Least length of a connection ID that is learned: a shorter one would be found in datagrams of something else by chance.
 * Servers give 4 bytes and more, or none at all.
 */
export const MIN_LEARNED_CONNECTION_ID = 4;

/**
 * How long a WireGuard session can be used: REJECT_AFTER_TIME from when it is there (WireGuard whitepaper §6.1), which its
 * index may go ahead of by the REKEY_TIMEOUT that an initiation waits for its response.
 */
export const WIREGUARD_INDEX_LIFETIME = 185_000;

/**
 * How long a UDP flow may stay undecided, and a datagram wait in a filter: a lost half of a split ClientHello is sent again
 * within 1–3 s.
 */
export const UDP_PROBE_TIMEOUT = 3_000;

/** Largest PROXY header: v1 is at most 107 bytes; a v2 header has a 16-bit length, which we cap well above real use. */
export const MAX_PROXY_HEADER = 4 * 1024;

/** Targets tried for one connection before the client is told. */
export const MAX_CONNECT_ATTEMPTS = 8;

/**
 * How long a client that was told why its connection ends may take to read it: a connection that is closed while bytes of
 * the client's are still under way is reset, and a reset destroys what the client has not read (RFC 9112 §9.6).
 */
export const LINGER_TIMEOUT = 2_000;

/** Bytes of such a client that are read and thrown away: more than one round trip brings of early data, and no download. */
export const MAX_LINGER_BYTES = 256 * 1024;

/**
 * Failed tries to open a hello with ECH that a source has in a second. One takes 0.1 ms of a worker that does nothing else
 * and up to 0.7 ms of one that does much, so a source costs a worker 1 % of its time. Clients hardly need any: one whose
 * configuration is old tries once, then uses the one that it is given, and GREASE is for a key of ours by chance only (one
 * hello in 256 for each key).
 */
export const ECH_FAILURES_PER_SECOND = 16;

/**
 * The same at a time: when keys were replaced, many clients behind one address come with the old configuration, and who is
 * turned away gets no new one.
 */
export const ECH_FAILURE_BURST = 256;

/** Failed tries that a handshake counts as which hands out configurations: it takes some ten times as long as one. */
export const ECH_HANDSHAKE_TRIES = 10;

/** Sources with failed tries that are remembered. An entry takes some 200 bytes. */
export const MAX_ECH_SOURCES = 8 * 1024;

/**
 * Time for a handshake that hands out configurations, or `probe_timeout` where that is longer: up to three round trips, on
 * slow links too. `probe_timeout` is about what a client says unasked, and may be set so short that no handshake fits in.
 */
export const ECH_RETRY_TIMEOUT = 10_000;

/** Addresses kept of one DNS answer. */
export const MAX_ADDRESSES_PER_NAME = 32;

/** Pause of the accept loop after descriptors ran out. */
export const ACCEPT_PAUSE = 200;

/** Lines that a log may hold before it drops and counts. */
export const MAX_LOG_QUEUE = 65_536;

/** Bytes of log lines held in the same way: about what as many lines of the usual length come to. */
export const MAX_LOG_QUEUE_BYTES = 16 * 1024 * 1024;

/** Characters of one value that a client chose (server name, ALPN list) which are written to a log. */
export const MAX_LOGGED_VALUE = 256;

/** Time that the lines still queued have to get out at shutdown. */
export const LOG_CLOSE_TIMEOUT = 2_000;

/** Time for one DNS look-up: longer than a lost query and its retry, shorter than a client's patience. */
export const DNS_LOOKUP_TIMEOUT = 5_000;

/** How long a look-up with an answer for one address family waits for the other. */
export const DNS_FAMILY_WAIT = 500;

/** How long a flow waits for a refresh before it gets the expired addresses (RFC 8767 §5, client response timer). */
export const DNS_STALE_WAIT = 250;

/** How long a failed look-up counts, so that a dead name is not asked for by every flow (RFC 2308 §7 allows 5 min). */
export const DNS_NEGATIVE_TTL = 5_000;

/** How often a silent relay asks whether a connection that it does not read from was reset meanwhile. */
export const STALL_PROBE_INTERVAL = 1_000;

/** Datagrams that wait for one UDP session's socket in one direction; more are dropped, as a full socket would. */
export const MAX_QUEUED_DATAGRAMS = 64;

/** Bytes of such datagrams. */
export const MAX_QUEUED_DATAGRAM_BYTES = 128 * 1024;

/** Shortest time between two notices about the same limit. */
export const LIMIT_NOTICE_INTERVAL = 10_000;

/** Threads of the native engine: as many as one byte can tell apart, and more than most machines have cores. */
export const MAX_WORKERS = 255;

/** Bytes of reports that a native worker has told of and the main thread has not read yet: some ten thousand flows. */
export const REPORT_RING = 2 * 1024 * 1024;

/** How long a native worker uses the addresses of a name before it asks the main thread's cache again. */
export const RESOLUTION_REUSE = 1_000;

/** Answers about net permissions that a native worker remembers. */
export const MAX_CACHED_PERMISSIONS = 4_096;

/** Snapshots whose services have a number between native workers and the main thread; flows may outlive more. */
export const NUMBERED_SNAPSHOTS = 8;

/** How long a native worker must have run to be started again at once when it fails, and else waits for it. */
export const WORKER_RESTART_PAUSE = 1_000;

/** Time that a native worker has to end when it is told to, before it is ended from outside. */
export const WORKER_STOP_TIMEOUT = 5_000;

/** Connections that one listener of the native engine accepts in one turn: those that are open want their turn as well. */
export const MAX_TURN_ACCEPTS = 64;

/** Bytes that one direction of a relay moves in one turn of a worker: four times its buffer, some 0.2 ms. */
export const MAX_TURN_BYTES = 1024 * 1024;

/** Reads that one direction makes in one turn: a bound for reads that bring a byte each. */
export const MAX_TURN_READS = 16;

/** Size that the pipes are given through which bulk data passes: the most that Linux grants without privileges. */
export const PIPE_SIZE = 1024 * 1024;

/** Spare pipes of one worker. More are only in use while that many directions are stuck. */
export const MAX_SPARE_PIPES = 64;

/** Turns in a row that must be large, or small, before a direction changes to a pipe, or back to the buffer. */
export const BULK_TURNS = 4;

/** Bytes moved in one turn from which on it counts as large. */
export const BULK_TURN = 128 * 1024;

/** Bytes moved in one turn below which it counts as small. */
export const SMALL_TURN = 16 * 1024;

/** Datagrams that one UDP port takes in one turn of a worker: enough that the calls they share cost little. */
export const UDP_RECEIVE_BATCH = 64;

/** Datagrams of one target that sends in bulk which a session takes in one turn. */
export const UDP_REPLY_BATCH = 8;

/**
 * Replies of a target that are taken for the answer to one datagram of its client, when it is found out whether it sends
 * in bulk. A QUIC receiver acknowledges every second packet at least (RFC 9000 §13.2.2).
 */
export const UDP_REPLIES_PER_REQUEST = 1.5;

/** Replies beyond those from which on a target is taken to send in bulk. */
export const UDP_BULK_SURPLUS = 32;

/** Replies that a worker collects before it sends them: few enough to be in the processor's cache still. */
export const UDP_REPLY_SLOTS = 64;

/** Datagrams that one send may carry: the kernel's bound from Linux 4.18 on (UDP_MAX_SEGMENTS), 128 since 6.9. */
export const MAX_SEGMENTS = 64;

/** Bytes that one send may carry: the most that IPv4 has room for beside its header and that of UDP. */
export const MAX_SEGMENTED_BYTES = 65_507;

/** Bytes that wait for a worker in one UDP port's socket: some milliseconds at full speed, more would only age. */
export const UDP_SOCKET_BUFFER = 2 * 1024 * 1024;
