import assert from "node:assert/strict";
import { DenoNetPermissions } from "../../../../src/engine/native/net_permissions.ts";

const LISTED = { host: "127.0.0.1", port: 80 };

Deno.test({
  name: "DenoNetPermissions allows what is listed alone",
  permissions: { net: ["127.0.0.1:80", "[::1]:443"] },
  fn: () => {
    const permissions = new DenoNetPermissions();
    for (let round = 0; round < 2; round++) {
      assert(permissions.allows(LISTED));
      assert(permissions.allows({ host: "::1", port: 443 }));
      assert(!permissions.allows({ host: "127.0.0.1", port: 81 }));
      assert(!permissions.allows({ host: "192.0.2.1", port: 80 }));
    }
  },
});

Deno.test({
  name: "DenoNetPermissions allows everything with --allow-net",
  permissions: { net: true },
  fn: () => assert(new DenoNetPermissions().allows({ host: "192.0.2.1", port: 1 })),
});

Deno.test({
  name: "DenoNetPermissions allows nothing without it",
  permissions: { net: false },
  fn: () => assert(!new DenoNetPermissions().allows(LISTED)),
});
