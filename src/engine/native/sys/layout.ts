/**
 * What the kernel's and the C library's headers say: constants, and where the fields of structures are.
 *
 * Everything is the same on x86-64 and aarch64, both LP64 and little-endian, but for `epoll_event`, which
 * {@linkcode layoutFor} tells. Constants that differ between the two (`O_DIRECT` and its like) are not used. Headers are
 * named as in the kernel's `include/uapi/`.
 *
 * @module
 */

// linux/socket.h, asm-generic/socket.h, linux/net.h: families, types, levels.
export const AF_UNIX = 1;
export const AF_INET = 2;
export const AF_INET6 = 10;
export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
export const SOCK_NONBLOCK = 0o4000;
export const SOCK_CLOEXEC = 0o2000000;
export const SOL_SOCKET = 1;
export const SHUT_RD = 0;
export const SHUT_WR = 1;
export const SHUT_RDWR = 2;

// linux/in.h: protocols, which are levels too.
export const IPPROTO_IP = 0;
export const IPPROTO_TCP = 6;
export const IPPROTO_UDP = 17;
export const IPPROTO_IPV6 = 41;

// asm-generic/socket.h.
export const SO_REUSEADDR = 2;
export const SO_ERROR = 4;
export const SO_SNDBUF = 7;
export const SO_RCVBUF = 8;
export const SO_KEEPALIVE = 9;
export const SO_LINGER = 13;
export const SO_REUSEPORT = 15;
export const SO_MARK = 36;
export const SO_BUSY_POLL = 46;
export const SO_INCOMING_CPU = 49;

// linux/in.h.
export const IP_PKTINFO = 8;
export const IP_MTU_DISCOVER = 10;
export const IP_RECVERR = 11;
export const IP_FREEBIND = 15;
export const IP_TRANSPARENT = 19;
export const IP_BIND_ADDRESS_NO_PORT = 24; // Linux 4.2

// linux/in6.h.
export const IPV6_MTU_DISCOVER = 23;
export const IPV6_RECVERR = 25;
export const IPV6_V6ONLY = 26;
export const IPV6_RECVPKTINFO = 49;
export const IPV6_PKTINFO = 50;
export const IPV6_TRANSPARENT = 75;

// linux/tcp.h.
export const TCP_NODELAY = 1;
export const TCP_KEEPIDLE = 4;
export const TCP_KEEPINTVL = 5;
export const TCP_KEEPCNT = 6;
export const TCP_DEFER_ACCEPT = 9;
export const TCP_QUICKACK = 12;
export const TCP_USER_TIMEOUT = 18;
export const TCP_FASTOPEN = 23;
export const TCP_NOTSENT_LOWAT = 25;
export const TCP_FASTOPEN_CONNECT = 30; // Linux 4.11

// linux/udp.h.
export const UDP_SEGMENT = 103; // Linux 4.18
export const UDP_GRO = 104; // Linux 5.0

// linux/socket.h (kernel-internal part, as in glibc's bits/socket.h): flags of recv and send.
export const MSG_PEEK = 0x2;
export const MSG_CTRUNC = 0x8;
export const MSG_TRUNC = 0x20;
export const MSG_DONTWAIT = 0x40;
export const MSG_ERRQUEUE = 0x2000;
export const MSG_NOSIGNAL = 0x4000;
export const MSG_MORE = 0x8000;

// linux/eventpoll.h. EPOLLET is the sign bit: event masks are 32-bit integers, so that `|` of them is one as well.
export const EPOLL_CTL_ADD = 1;
export const EPOLL_CTL_DEL = 2;
export const EPOLL_CTL_MOD = 3;
export const EPOLLIN = 0x1;
export const EPOLLPRI = 0x2;
export const EPOLLOUT = 0x4;
export const EPOLLERR = 0x8;
export const EPOLLHUP = 0x10;
export const EPOLLRDHUP = 0x2000;
export const EPOLLONESHOT = 1 << 30;
export const EPOLLET = 1 << 31;
export const EPOLL_CLOEXEC = 0o2000000;

// linux/fcntl.h, asm-generic/fcntl.h, linux/eventfd.h.
export const O_NONBLOCK = 0o4000;
export const O_CLOEXEC = 0o2000000;
export const F_GETFD = 1;
export const F_GETFL = 3;
export const F_SETFL = 4;
export const F_SETPIPE_SZ = 1031;
export const F_GETPIPE_SZ = 1032;
export const EFD_NONBLOCK = 0o4000;
export const EFD_CLOEXEC = 0o2000000;

// fs/splice.h of the kernel, as in glibc's bits/fcntl-linux.h.
export const SPLICE_F_MOVE = 1;
export const SPLICE_F_NONBLOCK = 2;
export const SPLICE_F_MORE = 4;

// asm-generic/resource.h, asm-generic/signal.h, and glibc's and musl's sigset_t: 1,024 bits.
export const RLIMIT_NOFILE = 7;
export const SIG_BLOCK = 0;
export const SIGPIPE = 13;
export const SIGSET_SIZE = 128;

/** `struct sockaddr_in`, linux/in.h. Port and address are in network order. */
export const SOCKADDR_IN = { size: 16, family: 0, port: 2, address: 4 } as const;

/** `struct sockaddr_in6`, linux/in6.h. */
export const SOCKADDR_IN6 = {
  size: 28,
  family: 0,
  port: 2,
  flowInfo: 4,
  address: 8,
  scopeId: 24,
} as const;

/** `struct __kernel_sockaddr_storage`, linux/socket.h: room for any address. */
export const SOCKADDR_STORAGE_SIZE = 128;

/** `struct iovec`, linux/uio.h. */
export const IOVEC = { size: 16, base: 0, length: 8 } as const;

/**
 * `struct msghdr`, sys/socket.h of glibc. Three of its fields are 4 bytes with 4 of padding to POSIX and musl, and 8
 * bytes to the kernel and glibc: their upper halves must be zero. After `nameLength` there is padding for all.
 */
export const MSGHDR = {
  size: 56,
  name: 0,
  nameLength: 8,
  iov: 16,
  iovLength: 24,
  control: 32,
  controlLength: 40,
  flags: 48,
} as const;

/** `struct mmsghdr`, sys/socket.h of glibc: a msghdr, and the bytes that were moved. */
export const MMSGHDR = { size: 64, header: 0, length: 56 } as const;

/** `struct cmsghdr`, linux/socket.h. `length` is that of header and data; the next one starts at a multiple of 8. */
export const CMSGHDR = { size: 16, length: 0, level: 8, type: 12, data: 16, alignment: 8 } as const;

/** `struct in_pktinfo`, linux/in.h: `local` is the address to reply from, `destination` that of the header. */
export const IN_PKTINFO = { size: 12, interfaceIndex: 0, local: 4, destination: 8 } as const;

/** `struct in6_pktinfo`, linux/ipv6.h. */
export const IN6_PKTINFO = { size: 20, address: 0, interfaceIndex: 16 } as const;

/** `struct linger`, linux/socket.h. */
export const LINGER = { size: 8, onOff: 0, seconds: 4 } as const;

/** `struct rlimit`, linux/resource.h. */
export const RLIMIT = { size: 16, current: 0, maximum: 8 } as const;

/** What depends on the processor. */
export interface Layout {
  /** `struct epoll_event`, linux/eventpoll.h: `EPOLL_PACKED` on x86-64 alone. */
  readonly epollEvent: { readonly size: number; readonly events: number; readonly data: number };
}

const LAYOUTS: Readonly<Record<string, Layout>> = {
  "x86_64": { epollEvent: { size: 12, events: 0, data: 4 } },
  "aarch64": { epollEvent: { size: 16, events: 0, data: 8 } },
};

/** The layout on a processor, named as in `Deno.build.arch`; null where the native engine does not know it. */
export function layoutFor(arch: string): Layout | null {
  return LAYOUTS[arch] ?? null;
}
