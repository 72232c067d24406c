/**
 * The C functions that the native engine calls: the one table of what is declared to `Deno.dlopen`.
 *
 * A wrong line here is a wrong call into native code that nothing checks, so each follows its manual page (section 2
 * or 3) and these rules:
 *
 * - An `int` is `i32`, a `socklen_t` or `unsigned` is `u32`, memory is `buffer`: calls with these alone are compiled
 *   to direct calls. A `usize` or `isize` is a bigint to Deno: with a number in its place, or as a result, it makes the
 *   call 60 to 100 ns dearer, which is ten times what it costs else.
 * - So a `ssize_t` result is `i32`: the engine never asks for 2 GiB, and the low half of -1 is -1.
 * - A `size_t` argument is `u32`. The ABIs leave the upper half of its register undefined, but what comes from a
 *   JavaScript number in 0..2^31-1 has zeros there on x86-64 and aarch64, however it was computed; {@linkcode Libc}
 *   lets no other number through.
 * - An address is a `usize`: as a bigint that was made once it costs nothing, so the rule for those is to keep them.
 *
 * All of them are in glibc from 2.14 and in musl from 1.1.
 *
 * @module
 */

/** Each symbol with its types, as its manual page has them. */
export const LIBC_SYMBOLS = {
  // Sockets.
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  socketpair: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" },
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  listen: { parameters: ["i32", "i32"], result: "i32" },
  accept4: { parameters: ["i32", "buffer", "buffer", "i32"], result: "i32" },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  getsockname: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  getpeername: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  getsockopt: { parameters: ["i32", "i32", "i32", "buffer", "buffer"], result: "i32" },
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  recv: { parameters: ["i32", "buffer", "u32", "i32"], result: "i32" },
  send: { parameters: ["i32", "buffer", "u32", "i32"], result: "i32" },
  recvmmsg: { parameters: ["i32", "buffer", "u32", "i32", "pointer"], result: "i32" },
  sendmmsg: { parameters: ["i32", "buffer", "u32", "i32"], result: "i32" },
  shutdown: { parameters: ["i32", "i32"], result: "i32" },

  // Descriptors and pipes. The third argument of fcntl is variadic, which both ABIs pass as they pass any other.
  close: { parameters: ["i32"], result: "i32" },
  read: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  write: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  fcntl: { parameters: ["i32", "i32", "i32"], result: "i32" },
  pipe2: { parameters: ["buffer", "i32"], result: "i32" },
  splice: { parameters: ["i32", "pointer", "i32", "pointer", "u32", "u32"], result: "i32" },
  getrlimit: { parameters: ["i32", "buffer"], result: "i32" },

  // Readiness.
  epoll_create1: { parameters: ["i32"], result: "i32" },
  epoll_ctl: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" },
  epoll_wait: { parameters: ["i32", "buffer", "i32", "i32"], result: "i32" },
  eventfd: { parameters: ["u32", "i32"], result: "i32" },

  // Signals. Returns an errno instead of setting it.
  pthread_sigmask: { parameters: ["i32", "buffer", "pointer"], result: "i32" },

  // Memory: where errno is (LSB Core 5.0 §13.5 has the name), what it holds, and where a buffer is. Deno.UnsafePointer
  // could tell as well, but only with the permission for every library; these need none but that for libc.
  __errno_location: { parameters: [], result: "usize" },
  memcpy: { parameters: ["usize", "usize", "u32"], result: "void" },
  memset: { parameters: ["buffer", "i32", "u32"], result: "usize" },
} as const satisfies Deno.ForeignLibraryInterface;
