import assert from "node:assert/strict";
import * as errno from "../../../../../src/engine/native/sys/errno.ts";

Deno.test("errorCodeOf() names what the system reports", () => {
  assert.equal(errno.errorCodeOf(errno.ECONNREFUSED), "connection_refused");
  assert.equal(errno.errorCodeOf(errno.ETIMEDOUT), "connect_timeout");
  assert.equal(errno.errorCodeOf(errno.EHOSTUNREACH), "host_unreachable");
  assert.equal(errno.errorCodeOf(errno.ENETUNREACH), "network_unreachable");
  assert.equal(errno.errorCodeOf(errno.EMFILE), "too_many_files");
  assert.equal(errno.errorCodeOf(errno.EADDRNOTAVAIL), "address_not_available");
  assert.equal(errno.errorCodeOf(errno.ECONNRESET), "connection_reset");
  assert.equal(errno.errorCodeOf(errno.EPIPE), "connection_reset");
  assert.equal(errno.errorCodeOf(4242), "io_error");
});

Deno.test("systemError() throws what Deno's own sockets would", () => {
  const inUse = errno.systemError(errno.EADDRINUSE, "bind");
  assert.ok(inUse instanceof Deno.errors.AddrInUse);
  assert.equal(inUse.message, "bind: address already in use (EADDRINUSE)");
  assert.equal(inUse.code, "EADDRINUSE");
  assert.ok(
    errno.systemError(errno.EADDRNOTAVAIL, "bind") instanceof Deno.errors.AddrNotAvailable,
  );
  assert.ok(errno.systemError(errno.EACCES, "bind") instanceof Deno.errors.PermissionDenied);
  assert.ok(errno.systemError(errno.EPERM, "bind") instanceof Deno.errors.PermissionDenied);
  assert.equal(errno.systemError(4242, "bind").message, "bind: unknown error (E4242)");
});

Deno.test("every error number has its own name and meaning", () => {
  const numbers = Object.entries(errno).filter(([, value]) => typeof value === "number");
  for (const [name, value] of numbers) {
    if (typeof value === "number") assert.equal(errno.errnoName(value), name);
  }
  assert.ok(numbers.length > 20);
});

Deno.test("errors are told apart by whom they concern", () => {
  assert.equal(errno.isShortage(errno.EMFILE), true);
  assert.equal(errno.isShortage(errno.ECONNABORTED), false);
  assert.equal(errno.isAcceptTransient(errno.ECONNABORTED), true);
  assert.equal(errno.isAcceptTransient(errno.EMFILE), false);
  assert.equal(errno.isAcceptTransient(errno.EBADF), false);
  assert.equal(errno.isDatagramTransient(errno.EMSGSIZE), true);
  assert.equal(errno.isDatagramTransient(errno.EHOSTUNREACH), false);
});
