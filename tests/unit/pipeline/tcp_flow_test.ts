import assert from "node:assert/strict";
import { MAX_PROXY_HEADER, MAX_TCP_HEAD } from "../../../src/model/limits.ts";
import type { EndReason, TcpFlowAction, TcpFlowEvent } from "../../../src/model/flow.ts";
import type { Snapshot } from "../../../src/model/snapshot.ts";
import { TcpFlow } from "../../../src/pipeline/tcp_flow.ts";
import { encodeProxyHeader, parseProxyHeader } from "../../../src/proto/proxy_protocol.ts";
import { buildClientHello, concat, latin1, toRecords } from "../../support/client_hello_builder.ts";
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
const HTTP_HEAD = latin1("GET / HTTP/1.1\r\n");
const GARBAGE = latin1("\x00\x01\x02");

const HTTP = service("http", { protocol: "http", targets: [target("10.0.0.80:80")], idleMs: 7 });
const FALLBACK = service("default", { targets: [target("10.0.0.99:25")], idleMs: 60_000 });
const ONLY_HTTP = snapshot({ tcp: protocolRoutes({ http: HTTP }) });
const WITH_FALLBACK = snapshot({ tcp: protocolRoutes({ http: HTTP }, FALLBACK) });
const INBOUND = { inboundProxy: { trusted: [] } };

function flowOf(snapshot: Snapshot, seed = 0): TcpFlow {
  return new TcpFlow({ snapshot, peer: PEER, local: LOCAL, seed });
}

function data(...parts: Uint8Array[]): TcpFlowEvent {
  return { kind: "data", head: concat(...parts) };
}

const EOF: TcpFlowEvent = { kind: "eof" };
const RESET: TcpFlowEvent = { kind: "reset" };
const TIMEOUT: TcpFlowEvent = { kind: "timeout" };
const CONNECTED: TcpFlowEvent = { kind: "connected" };
const TARGET_FIRST: TcpFlowEvent = { kind: "targetFirst" };
const REFUSED: TcpFlowEvent = { kind: "connectFailed", error: "connection_refused" };
const UNRESOLVED: TcpFlowEvent = { kind: "resolveFailed", error: "name_not_resolved" };

function read(deadline: number, headOffset = 0): TcpFlowAction {
  return { kind: "read", max: headOffset + MAX_TCP_HEAD, deadline };
}

function connect(label: string, deadline: number, early = true): TcpFlowAction {
  const to = { target: target(label), address: address(label), from: null };
  return { kind: "connect", ...to, early, deadline };
}

function race(
  deadline: number,
  preface: Uint8Array | null = null,
  headOffset = 0,
): TcpFlowAction {
  return { kind: "race", preface, max: headOffset + MAX_TCP_HEAD, deadline };
}

function relay(idleMs: number, headOffset = 0, preface: Uint8Array | null = null): TcpFlowAction {
  return { kind: "relay", preface, headOffset, idleMs };
}

function close(reason: EndReason): TcpFlowAction {
  return { kind: "close", outcome: { reason } };
}

/** A flow whose default target is connected because the client was silent until 300. */
function racing(snapshot: Snapshot): TcpFlow {
  const flow = flowOf(snapshot);
  flow.start(0);
  flow.next(TIMEOUT, 300);
  assert.equal(flow.next(CONNECTED, 310).kind, "race");
  return flow;
}

// Sniffing

Deno.test("TcpFlow asks the other protocols when the one that needs more gets no more", () => {
  // To HTTP this is a method that has not ended yet.
  const telemetry = service("telemetry", { protocol: "regex", targets: [target("10.0.0.7:9")] });
  const patterns = { fields: new Set<never>(), values: ["TLM[0-9]{2}"] };
  const tcp = {
    ...protocolRoutes({ http: HTTP, regex: telemetry }, FALLBACK),
    needs: new Map([["regex" as const, patterns]]),
  };
  for (const event of [TIMEOUT, EOF]) {
    const flow = flowOf(snapshot({ tcp }));
    flow.start(0);
    assert.equal(flow.next(data(latin1("TLM07")), 10).kind, "read");
    assert.deepEqual(flow.next(event, 3_000), connect("10.0.0.7:9", 13_000));
    assert.equal(flow.facts().detected?.protocol, "regex");

    const late = racing(snapshot({ tcp }));
    assert.equal(late.next(data(latin1("TLM07")), 400).kind, "race");
    assert.deepEqual(late.next(event, 3_400), connect("10.0.0.7:9", 13_400));
  }
});

Deno.test("TcpFlow connects to the service of the protocol and relays from the first byte on", () => {
  const flow = flowOf(ONLY_HTTP);
  assert.deepEqual(flow.start(1_000), read(4_000));
  assert.deepEqual(flow.next(data(HTTP_HEAD), 1_100), connect("10.0.0.80:80", 11_100));
  assert.deepEqual(flow.next(CONNECTED, 1_200), relay(7));
  assert.deepEqual(flow.facts(), {
    source: PEER,
    destination: LOCAL,
    service: HTTP,
    detected: {
      protocol: "http",
      sni: null,
      alpn: [],
      ech: false,
      version: "HTTP/1.1",
      consumed: HTTP_HEAD.length,
    },
    target: target("10.0.0.80:80"),
    address: address("10.0.0.80:80"),
  });
});

Deno.test("TcpFlow reads on until the one probe deadline while the protocol is open", () => {
  const flow = flowOf(ONLY_HTTP);
  flow.start(0);
  assert.deepEqual(flow.next(data(HTTP_HEAD.subarray(0, 1)), 10), read(3_000));
  assert.deepEqual(flow.next(data(HTTP_HEAD.subarray(0, 9)), 2_999), read(3_000));
  assert.deepEqual(flow.next(TIMEOUT, 3_000), close("probe_timeout"));
});

Deno.test("TcpFlow chooses among TLS services by server name", () => {
  const tls = service("tls", { protocol: "tls", targets: [target("10.0.0.43:443")] });
  const byName = namedRoutes("tls", { exact: { "a.test": alpnTable({}, tls) } });
  const tcp = routeTable({ byName, sought: ["tls"], fallback: FALLBACK });
  const hello = (serverName: string) => data(toRecords(buildClientHello({ serverName })));

  const known = flowOf(snapshot({ tcp }));
  known.start(0);
  assert.deepEqual(known.next(hello("A.test"), 0), connect("10.0.0.43:443", 10_000));

  const stranger = flowOf(snapshot({ tcp }));
  stranger.start(0);
  assert.deepEqual(stranger.next(hello("b.test"), 0), connect("10.0.0.99:25", 10_000));
  assert.equal(stranger.facts().detected?.sni, "b.test");

  const strict = flowOf(snapshot({ tcp, unmatched: "drop" }));
  strict.start(0);
  assert.deepEqual(strict.next(hello("b.test"), 0), close("dropped"));
});

Deno.test("TcpFlow sends what no service fits to the default target, or drops it", () => {
  const kept = flowOf(WITH_FALLBACK);
  kept.start(0);
  assert.deepEqual(kept.next(data(GARBAGE), 0), connect("10.0.0.99:25", 10_000));
  const dropped = flowOf(ONLY_HTTP);
  dropped.start(0);
  assert.deepEqual(dropped.next(data(GARBAGE), 0), close("dropped"));
});

Deno.test("TcpFlow sends what is malformed to the default target, or closes it as such", () => {
  const tls = service("tls", { protocol: "tls" });
  const broken = data(toRecords(concat(Uint8Array.of(1, 0, 0, 4), new Uint8Array(4))));
  const kept = flowOf(snapshot({ tcp: protocolRoutes({ tls }, FALLBACK) }));
  kept.start(0);
  assert.deepEqual(kept.next(broken, 0), connect("10.0.0.99:25", 10_000));
  const closed = flowOf(snapshot({ tcp: protocolRoutes({ tls }) }));
  closed.start(0);
  assert.deepEqual(closed.next(broken, 0), close("malformed"));
});

Deno.test("TcpFlow connects to the default target at once when no protocol is sought", () => {
  const flow = flowOf(snapshot({ tcp: protocolRoutes({}, FALLBACK) }));
  assert.deepEqual(flow.start(5), connect("10.0.0.99:25", 10_005));
  assert.deepEqual(flow.next(CONNECTED, 6), relay(60_000));
});

Deno.test("TcpFlow drops everything when there is no route at all", () => {
  assert.deepEqual(flowOf(snapshot()).start(0), close("dropped"));
});

Deno.test("TcpFlow closes a silent client at the probe deadline when there is no default target", () => {
  const flow = flowOf(ONLY_HTTP);
  flow.start(0);
  assert.deepEqual(flow.next(TIMEOUT, 3_000), close("probe_timeout"));
});

Deno.test("TcpFlow sends an undecided client to the default target at the probe deadline", () => {
  const flow = flowOf(WITH_FALLBACK);
  assert.deepEqual(flow.start(0), read(300));
  assert.deepEqual(flow.next(data(HTTP_HEAD.subarray(0, 2)), 200), read(3_000));
  assert.deepEqual(flow.next(TIMEOUT, 3_000), connect("10.0.0.99:25", 13_000));
  assert.deepEqual(flow.next(CONNECTED, 3_001), relay(60_000));
});

// The end of the client's bytes

Deno.test("TcpFlow decides what is there when the client ends", () => {
  const kept = flowOf(WITH_FALLBACK);
  kept.start(0);
  kept.next(data(HTTP_HEAD.subarray(0, 2)), 1);
  assert.deepEqual(kept.next(EOF, 2), connect("10.0.0.99:25", 10_002));
  assert.deepEqual(kept.next(CONNECTED, 3), relay(60_000));
  const closed = flowOf(ONLY_HTTP);
  closed.start(0);
  closed.next(data(HTTP_HEAD.subarray(0, 2)), 1);
  assert.deepEqual(closed.next(EOF, 2), close("client_closed"));
});

Deno.test("TcpFlow lets a client that sends nothing but its end read from the default target", () => {
  const kept = flowOf(WITH_FALLBACK);
  kept.start(0);
  assert.deepEqual(kept.next(EOF, 1), connect("10.0.0.99:25", 10_001));
  assert.deepEqual(kept.next(CONNECTED, 2), relay(60_000));
  const closed = flowOf(ONLY_HTTP);
  closed.start(0);
  assert.deepEqual(closed.next(EOF, 1), close("client_closed"));
});

Deno.test("TcpFlow ends when the client resets while it is sniffed", () => {
  const flow = flowOf(WITH_FALLBACK);
  flow.start(0);
  assert.deepEqual(flow.next(RESET, 1), close("client_reset"));
});

// Connecting

Deno.test("TcpFlow resolves names, and fails over to the next address and the next target", () => {
  const targets = [target("a.test:80"), target("b.test:80"), target("10.0.0.3:80")];
  const http = service("http", { protocol: "http", targets });
  const flow = flowOf(snapshot({ tcp: protocolRoutes({ http }) }));
  flow.start(0);
  const resolve = (label: string, deadline: number): TcpFlowAction => {
    return { kind: "resolve", target: target(label), deadline };
  };
  assert.deepEqual(flow.next(data(HTTP_HEAD), 1), resolve("a.test:80", 10_001));
  assert.deepEqual(flow.next(UNRESOLVED, 2), resolve("b.test:80", 10_002));
  assert.equal(flow.facts().address, null);
  const addresses = [address("10.1.0.1:80"), address("10.1.0.2:80")];
  assert.deepEqual(flow.next({ kind: "resolved", addresses }, 3), {
    kind: "connect",
    target: target("b.test:80"),
    address: address("10.1.0.1:80"),
    from: null,
    early: true,
    deadline: 10_003,
  });
  assert.deepEqual(flow.next(REFUSED, 4), {
    kind: "connect",
    target: target("b.test:80"),
    address: address("10.1.0.2:80"),
    from: null,
    early: true,
    deadline: 10_004,
  });
  assert.deepEqual(flow.next(REFUSED, 5), connect("10.0.0.3:80", 10_005));
  assert.deepEqual(flow.next(CONNECTED, 6), relay(0));
});

Deno.test("TcpFlow closes with the last failure when no target can be reached", () => {
  const targets = [target("10.0.0.1:80"), target("a.test:80")];
  const http = service("http", { protocol: "http", targets });
  const flow = flowOf(snapshot({ tcp: protocolRoutes({ http }, FALLBACK) }));
  flow.start(0);
  flow.next(data(HTTP_HEAD), 1);
  flow.next(REFUSED, 2);
  assert.deepEqual(flow.next(UNRESOLVED, 3), {
    kind: "close",
    outcome: { reason: "connect_failed", error: "name_not_resolved" },
  });
  assert.equal(flow.facts().target?.label, "a.test:80");
});

Deno.test("TcpFlow tells of the targets that it passed over, each once", () => {
  const targets = [target("a.test:80"), target("10.0.0.2:80"), target("10.0.0.3:80")];
  const http = service("http", { protocol: "http", targets });
  const flow = flowOf(snapshot({ tcp: protocolRoutes({ http }) }));
  flow.start(0);
  flow.next(data(HTTP_HEAD), 1);
  flow.next({ kind: "resolved", addresses: [address("10.0.0.7:80"), address("10.0.0.8:80")] }, 2);
  flow.next(REFUSED, 3);
  flow.next({ kind: "connectFailed", error: "connect_timeout" }, 4);
  flow.next(REFUSED, 5);
  assert.equal(flow.next(CONNECTED, 6).kind, "relay");
  assert.deepEqual(flow.facts().failures, [
    { service: http, target: target("a.test:80"), error: "connect_timeout" },
    { service: http, target: target("10.0.0.2:80"), error: "connection_refused" },
  ]);
});

Deno.test("TcpFlow tells why a silent client could not be greeted", () => {
  const flow = flowOf(WITH_FALLBACK);
  flow.start(0);
  flow.next(TIMEOUT, 300);
  flow.next(REFUSED, 400);
  assert.equal(flow.next(TIMEOUT, 3_400).kind, "close");
  assert.deepEqual(flow.facts().failures, [
    { service: FALLBACK, target: target("10.0.0.99:25"), error: "connection_refused" },
  ]);
});

// Server first

Deno.test("TcpFlow connects a silent client to the default target and lets the target greet", () => {
  const flow = flowOf(WITH_FALLBACK);
  assert.deepEqual(flow.start(0), read(300));
  assert.deepEqual(flow.next(TIMEOUT, 300), connect("10.0.0.99:25", 10_300));
  assert.deepEqual(flow.next(CONNECTED, 310), race(60_310));
  assert.deepEqual(flow.next(TARGET_FIRST, 400), relay(60_000));
  assert.equal(flow.facts().service, FALLBACK);
});

Deno.test("TcpFlow waits no longer than the probe time for a silent client", () => {
  const timeouts = { probeMs: 200, serverFirstMs: 300, connectMs: 1_000 };
  const flow = flowOf({ ...WITH_FALLBACK, timeouts });
  assert.deepEqual(flow.start(0), read(200));
  assert.deepEqual(flow.next(TIMEOUT, 200), connect("10.0.0.99:25", 1_200));
});

Deno.test("TcpFlow moves a client that speaks before the default target to its service", () => {
  const flow = racing(WITH_FALLBACK);
  assert.deepEqual(flow.next(data(HTTP_HEAD), 400), connect("10.0.0.80:80", 10_400));
  assert.equal(flow.facts().service, HTTP);
  assert.deepEqual(flow.next(CONNECTED, 410), relay(7));
});

Deno.test("TcpFlow keeps the connection that is there when the client is for the default target", () => {
  const flow = racing(WITH_FALLBACK);
  assert.deepEqual(flow.next(data(GARBAGE), 400), relay(60_000));
});

Deno.test("TcpFlow lets the target speak first as long as the client is undecided", () => {
  const flow = racing(WITH_FALLBACK);
  assert.deepEqual(flow.next(data(HTTP_HEAD.subarray(0, 2)), 400), race(3_400));
  assert.deepEqual(flow.next(TARGET_FIRST, 401), relay(60_000));
});

Deno.test("TcpFlow gives a client that was silent for long the whole probe time", () => {
  const flow = racing(WITH_FALLBACK);
  assert.deepEqual(flow.next(data(HTTP_HEAD.subarray(0, 2)), 50_000), race(53_000));
  assert.deepEqual(flow.next(data(HTTP_HEAD.subarray(0, 4)), 51_000), race(53_000));
  assert.deepEqual(flow.next(TIMEOUT, 53_000), relay(60_000));
});

Deno.test("TcpFlow waits for ever on two silent sides when the default target has no idle time", () => {
  const patient = service("default", { targets: [target("10.0.0.99:25")] });
  const flow = flowOf(snapshot({ tcp: protocolRoutes({ http: HTTP }, patient) }));
  flow.start(0);
  flow.next(TIMEOUT, 300);
  assert.deepEqual(flow.next(CONNECTED, 310), race(Infinity));
});

Deno.test("TcpFlow ends as idle when both sides are silent for the idle time", () => {
  assert.deepEqual(racing(WITH_FALLBACK).next(TIMEOUT, 60_310), close("idle"));
});

Deno.test("TcpFlow relays to the default target when a client ends that has not spoken", () => {
  assert.deepEqual(racing(WITH_FALLBACK).next(EOF, 400), relay(60_000));
});

Deno.test("TcpFlow ends when the client resets while the default target is silent", () => {
  assert.deepEqual(racing(WITH_FALLBACK).next(RESET, 400), close("client_reset"));
});

Deno.test("TcpFlow still classifies a client when the default target could not be reached", () => {
  const flow = flowOf(WITH_FALLBACK);
  flow.start(0);
  flow.next(TIMEOUT, 300);
  assert.deepEqual(flow.next(REFUSED, 400), read(3_400));
  assert.deepEqual(flow.facts().service, null);
  assert.deepEqual(flow.next(data(HTTP_HEAD), 500), connect("10.0.0.80:80", 10_500));
});

Deno.test("TcpFlow dials an unreachable default target again for a client that is for it", () => {
  const flow = flowOf(WITH_FALLBACK);
  flow.start(0);
  flow.next(TIMEOUT, 300);
  flow.next(REFUSED, 400);
  assert.deepEqual(flow.next(data(GARBAGE), 500), connect("10.0.0.99:25", 10_500));
  assert.deepEqual(flow.next(CONNECTED, 600), relay(60_000));
});

Deno.test("TcpFlow closes a client that stays silent when the default target could not be reached", () => {
  const flow = flowOf(WITH_FALLBACK);
  flow.start(0);
  flow.next(TIMEOUT, 300);
  flow.next(REFUSED, 400);
  assert.deepEqual(flow.next(TIMEOUT, 3_400), {
    kind: "close",
    outcome: { reason: "connect_failed", error: "connection_refused" },
  });
  assert.equal(flow.facts().service, FALLBACK);
});

// PROXY protocol

const SOURCE = address("203.0.113.7:6000");
const DESTINATION = address("203.0.113.8:443");
const TLVS = Uint8Array.of(0xe0, 0, 3, 97, 98, 99);
const HEADER = encodeProxyHeader("v2", { source: SOURCE, destination: DESTINATION, tlvs: TLVS });

Deno.test("TcpFlow takes source and destination from the PROXY header and sniffs behind it", () => {
  const flow = flowOf({ ...ONLY_HTTP, ...INBOUND });
  assert.deepEqual(flow.start(0), { kind: "read", max: MAX_PROXY_HEADER, deadline: 3_000 });
  assert.deepEqual(flow.next(data(HEADER.subarray(0, 20)), 100), {
    kind: "read",
    max: MAX_PROXY_HEADER,
    deadline: 3_000,
  });
  assert.deepEqual(flow.next(data(HEADER), 200), read(3_000, HEADER.length));
  assert.deepEqual(flow.next(data(HEADER, HTTP_HEAD), 300), connect("10.0.0.80:80", 10_300, false));
  assert.deepEqual(flow.next(CONNECTED, 400), relay(7, HEADER.length));
  assert.deepEqual(flow.facts().source, SOURCE);
  assert.deepEqual(flow.facts().destination, DESTINATION);
});

Deno.test("TcpFlow sniffs what comes in one segment with the PROXY header", () => {
  const flow = flowOf({ ...ONLY_HTTP, ...INBOUND });
  flow.start(0);
  assert.deepEqual(flow.next(data(HEADER, HTTP_HEAD), 1), connect("10.0.0.80:80", 10_001, false));
});

Deno.test("TcpFlow counts the client's silence from the end of the PROXY header", () => {
  const flow = flowOf({ ...WITH_FALLBACK, ...INBOUND });
  flow.start(0);
  assert.deepEqual(flow.next(data(HEADER), 1_000), read(1_300, HEADER.length));
});

Deno.test("TcpFlow has room for a whole head behind the PROXY header while it waits for a greeting", () => {
  const flow = flowOf({ ...WITH_FALLBACK, ...INBOUND });
  flow.start(0);
  flow.next(data(HEADER), 1);
  flow.next(TIMEOUT, 301);
  assert.deepEqual(flow.next(CONNECTED, 310), race(60_310, null, HEADER.length));
});

Deno.test("TcpFlow connects behind the PROXY header at once when no protocol is sought", () => {
  const flow = flowOf(snapshot({ tcp: protocolRoutes({}, FALLBACK), ...INBOUND }));
  flow.start(0);
  assert.deepEqual(flow.next(data(HEADER), 1), connect("10.0.0.99:25", 10_001, false));
  assert.deepEqual(flow.next(CONNECTED, 2), relay(60_000, HEADER.length));
});

Deno.test("TcpFlow keeps the peer when the PROXY header says UNKNOWN or LOCAL", () => {
  const local = HEADER.slice();
  local[12] = 0x20;
  for (const header of [latin1("PROXY UNKNOWN\r\n"), local]) {
    const flow = flowOf({ ...ONLY_HTTP, ...INBOUND });
    flow.start(0);
    flow.next(data(header, HTTP_HEAD), 1);
    assert.deepEqual(flow.next(CONNECTED, 2), relay(7, header.length));
    assert.deepEqual(flow.facts().source, PEER);
    assert.deepEqual(flow.facts().destination, LOCAL);
  }
});

Deno.test("TcpFlow closes when the PROXY header is missing, broken, cut or late", () => {
  const endings: [TcpFlowEvent[], EndReason][] = [
    [[data(HTTP_HEAD)], "proxy_header"],
    [[data(latin1("PROXY TCP9 1 2 3 4\r\n"))], "proxy_header"],
    [[data(HEADER.subarray(0, 5)), EOF], "proxy_header"],
    [[EOF], "proxy_header"],
    [[data(HEADER.subarray(0, 5)), TIMEOUT], "proxy_header"],
    [[RESET], "client_reset"],
  ];
  for (const [events, reason] of endings) {
    const flow = flowOf({ ...WITH_FALLBACK, ...INBOUND });
    flow.start(0);
    assert.deepEqual(events.map((event) => flow.next(event, 1)).at(-1), close(reason));
  }
});

Deno.test("TcpFlow sends the PROXY header that the service asks for", () => {
  for (const version of ["v1", "v2"] as const) {
    const http = service("http", { protocol: "http", sendProxyProtocol: version });
    const flow = flowOf(snapshot({ tcp: protocolRoutes({ http }) }));
    flow.start(0);
    assert.deepEqual(flow.next(data(HTTP_HEAD), 1), connect("10.0.0.1:80", 10_001, false));
    const expected = encodeProxyHeader(version, { source: PEER, destination: LOCAL, tlvs: null });
    assert.deepEqual(flow.next(CONNECTED, 2), relay(0, 0, expected));
  }
});

Deno.test("TcpFlow passes on source, destination and TLVs of the PROXY header that it took", () => {
  const http = service("http", { protocol: "http", sendProxyProtocol: "v2" });
  const flow = flowOf(snapshot({ tcp: protocolRoutes({ http }), ...INBOUND }));
  flow.start(0);
  flow.next(data(HEADER, HTTP_HEAD), 1);
  const action = flow.next(CONNECTED, 2);
  assert(action.kind === "relay" && action.preface !== null);
  const sent = parseProxyHeader(action.preface);
  assert(sent.kind === "match");
  assert.deepEqual(sent.value.source, SOURCE);
  assert.deepEqual(sent.value.destination, DESTINATION);
  assert.deepEqual(sent.value.tlvs, TLVS);
});

Deno.test("TcpFlow sends a PROXY header once on each connection, before the target may greet", () => {
  const source = { source: PEER, destination: LOCAL, tlvs: null };
  const http = service("http", { ...HTTP, sendProxyProtocol: "v1" });
  const fallback = service("default", { ...FALLBACK, sendProxyProtocol: "v2" });
  const proxying = snapshot({ tcp: protocolRoutes({ http }, fallback) });

  const greeted = flowOf(proxying);
  greeted.start(0);
  greeted.next(TIMEOUT, 300);
  assert.deepEqual(greeted.next(CONNECTED, 310), race(60_310, encodeProxyHeader("v2", source)));
  assert.deepEqual(greeted.next(TARGET_FIRST, 320), relay(60_000));

  const moved = racing(proxying);
  assert.deepEqual(moved.next(data(HTTP_HEAD.subarray(0, 2)), 400), race(3_400));
  moved.next(data(HTTP_HEAD), 410);
  assert.deepEqual(moved.next(CONNECTED, 420), relay(7, 0, encodeProxyHeader("v1", source)));
});

Deno.test("TcpFlow balances by the source of the PROXY header", () => {
  const targets = Array.from({ length: 16 }, (_, i) => target(`10.0.0.${i}:80`));
  const http = service("http", { protocol: "http", targets, loadBalance: "source_ip" });
  const first = (peer: string, events: TcpFlowEvent[], part: Partial<Snapshot>) => {
    const from = snapshot({ tcp: protocolRoutes({ http }), ...part });
    const flow = new TcpFlow({ snapshot: from, peer: address(peer), local: LOCAL, seed: 0 });
    flow.start(0);
    for (const event of events) flow.next(event, 1);
    return flow.facts().target?.label;
  };
  const direct = first("203.0.113.7:1", [data(HTTP_HEAD)], {});
  assert.equal(first("192.0.2.1:1", [data(HEADER, HTTP_HEAD)], INBOUND), direct);
  assert.equal(first("192.0.2.2:1", [data(HEADER, HTTP_HEAD)], INBOUND), direct);
  assert.notEqual(first("192.0.2.1:1", [data(HTTP_HEAD)], {}), direct);
});

Deno.test("TcpFlow chooses by the source of the PROXY header, not by the peer", () => {
  const http = service("http", { protocol: "http" });
  const inner = service("inner", { protocol: "http", targets: [target("10.0.0.9:80")] });
  const blocks = [{ bytes: Uint8Array.of(203, 0, 113, 0), prefixLength: 24 }];
  const tcp = {
    ...protocolRoutes({ http }),
    conditional: new Map([["http" as const, [
      { service: inner, conditions: [{ kind: "sources" as const, blocks }] },
    ]]]),
  };
  const chosen = (peer: string, event: TcpFlowEvent, part: Partial<Snapshot>) => {
    const from = snapshot({ tcp, ...part });
    const flow = new TcpFlow({ snapshot: from, peer: address(peer), local: LOCAL, seed: 0 });
    flow.start(0);
    flow.next(event, 1);
    return flow.facts().service?.name;
  };
  assert.equal(chosen("203.0.113.7:1", data(HTTP_HEAD), {}), "inner");
  assert.equal(chosen("192.0.2.1:1", data(HTTP_HEAD), {}), "http");
  assert.equal(chosen("192.0.2.1:1", data(HEADER, HTTP_HEAD), INBOUND), "inner");
});

// Broken invariants

Deno.test("TcpFlow throws on an event that is no answer to its last action", () => {
  const resolvable = service("http", { protocol: "http", targets: [target("a.test:80")] });
  const byName = snapshot({ tcp: protocolRoutes({ http: resolvable }) });
  const started = (snapshot: Snapshot, ...events: TcpFlowEvent[]) => {
    const flow = flowOf(snapshot);
    flow.start(0);
    for (const event of events) flow.next(event, 0);
    return flow;
  };
  const wrong: [TcpFlow, TcpFlowEvent][] = [
    [flowOf(ONLY_HTTP), data(HTTP_HEAD)],
    [started({ ...ONLY_HTTP, ...INBOUND }), CONNECTED],
    [started(ONLY_HTTP), CONNECTED],
    [started(ONLY_HTTP), TARGET_FIRST],
    [started(byName, data(HTTP_HEAD)), CONNECTED],
    [started(ONLY_HTTP, data(HTTP_HEAD)), { kind: "resolved", addresses: [PEER] }],
    [started(ONLY_HTTP, data(HTTP_HEAD)), data(HTTP_HEAD)],
    [racing(WITH_FALLBACK), CONNECTED],
    [started(ONLY_HTTP, data(HTTP_HEAD), CONNECTED), EOF],
    [started(ONLY_HTTP, data(GARBAGE)), EOF],
  ];
  for (const [flow, event] of wrong) {
    assert.throws(() => flow.next(event, 0), /TcpFlow cannot take "/);
  }
  assert.throws(
    () => started(ONLY_HTTP).start(0),
    /TcpFlow cannot take "start" in state "sniffing"/,
  );
});
