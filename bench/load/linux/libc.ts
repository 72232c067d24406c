/**
 * The system calls that load programs make: Deno's own sockets would be slower than the proxies that are measured.
 * Linux with glibc, x86-64 and aarch64.
 *
 * @module
 */

const LIBC = Deno.dlopen("libc.so.6", {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  listen: { parameters: ["i32", "i32"], result: "i32" },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  accept4: { parameters: ["i32", "pointer", "pointer", "i32"], result: "i32" },
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  // Lengths are far below 2³¹, so that the half of the result that is read is all of it.
  send: { parameters: ["i32", "buffer", "usize", "i32"], result: "i32" },
  recv: { parameters: ["i32", "buffer", "usize", "i32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  epoll_create1: { parameters: ["i32"], result: "i32" },
  epoll_ctl: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" },
  epoll_pwait2: { parameters: ["i32", "buffer", "i32", "buffer", "pointer"], result: "i32" },
  recvmmsg: { parameters: ["i32", "buffer", "u32", "i32", "pointer"], result: "i32" },
  sendmmsg: { parameters: ["i32", "buffer", "u32", "i32"], result: "i32" },
  prctl: { parameters: ["i32", "u64", "u64", "u64", "u64"], result: "i32" },
  __errno_location: { parameters: [], result: "pointer" },
});

/** The C library's functions, as their manual pages have them. */
export const libc = LIBC.symbols;

/** `errno` of the last call: valid only where that failed. */
export function errno(): number {
  const location = libc.__errno_location();
  if (location === null) throw new Error("The C library has no errno");
  return new Deno.UnsafePointerView(location).getInt32();
}

/** The result of a call, which must not be negative. */
export function checked(call: string, result: number): number {
  if (result < 0) throw new Error(`Cannot ${call}: errno ${errno()}`);
  return result;
}
