/**
 * Choosing among the targets of a service.
 *
 * @module
 */

import { orderTargets } from "../../src/pipeline/balance.ts";
import { address, service, target } from "../../tests/support/snapshot_builder.ts";

const CLIENT = address("192.0.2.77:51234");

for (const loadBalance of ["none", "source_ip", "source_socket", "random"] as const) {
  for (const count of [1, 3, 16]) {
    const targets = Array.from({ length: count }, (_, i) => target(`10.0.0.${i}:8443`));
    const balanced = service("s", { targets, loadBalance });
    let seed = 0;
    Deno.bench(`${loadBalance}, targets: ${count}`, { group: `targets: ${count}` }, () => {
      orderTargets(balanced, CLIENT, seed++);
    });
  }
}
