import assert from "node:assert/strict";
import { MAX_LEARNED_PER_FLOW, WIREGUARD_INDEX_LIFETIME } from "../../../src/model/limits.ts";
import type { UdpFlowAction } from "../../../src/model/flow.ts";
import type { Condition, QuicLbConfig, Snapshot } from "../../../src/model/snapshot.ts";
import { flowIdMemory, FlowIdTable } from "../../../src/pipeline/flow_id_table.ts";
import { UdpFlow } from "../../../src/pipeline/udp_flow.ts";
import { parseCidr } from "../../../src/proto/cidr.ts";
import { buildClientHello, concat } from "../../support/client_hello_builder.ts";
import { EchClient, echKey, echSettings, nameMap } from "../../support/ech_client.ts";
import { pingFrame, sealClientHello, sealInitial } from "../../support/quic_initial_builder.ts";
import {
  address,
  protocolRoutes,
  routeTable,
  service,
  snapshot,
  target,
} from "../../support/snapshot_builder.ts";

const LOCAL = address("198.51.100.1:443");
const HOME = address("192.0.2.1:5000");
const AWAY = address("203.0.113.9:6000");
const SERVER = target("10.0.0.1:443");
const NAMED = target("named.test:443");
const QUIC = service("h3", {
  transport: "udp",
  protocol: "quic",
  targets: [SERVER, NAMED],
  idleMs: 9,
});
const WIREGUARD = service("wg", { transport: "udp", protocol: "wireguard", targets: [SERVER] });
const ROUTES = snapshot({ udp: protocolRoutes({ quic: QUIC, wireguard: WIREGUARD }) });

const HELLO = sealClientHello(buildClientHello({ serverName: "a.test" }));
const ID = Uint8Array.fromHex("a1a2a3a4a5a6a7a8");
const INITIATION = message(1, 148);
const RESPONSE = message(2, 92);
const DATA = message(4, 32);

/** A WireGuard message whose first index is 01020304. */
function message(type: number, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  bytes.set([type, 0, 0, 0, 1, 2, 3, 4]);
  return bytes;
}

function shortHeader(id: Uint8Array, first = 0x40): Uint8Array {
  return concat(Uint8Array.of(first), id, new Uint8Array(30));
}

function answer(scid: Uint8Array): Uint8Array {
  return sealInitial({ scid, sender: "server", frames: [pingFrame()] });
}

function table(): FlowIdTable {
  return new FlowIdTable(flowIdMemory([1, 2], 64));
}

/** What becomes of a client's first datagram. */
function begin(ids: FlowIdTable | null, datagram: Uint8Array, options: {
  readonly from?: typeof HOME;
  readonly snapshot?: Snapshot;
  readonly now?: number;
} = {}): { readonly flow: UdpFlow; readonly action: UdpFlowAction } {
  const { from = HOME, snapshot = ROUTES, now = 0 } = options;
  const flow = new UdpFlow({ snapshot, peer: from, local: LOCAL, seed: 0 }, ids);
  return { flow, action: flow.next({ kind: "datagrams", held: [datagram] }, now) };
}

/** A client at home gets an ID from its server. */
function learn(ids: FlowIdTable, first: Uint8Array, reply: Uint8Array, snapshot = ROUTES): void {
  const learner = begin(ids, first, { snapshot }).flow.learner();
  assert.ok(learner !== null);
  assert.ok(learner.isOfUse(reply[0]));
  learner.learn(reply, 0);
}

const DROPPED: UdpFlowAction = { kind: "drop", outcome: { reason: "dropped" } };

Deno.test("UdpFlow forwards a moved QUIC client to the address that it had", () => {
  const ids = table();
  learn(ids, HELLO, answer(ID));
  const { flow, action } = begin(ids, shortHeader(ID), { from: AWAY });
  const to = { target: SERVER, address: { host: "10.0.0.1", port: 443 } };
  assert.deepEqual(action, { kind: "forward", ...to, from: null, idleMs: 9 });
  assert.equal(flow.facts().service, QUIC);
  assert.equal(flow.facts().source, AWAY);
  assert.equal(flow.facts().detected?.protocol, "quic");
  assert.ok(flow.learner() !== null, "and goes on to learn");
});

Deno.test("UdpFlow keeps a moved client to the address of a name, whatever it resolves to now", () => {
  const ids = table();
  const only = service("h3", { transport: "udp", protocol: "quic", targets: [NAMED] });
  const routes = snapshot({ udp: protocolRoutes({ quic: only }) });
  const { flow } = begin(ids, HELLO, { snapshot: routes });
  const resolved = [address("[2001:db8::7]:443")];
  flow.next({ kind: "resolved", addresses: resolved }, 0);
  flow.learner()?.learn(answer(ID), 0);
  const { action } = begin(ids, shortHeader(ID), { from: AWAY, snapshot: routes });
  assert.ok(action.kind === "forward");
  assert.deepEqual(action.address, resolved[0]);
});

Deno.test("UdpFlow sends from the moved client's address when the service is transparent", () => {
  const ids = table();
  const seen = { ...QUIC, transparent: true };
  const routes = snapshot({ udp: protocolRoutes({ quic: seen }) });
  learn(ids, HELLO, answer(ID), routes);
  const { action } = begin(ids, shortHeader(ID), { from: AWAY, snapshot: routes });
  assert.ok(action.kind === "forward");
  assert.equal(action.from, AWAY);
});

Deno.test("UdpFlow knows nothing without a table, or by an ID of nobody's", () => {
  const ids = table();
  learn(ids, HELLO, answer(ID));
  assert.deepEqual(begin(null, shortHeader(ID)).action, DROPPED);
  assert.equal(begin(null, HELLO).flow.learner(), null);
  assert.deepEqual(begin(ids, shortHeader(ID.map((byte) => byte ^ 1))).action, DROPPED);
  assert.deepEqual(begin(ids, shortHeader(ID).subarray(0, 8)).action, DROPPED);
});

Deno.test("UdpFlow forgets where a moved client was when the target is gone from the configuration", () => {
  const ids = table();
  learn(ids, HELLO, answer(ID));
  const others: readonly Snapshot[] = [
    snapshot({ udp: protocolRoutes({ quic: { ...QUIC, targets: [NAMED] } }) }),
    snapshot({ udp: protocolRoutes({ quic: { ...QUIC, name: "other" } }) }),
  ];
  for (const routes of others) {
    assert.deepEqual(begin(ids, shortHeader(ID), { snapshot: routes }).action, DROPPED);
  }
  const reloaded = snapshot({ udp: protocolRoutes({ quic: { ...QUIC, idleMs: 7 } }) });
  const { action } = begin(ids, shortHeader(ID), { snapshot: reloaded });
  assert.ok(action.kind === "forward");
  assert.equal(action.idleMs, 7, "what is new counts");
});

Deno.test("UdpFlow lets no client move to where its service is not for it", () => {
  const ids = table();
  const block = parseCidr("192.0.2.0/24");
  assert.ok(block !== null);
  const conditions: readonly Condition[] = [
    { kind: "alpn", names: new Set(["h3"]) },
    { kind: "sources", blocks: [block] },
  ];
  const udp = routeTable({
    conditional: new Map([["quic", [{ service: QUIC, conditions }]]]),
    sought: ["quic"],
  });
  const routes = snapshot({ udp });
  const hello = sealClientHello(buildClientHello({ serverName: "a.test", alpn: ["h3"] }));
  learn(ids, hello, answer(ID), routes);
  const within = address("192.0.2.200:1");
  const moved = begin(ids, shortHeader(ID), { from: within, snapshot: routes });
  assert.equal(moved.action.kind, "forward");
  assert.deepEqual(begin(ids, shortHeader(ID), { from: AWAY, snapshot: routes }).action, DROPPED);
});

Deno.test("UdpFlow lets no client move behind an inner name where the service is not for it", () => {
  const ids = table();
  const block = parseCidr("192.0.2.0/24");
  assert.ok(block !== null);
  const key = echKey({ publicName: "public.test" });
  const inner = service("h3", {
    ...{ transport: "udp", protocol: "quic", targets: [target("10.0.0.9:443")], isPrivate: true },
  });
  const outer = { ...QUIC, ech: echSettings({ keys: [key], names: nameMap({ "a.test": inner }) }) };
  const udp = routeTable({
    conditional: new Map([[
      "quic",
      [{ service: outer, conditions: [{ kind: "sources", blocks: [block] }] }],
    ]]),
    sought: ["quic"],
  });
  const routes = snapshot({ udp });
  const hello = EchClient.seeded(key).hello({ inner: { serverName: "a.test" } }).outer;
  learn(ids, sealClientHello(hello), answer(ID), routes);
  const within = address("192.0.2.200:1");
  const { action } = begin(ids, shortHeader(ID), { from: within, snapshot: routes });
  assert.ok(action.kind === "forward");
  assert.equal(action.target, inner.targets[0]);
  assert.deepEqual(begin(ids, shortHeader(ID), { from: AWAY, snapshot: routes }).action, DROPPED);
});

Deno.test("UdpFlow looks for short IDs only behind the fixed bit", () => {
  const ids = table();
  const short = ID.subarray(0, 4);
  learn(ids, HELLO, answer(short));
  assert.equal(begin(ids, shortHeader(short)).action.kind, "forward");
  assert.deepEqual(begin(ids, shortHeader(short, 0)).action, DROPPED);
  learn(ids, HELLO, answer(ID));
  assert.equal(begin(ids, shortHeader(ID, 0)).action.kind, "forward");
});

Deno.test("FlowIdLearner learns no ID that would be found by chance", () => {
  const ids = table();
  for (let length = 0; length < 4; length++) learn(ids, HELLO, answer(ID.subarray(0, length)));
  assert.equal(ids.quicLengths, 0);
});

Deno.test("FlowIdLearner keeps the IDs of a flow that is in use from making room", () => {
  const ids = new FlowIdTable(flowIdMemory([1, 2], 8));
  const learner = begin(ids, HELLO).flow.learner();
  learner?.learn(answer(ID), 0);
  for (let other = 0; other < 100; other++) {
    learner?.refresh(other * 1_000);
    ids.put(
      "quic",
      Uint8Array.of(other, 1, 1, 1),
      {
        route: { high: 1, low: 1 },
        address: LOCAL,
      },
      other * 1_000,
      Infinity,
    );
  }
  assert.equal(begin(ids, shortHeader(ID)).action.kind, "forward");
});

Deno.test("FlowIdLearner refreshes no more than the latest IDs of a flow", () => {
  const ids = table();
  const learner = begin(ids, HELLO).flow.learner();
  const count = MAX_LEARNED_PER_FLOW + 1;
  for (let id = 0; id < count; id++) learner?.learn(answer(new Uint8Array(8).fill(id)), 0);
  const put = ids.put.bind(ids);
  const refreshed: number[] = [];
  ids.put = (kind, id, ...rest) => {
    refreshed.push(id[0] ?? -1);
    put(kind, id, ...rest);
  };
  learner?.refresh(0);
  assert.deepEqual(
    refreshed,
    Array.from({ length: MAX_LEARNED_PER_FLOW }, (_, index) => index + 1),
  );
});

Deno.test("UdpFlow goes on with a WireGuard session for as long as there can be one", () => {
  const ids = table();
  learn(ids, INITIATION, RESPONSE);
  const last = begin(ids, DATA, { from: AWAY, now: WIREGUARD_INDEX_LIFETIME });
  assert.equal(last.action.kind, "forward");
  assert.equal(last.flow.facts().service, WIREGUARD);
  const late = begin(ids, DATA, { from: AWAY, now: WIREGUARD_INDEX_LIFETIME + 2_000 });
  assert.deepEqual(late.action, DROPPED);
});

Deno.test("UdpFlow takes no ID of one protocol for one of another", () => {
  const ids = table();
  learn(ids, INITIATION, RESPONSE);
  assert.deepEqual(begin(ids, shortHeader(Uint8Array.of(1, 2, 3, 4))).action, DROPPED);
});

Deno.test("UdpFlow resolves the server that a connection ID names, and tries no other", () => {
  const config: QuicLbConfig = {
    configRotation: 0,
    serverIdLength: 1,
    nonceLength: 4,
    key: null,
    servers: new Map([["05", NAMED]]),
  };
  const routes = snapshot({ udp: protocolRoutes({ quic: { ...QUIC, quicLb: [config] } }) });
  const id = Uint8Array.of(0x1f, 5, 1, 2, 3, 4);
  const { flow, action } = begin(null, shortHeader(id), { snapshot: routes, now: 5 });
  assert.ok(action.kind === "resolve");
  assert.equal(action.target, NAMED);
  assert.deepEqual(flow.next({ kind: "resolveFailed", error: "name_not_resolved" }, 6), {
    kind: "drop",
    outcome: { reason: "connect_failed", error: "name_not_resolved" },
  });
  for (const other of [Uint8Array.of(0x3f, 5, 1, 2, 3, 4), Uint8Array.of(0x1f, 6, 1, 2, 3, 4)]) {
    assert.deepEqual(begin(null, shortHeader(other), { snapshot: routes }).action, DROPPED);
  }
});

Deno.test("UdpFlow goes by the hello of an Initial whose made-up ID happens to name a server", () => {
  const config: QuicLbConfig = {
    configRotation: 4,
    serverIdLength: 1,
    nonceLength: 4,
    key: null,
    servers: new Map([["94", NAMED]]),
  };
  // The client's ID in the samples begins with 83 94.
  const routes = snapshot({ udp: protocolRoutes({ quic: { ...QUIC, quicLb: [config] } }) });
  const { action } = begin(null, HELLO, { snapshot: routes });
  assert.ok(action.kind === "forward");
  assert.equal(action.target, SERVER);
});
