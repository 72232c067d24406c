/**
 * Routing costs the same with ten server names as with ten thousand.
 *
 * @module
 */

import type { AlpnTable } from "../../src/model/snapshot.ts";
import { route } from "../../src/pipeline/route.ts";
import {
  alpnTable,
  detected,
  namedRoutes,
  routeTable,
  service,
} from "../../tests/support/snapshot_builder.ts";

for (const count of [10, 10_000]) {
  const exact: Record<string, AlpnTable> = {};
  const wildcard: Record<string, AlpnTable> = {};
  for (let i = 0; i < count; i++) {
    exact[`host${i}.example.com`] = alpnTable({ h2: service(`h2 ${i}`) }, service(`any ${i}`));
    wildcard[`zone${i}.example.com`] = alpnTable({}, service(`zone ${i}`));
  }
  const table = routeTable({ byName: namedRoutes("tls", { exact, wildcard }) });
  const last = count - 1;
  const alpn = ["h2", "http/1.1"];
  const hellos = {
    "SNI and ALPN": detected({ sni: `host${last}.example.com`, alpn }),
    "wildcard": detected({ sni: `www.zone${last}.example.com`, alpn }),
    "unknown name": detected({ sni: "www.example.net", alpn }),
  };
  for (const [name, hello] of Object.entries(hellos)) {
    Deno.bench(`${name}, ${count} names`, { group: name, baseline: count === 10 }, () => {
      route(table, hello, "target");
    });
  }
}
