import assert from "node:assert/strict";
import { UDP_PROBE_TIMEOUT } from "../../../src/model/limits.ts";
import type { EndReason, UdpFlowAction, UdpFlowEvent } from "../../../src/model/flow.ts";
import type { Snapshot } from "../../../src/model/snapshot.ts";
import { UdpFlow } from "../../../src/pipeline/udp_flow.ts";
import { buildClientHello, concat, latin1 } from "../../support/client_hello_builder.ts";
import { dtlsFragment, dtlsRecord } from "../../support/dtls_builder.ts";
import {
  cryptoFrame,
  sealClientHello,
  sealInitialDatagram,
} from "../../support/quic_initial_builder.ts";
import {
  address,
  alpnTable,
  namedRoutes,
  protocolRoutes,
  routeTable,
  service,
  snapshot,
  target,
} from "../../support/snapshot_builder.ts";

const PEER = address("192.0.2.1:5000");
const LOCAL = address("198.51.100.1:443");
const GARBAGE = latin1("hello");
const INITIATION = concat(Uint8Array.of(1), new Uint8Array(147));
const HELLO_FRAGMENT = dtlsRecord(dtlsFragment(new Uint8Array(40), { length: 200 }));
const HALF_HELLO = sealInitialDatagram({
  frames: [cryptoFrame(0, buildClientHello({ serverName: "a.test" }).subarray(0, 40))],
});

const WIREGUARD = service("wg", {
  transport: "udp",
  protocol: "wireguard",
  targets: [target("10.0.0.51:51820")],
  idleMs: 180_000,
});
const QUIC = service("h3", {
  transport: "udp",
  protocol: "quic",
  targets: [target("h3.test:443"), target("10.0.0.44:443")],
});
const FALLBACK = service("default", { transport: "udp", targets: [target("10.0.0.53:53")] });
const SERVICES = { wireguard: WIREGUARD, quic: QUIC };
const ALL = snapshot({ udp: protocolRoutes(SERVICES, FALLBACK) });
const WITHOUT_FALLBACK = snapshot({ udp: protocolRoutes(SERVICES) });

const TIMEOUT: UdpFlowEvent = { kind: "timeout", held: [HALF_HELLO] };
const UNRESOLVED: UdpFlowEvent = { kind: "resolveFailed", error: "name_not_resolved" };

function flowOf(snapshot: Snapshot): UdpFlow {
  return new UdpFlow({ snapshot, peer: PEER, local: LOCAL, seed: 0 });
}

function datagrams(...held: Uint8Array[]): UdpFlowEvent {
  return { kind: "datagrams", held };
}

function forward(label: string, idleMs = 0): UdpFlowAction {
  return { kind: "forward", target: target(label), address: address(label), from: null, idleMs };
}

function drop(reason: EndReason): UdpFlowAction {
  return { kind: "drop", outcome: { reason } };
}

Deno.test("UdpFlow forwards to the service of the protocol, with its idle time", () => {
  const flow = flowOf(ALL);
  assert.deepEqual(flow.next(datagrams(INITIATION), 0), forward("10.0.0.51:51820", 180_000));
  const { detected, ...facts } = flow.facts();
  assert.equal(detected?.protocol, "wireguard");
  assert.deepEqual(facts, {
    source: PEER,
    destination: LOCAL,
    service: WIREGUARD,
    target: target("10.0.0.51:51820"),
    address: address("10.0.0.51:51820"),
  });
});

Deno.test("UdpFlow waits for the rest of a ClientHello until the one probe deadline", () => {
  const hello = buildClientHello({ serverName: "a.test" });
  const rest = sealInitialDatagram({
    packetNumber: 1,
    frames: [cryptoFrame(40, hello.subarray(40))],
  });
  const flow = flowOf(ALL);
  const wait: UdpFlowAction = { kind: "wait", deadline: 100 + UDP_PROBE_TIMEOUT };
  assert.deepEqual(flow.next(datagrams(HALF_HELLO), 100), wait);
  assert.deepEqual(flow.next(datagrams(HALF_HELLO, HALF_HELLO), 200), wait);
  const action = flow.next(datagrams(HALF_HELLO, HALF_HELLO, rest), 300);
  assert.deepEqual(action, { kind: "resolve", target: target("h3.test:443"), deadline: 10_300 });
});

Deno.test("UdpFlow chooses among QUIC services by server name", () => {
  const byName = namedRoutes("quic", { exact: { "a.test": alpnTable({}, WIREGUARD) } });
  const udp = routeTable({ byName, sought: ["quic"], fallback: FALLBACK });
  const hello = (serverName: string) =>
    datagrams(sealClientHello(buildClientHello({ serverName })));
  const known = flowOf(snapshot({ udp }));
  assert.deepEqual(known.next(hello("a.test"), 0), forward("10.0.0.51:51820", 180_000));
  assert.deepEqual(flowOf(snapshot({ udp })).next(hello("b.test"), 0), forward("10.0.0.53:53"));
  const strict = flowOf(snapshot({ udp, unmatched: "drop" }));
  assert.deepEqual(strict.next(hello("b.test"), 0), drop("dropped"));
});

Deno.test("UdpFlow forwards what no service fits to the default target, or drops it", () => {
  assert.deepEqual(flowOf(ALL).next(datagrams(GARBAGE), 0), forward("10.0.0.53:53"));
  assert.deepEqual(flowOf(WITHOUT_FALLBACK).next(datagrams(GARBAGE), 0), drop("dropped"));
});

Deno.test("UdpFlow forwards what is malformed to the default target, or drops it as such", () => {
  const broken = sealInitialDatagram({ frames: [Uint8Array.of(0x1e)] });
  assert.deepEqual(flowOf(ALL).next(datagrams(broken), 0), forward("10.0.0.53:53"));
  assert.deepEqual(flowOf(WITHOUT_FALLBACK).next(datagrams(broken), 0), drop("malformed"));
});

Deno.test("UdpFlow forwards to the default target at once when no protocol is sought", () => {
  const flow = flowOf(snapshot({ udp: protocolRoutes({}, FALLBACK) }));
  assert.deepEqual(flow.next(datagrams(HALF_HELLO), 0), forward("10.0.0.53:53"));
});

Deno.test("UdpFlow forwards an undecided flow to the default target at the probe deadline, or drops it", () => {
  const dtls = service("dtls", { transport: "udp", protocol: "dtls" });
  const event: UdpFlowEvent = { kind: "timeout", held: [HELLO_FRAGMENT] };
  const kept = flowOf(snapshot({ udp: protocolRoutes({ dtls }, FALLBACK) }));
  kept.next(datagrams(HELLO_FRAGMENT), 0);
  assert.deepEqual(kept.next(event, UDP_PROBE_TIMEOUT), forward("10.0.0.53:53"));
  assert.equal(kept.facts().detected, null);
  const dropped = flowOf(snapshot({ udp: protocolRoutes({ dtls }) }));
  dropped.next(datagrams(HELLO_FRAGMENT), 0);
  assert.deepEqual(dropped.next(event, UDP_PROBE_TIMEOUT), drop("probe_timeout"));
});

Deno.test("UdpFlow asks at the probe deadline what else an undecided flow may be", () => {
  const dtls = service("dtls", { transport: "udp", protocol: "dtls" });
  const regex = service("regex", { transport: "udp", protocol: "regex" });
  const { byProtocol, sought } = protocolRoutes({ dtls, regex });
  const needs = new Map([["regex", { fields: new Set<never>(), values: ["\\x16"] }]] as const);
  const flow = flowOf(snapshot({ udp: routeTable({ byProtocol, sought, needs }) }));
  assert.equal(flow.next(datagrams(HELLO_FRAGMENT), 0).kind, "wait");
  const event: UdpFlowEvent = { kind: "timeout", held: [HELLO_FRAGMENT] };
  assert.deepEqual(flow.next(event, UDP_PROBE_TIMEOUT), forward("10.0.0.1:80"));
  assert.equal(flow.facts().service, regex);
});

Deno.test("UdpFlow routes a QUIC client whose hello stays incomplete as one without a server name", () => {
  const atDeadline = (given: Snapshot) => {
    const flow = flowOf(given);
    flow.next(datagrams(HALF_HELLO), 0);
    return flow.next(TIMEOUT, UDP_PROBE_TIMEOUT);
  };
  assert.equal(atDeadline(ALL).kind, "resolve");
  assert.equal(atDeadline(WITHOUT_FALLBACK).kind, "resolve");

  const byName = namedRoutes("quic", { exact: { "a.test": alpnTable({}, WIREGUARD) } });
  const named = routeTable({ byName, sought: ["quic"], fallback: FALLBACK });
  assert.deepEqual(atDeadline(snapshot({ udp: named })), forward("10.0.0.53:53"));
  assert.deepEqual(atDeadline(snapshot({ udp: named, unmatched: "drop" })), drop("dropped"));
});

Deno.test("UdpFlow forwards to the first address of a name", () => {
  const flow = flowOf(ALL);
  flow.next(datagrams(sealClientHello(buildClientHello())), 0);
  const addresses = [address("10.1.0.1:443"), address("10.1.0.2:443")];
  assert.deepEqual(flow.next({ kind: "resolved", addresses }, 5), {
    kind: "forward",
    target: target("h3.test:443"),
    address: address("10.1.0.1:443"),
    from: null,
    idleMs: 0,
  });
});

Deno.test("UdpFlow goes on to the next target when a name cannot be resolved", () => {
  const flow = flowOf(ALL);
  flow.next(datagrams(sealClientHello(buildClientHello())), 0);
  assert.deepEqual(flow.next(UNRESOLVED, 5), forward("10.0.0.44:443"));
});

Deno.test("UdpFlow drops the flow with the last failure when no target is left", () => {
  const quic = service("h3", { protocol: "quic", targets: [target("h3.test:443")] });
  const flow = flowOf(snapshot({ udp: protocolRoutes({ quic }, FALLBACK) }));
  flow.next(datagrams(sealClientHello(buildClientHello())), 0);
  assert.deepEqual(flow.next(UNRESOLVED, 5), {
    kind: "drop",
    outcome: { reason: "connect_failed", error: "name_not_resolved" },
  });
});

Deno.test("UdpFlow throws on an event that is no answer to its last action", () => {
  const after = (...events: UdpFlowEvent[]) => {
    const flow = flowOf(ALL);
    for (const event of events) flow.next(event, 0);
    return flow;
  };
  const hello = datagrams(sealClientHello(buildClientHello()));
  const wrong: [UdpFlow, UdpFlowEvent][] = [
    [after(), TIMEOUT],
    [after(datagrams(HALF_HELLO)), UNRESOLVED],
    [after(hello), hello],
    [after(hello), TIMEOUT],
    [after(datagrams(INITIATION)), datagrams(INITIATION)],
  ];
  for (const [flow, event] of wrong) {
    assert.throws(() => flow.next(event, 0), /UdpFlow cannot take "/);
  }
});

Deno.test("UdpFlow tells of the targets that it passed over", () => {
  const flow = flowOf(ALL);
  const hello = sealClientHello(buildClientHello({ serverName: "a.test" }));
  assert.equal(flow.next(datagrams(hello), 0).kind, "resolve");
  assert.deepEqual(flow.next(UNRESOLVED, 1), forward("10.0.0.44:443"));
  assert.deepEqual(flow.facts().failures, [
    { service: QUIC, target: target("h3.test:443"), error: "name_not_resolved" },
  ]);
});
