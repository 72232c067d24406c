import assert from "node:assert/strict";
import { ListenError } from "../../../src/app/listen_error.ts";
import type { ListenerSpec } from "../../../src/model/snapshot.ts";

const spec = (host: string, port: number, transport: "tcp" | "udp" = "tcp"): ListenerSpec => ({
  transport,
  address: { host, port },
  backlog: 1024,
});

Deno.test("ListenError says what cannot be listened on, why, and what to do", () => {
  const cases: [ListenerSpec, Error, string, RegExp][] = [
    [
      spec("0.0.0.0", 443),
      new Deno.errors.PermissionDenied(),
      `Cannot listen on tcp "0.0.0.0:443": permission denied`,
      /CAP_NET_BIND_SERVICE.*ip_unprivileged_port_start=443/,
    ],
    [
      spec("0.0.0.0", 8443),
      new Deno.errors.PermissionDenied(),
      `Cannot listen on tcp "0.0.0.0:8443": permission denied`,
      /security policy/,
    ],
    [
      spec("::", 53, "udp"),
      new Deno.errors.AddrInUse(),
      `Cannot listen on udp "[::]:53": address already in use`,
      /ss -ulnp sport = :53/,
    ],
    [
      spec("192.0.2.1", 443),
      new Deno.errors.AddrNotAvailable(),
      `Cannot listen on tcp "192.0.2.1:443": no interface of this machine has the address`,
      /listen_address_v4 = "0\.0\.0\.0"/,
    ],
    [
      spec("::1", 443),
      new Deno.errors.NotCapable(),
      `Cannot listen on tcp "[::1]:443": not permitted by --allow-net`,
      /"\[::1\]:443"/,
    ],
    [
      spec("::1", 443),
      new Error("this system has no IPv6"),
      `Cannot listen on tcp "[::1]:443": this system has no IPv6`,
      /system/,
    ],
  ];
  for (const [of, cause, message, hint] of cases) {
    const error = new ListenError(of, cause);
    assert.equal(error.message, message);
    assert.match(error.hint, hint);
    assert.equal(error.cause, cause);
  }
});
