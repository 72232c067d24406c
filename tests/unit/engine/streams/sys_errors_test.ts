import assert from "node:assert/strict";
import {
  closeQuietly,
  errorCodeOf,
  isAcceptTransient,
  isDatagramTransient,
  isOwnClose,
  isShortage,
} from "../../../../src/engine/streams/sys_errors.ts";

function systemError(code: string): Error {
  return Object.assign(new Error(code), { code });
}

Deno.test("errorCodeOf() names what the system reports", () => {
  const names = {
    ECONNREFUSED: "connection_refused",
    ETIMEDOUT: "connect_timeout",
    EHOSTUNREACH: "host_unreachable",
    ENETUNREACH: "network_unreachable",
    EMFILE: "too_many_files",
    ENFILE: "too_many_files",
    EADDRNOTAVAIL: "address_not_available",
    ECONNRESET: "connection_reset",
    EPIPE: "connection_reset",
    ESTRANGE: "io_error",
  };
  for (const [code, name] of Object.entries(names)) {
    assert.equal(errorCodeOf(systemError(code)), name);
  }
  assert.equal(errorCodeOf("no error at all"), "io_error");
});

Deno.test({
  name: "errorCodeOf() tells a missing permission from a refusal",
  permissions: { net: false },
  fn: async () => {
    const error = await Deno.connect({ hostname: "127.0.0.1", port: 1 }).catch((error) => error);
    assert.equal(errorCodeOf(error), "not_permitted");
  },
});

Deno.test("errorCodeOf() names a real refusal", async () => {
  const error = await Deno.connect({ hostname: "127.0.0.1", port: 1 }).catch((error) => error);
  assert.equal(errorCodeOf(error), "connection_refused");
});

Deno.test("isOwnClose() knows an operation that our close has ended", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepted = listener.accept().catch((error) => error);
  listener.close();
  assert.equal(isOwnClose(await accepted), true);
  assert.equal(isOwnClose(systemError("ECONNRESET")), false);
});

Deno.test("closeQuietly() may be called for what is closed", () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  closeQuietly(listener);
  closeQuietly(listener);
  assert.throws(() => listener.close(), Deno.errors.BadResource);
});

Deno.test("errors are told apart by whom they concern", () => {
  assert.equal(isShortage(systemError("EMFILE")), true);
  assert.equal(isShortage(systemError("ECONNABORTED")), false);
  assert.equal(isAcceptTransient(systemError("ECONNABORTED")), true);
  assert.equal(isAcceptTransient(systemError("EMFILE")), false);
  assert.equal(isDatagramTransient(systemError("EMSGSIZE")), true);
  assert.equal(isDatagramTransient(systemError("EHOSTUNREACH")), false);
});
