/**
 * What it costs to know flows by IDs: for each reply of a flow, and for the first datagram of an unknown sender.
 *
 * @module
 */

import { findKnownFlow, FlowIdLearner } from "../../src/pipeline/flow_ids.ts";
import { flowIdMemory, FlowIdTable } from "../../src/pipeline/flow_id_table.ts";
import {
  address,
  protocolRoutes,
  service,
  snapshot,
  target,
} from "../../tests/support/snapshot_builder.ts";

const QUIC = service("quic", { transport: "udp", protocol: "quic" });
const ROUTES = snapshot({ udp: protocolRoutes({ quic: QUIC }) });
const ROUTE = {
  protocol: "quic",
  service: QUIC,
  target: target("10.0.0.1:80"),
  address: address("10.0.0.1:80"),
} as const;

const table = new FlowIdTable(flowIdMemory([1, 2]));
const learner = new FlowIdLearner(table, ROUTE);

/** A packet of a server, which gives an ID. */
const LONG = Uint8Array.of(0xc0, 0, 0, 0, 1, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0);
for (let id = 0; id < 65_536; id++) {
  new DataView(LONG.buffer).setUint32(7, id);
  learner.learn(LONG, 0);
}
const KNOWN = Uint8Array.of(0x40, ...LONG.subarray(7), ...new Uint8Array(1_190));
const UNKNOWN = KNOWN.map((byte, index) => index === 5 ? 1 : byte);

Deno.bench("look at a reply with a short header", () => {
  learner.isOfUse(KNOWN[0]);
});

Deno.bench("learn an ID", () => {
  new FlowIdLearner(table, ROUTE).learn(LONG, 0);
});

for (const [name, datagram] of Object.entries({ known: KNOWN, unknown: UNKNOWN })) {
  Deno.bench(`first datagram of a sender, by an ID that is ${name}`, () => {
    findKnownFlow(table, datagram, ROUTES, "192.0.2.1", 0);
  });
}
