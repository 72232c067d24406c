import assert from "node:assert/strict";
import type { EchRejection, EchSettings } from "../../../src/model/ech.ts";
import type { EndReason, TcpFlowAction, TcpFlowEvent } from "../../../src/model/flow.ts";
import {
  ECH_FAILURE_BURST,
  ECH_HANDSHAKE_TRIES,
  ECH_RETRY_TIMEOUT,
  MAX_TCP_HEAD,
} from "../../../src/model/limits.ts";
import type { Service, Snapshot } from "../../../src/model/snapshot.ts";
import { EchBudget } from "../../../src/pipeline/ech_budget.ts";
import { TcpFlow } from "../../../src/pipeline/tcp_flow.ts";
import { ALERT, encodeAlertRecord } from "../../../src/proto/tls/alert.ts";
import { encodeProxyHeader } from "../../../src/proto/proxy_protocol.ts";
import { buildClientHello, concat, toRecords } from "../../support/client_hello_builder.ts";
import { EchClient, echKey, echSettings, greaseHello, nameMap } from "../../support/ech_client.ts";
import { fixedRandom, PUBLIC_KEY, RETRY } from "../../support/retry_rejection.ts";
import {
  address,
  protocolRoutes,
  service,
  snapshot,
  target,
} from "../../support/snapshot_builder.ts";
import { CCS, EARLY_DATA } from "../../support/split_handshake.ts";
import { Tls13Client } from "../../support/tls13_client.ts";

const PEER = address("192.0.2.1:5000");
const LOCAL = address("192.0.2.9:443");
const KEY = echKey();
const OTHER_KEY = echKey({ configId: 8, publicName: "other.example" });
const HIDDEN = service("hidden", { targets: [target("10.0.0.5:443")] });
const CLEAR = service("clear", { targets: [target("10.0.0.8:80")] });

const CONNECTED: TcpFlowEvent = { kind: "connected" };
const REPLIED: TcpFlowEvent = { kind: "replied" };
const EOF: TcpFlowEvent = { kind: "eof" };
const RESET: TcpFlowEvent = { kind: "reset" };
const TIMEOUT: TcpFlowEvent = { kind: "timeout" };

/** Alert of a client that does not take a certificate (RFC 8446 §6.2). */
const BAD_CERTIFICATE = 42;

/** A rejection by a server for public.test. */
const RETRIED: EchRejection = { ...RETRY, plaintext: CLEAR };

/** A flow of a snapshot whose TLS service has ECH keys, at its first read. */
function flowWith(
  ech: Partial<EchSettings> = {},
  { budget = new EchBudget(), part = {}, from = {} }: {
    readonly budget?: EchBudget;
    readonly part?: Partial<Service>;
    readonly from?: Partial<Snapshot>;
  } = {},
): TcpFlow {
  const names = nameMap({ "private.example": HIDDEN });
  const settings = echSettings({ keys: [KEY, OTHER_KEY], names, ...ech });
  const tls = service("tls", {
    ...{ protocol: "tls", targets: [target("10.0.0.1:443")], ech: settings },
    ...part,
  });
  const resources = { budget, random: fixedRandom() };
  const init = { snapshot: snapshot({ tcp: protocolRoutes({ tls }), ...from }), seed: 0 };
  const flow = new TcpFlow({ ...init, peer: PEER, local: LOCAL }, resources);
  flow.start(0);
  return flow;
}

function data(...parts: readonly Uint8Array[]): TcpFlowEvent {
  return { kind: "data", head: concat(...parts) };
}

function connect(to: string, early: boolean, now: number): TcpFlowAction {
  const where = { target: target(to), address: address(to), from: null };
  return { kind: "connect", ...where, early, deadline: now + 10_000 };
}

/** Sees a flow tell its client an alert, and end for it. */
function assertAlerted(
  flow: TcpFlow,
  action: TcpFlowAction,
  alert: number,
  reason: EndReason = "ech_fault",
): void {
  const bytes = encodeAlertRecord(alert);
  assert.deepEqual(action, { kind: "reply", bytes, end: true, deadline: 3_001 });
  assert.deepEqual(flow.next(REPLIED, 2), closed(reason));
}

function hello(...args: Parameters<EchClient<Uint8Array>["hello"]>): ReturnType<
  EchClient<Uint8Array>["hello"]
> {
  return EchClient.seeded(KEY).hello(...args);
}

Deno.test("TcpFlow leads an opened hello to the service of its inner name, through a filter", () => {
  const flow = flowWith();
  const { outer, inner } = hello();
  const head = concat(toRecords(outer), CCS, EARLY_DATA);
  assert.deepEqual(flow.next(data(head), 1), connect("10.0.0.5:443", false, 1));
  const action = flow.next(CONNECTED, 2);
  assert(action.kind === "relay" && action.filter !== undefined);
  assert.deepEqual([action.preface, action.headOffset], [null, 0]);
  const { toTarget, toClient, next } = action.filter.fromClient(head);
  assert.deepEqual(toTarget, concat(toRecords(inner), CCS, EARLY_DATA));
  assert.deepEqual([toClient, next], [null, "filter"]);

  const { service, detected, ech } = flow.facts();
  assert.equal(service, HIDDEN);
  assert.equal(detected?.sni, "public.example");
  assert.deepEqual(ech, {
    ...{ status: "accepted", publicName: "public.example", configId: 7, innerName: null },
  });
});

Deno.test("TcpFlow opens a hello that comes in many records, and byte by byte", () => {
  const { outer, inner } = hello();
  const head = toRecords(outer, [3, 50, 7]);
  const flow = flowWith();
  for (let end = 1; end < head.length; end++) {
    assert.equal(flow.next(data(head.subarray(0, end)), 0).kind, "read");
  }
  assert.equal(flow.next(data(head), 0).kind, "connect");
  const action = flow.next(CONNECTED, 1);
  assert(action.kind === "relay");
  assert.deepEqual(action.filter?.fromClient(head).toTarget, toRecords(inner));
});

Deno.test("TcpFlow cuts an inner hello into records of 2^14 bytes", () => {
  const { outer, inner } = hello({
    inner: {
      serverName: "private.example",
      supportedVersions: [0x0304],
      extensions: [{ type: 0x1234, data: new Uint8Array(20_000) }],
    },
    outer: { extensions: [] },
  });
  const flow = flowWith();
  const head = toRecords(outer);
  assert.equal(flow.next(data(head), 0).kind, "connect");
  const action = flow.next(CONNECTED, 1);
  assert(action.kind === "relay");
  assert.deepEqual(action.filter?.fromClient(head).toTarget, toRecords(inner, [16_384]));
});

Deno.test("TcpFlow fails over among private targets, and sends them their PROXY header", () => {
  const targets = [target("10.0.0.5:443"), target("10.0.0.6:443")];
  const hidden = service("hidden", { targets, sendProxyProtocol: "v2" });
  const flow = flowWith({ names: nameMap({ "private.example": hidden }) });
  assert.deepEqual(
    flow.next(data(toRecords(hello().outer)), 1),
    connect("10.0.0.5:443", false, 1),
  );
  const refused: TcpFlowEvent = { kind: "connectFailed", error: "connection_refused" };
  assert.deepEqual(flow.next(refused, 2), connect("10.0.0.6:443", false, 2));
  const action = flow.next(CONNECTED, 3);
  assert(action.kind === "relay");
  const header = encodeProxyHeader("v2", { source: PEER, destination: LOCAL, tlvs: null });
  assert.deepEqual(action.preface, header);
  const failed = flowWith({ names: nameMap({ "private.example": HIDDEN }) });
  failed.next(data(toRecords(hello().outer)), 1);
  const error = "connection_refused";
  assert.deepEqual(failed.next(refused, 2), {
    kind: "close",
    outcome: { reason: "connect_failed", error },
  });
});

Deno.test("TcpFlow opens hellos behind an inbound PROXY header", () => {
  const source = address("203.0.113.7:1234");
  const header = encodeProxyHeader("v1", { source, destination: LOCAL, tlvs: null });
  const flow = flowWith({}, { from: { inboundProxy: { trusted: [] } } });
  const { outer, inner } = hello();
  const head = concat(header, toRecords(outer));
  assert.equal(flow.next(data(head), 0).kind, "connect");
  const action = flow.next(CONNECTED, 1);
  assert(action.kind === "relay" && action.filter !== undefined);
  assert.equal(action.headOffset, header.length);
  const { toTarget } = action.filter.fromClient(head.subarray(action.headOffset));
  assert.deepEqual(toTarget, toRecords(inner));
});

Deno.test("TcpFlow looks inner names up as patterns, too, and tells them where they may be told", () => {
  const { outer } = hello({ inner: { serverName: "a.inner.example", supportedVersions: [0x304] } });
  for (const names of [{ wildcard: "inner.example" }, { suffix: "example" }]) {
    const map = nameMap({});
    const entry = new Map([[Object.values(names)[0] ?? "", HIDDEN]]);
    const flow = flowWith({
      names: "wildcard" in names ? { ...map, wildcard: entry } : { ...map, suffix: entry },
      logInnerNames: true,
    });
    assert.deepEqual(flow.next(data(toRecords(outer)), 1), connect("10.0.0.5:443", false, 1));
    assert.equal(flow.facts().ech?.innerName, "a.inner.example");
  }
});

Deno.test("TcpFlow tells a client of an inner name that is not served, or that is no name", () => {
  for (const serverName of ["else.example", "public.example", "\x01"]) {
    const { outer } = hello({ inner: { serverName, supportedVersions: [0x0304] } });
    const flow = flowWith({ logInnerNames: true });
    const action = flow.next(data(toRecords(outer)), 1);
    assertAlerted(flow, action, ALERT.unrecognizedName, "ech_unserved");
    assert.equal(flow.facts().ech?.status, "accepted");
    assert.equal(flow.facts().service?.name, "tls");
    assert.equal(flow.facts().target, null);
  }
});

Deno.test("TcpFlow tells a client what is wrong with its inner hello", () => {
  const { outer } = hello({ tamper: (encoded) => encoded.fill(1, encoded.length - 1) });
  const flow = flowWith();
  assertAlerted(flow, flow.next(data(toRecords(outer)), 1), ALERT.illegalParameter);
  assert.deepEqual([flow.facts().ech?.status, flow.facts().ech?.configId], ["accepted", 7]);
});

Deno.test("TcpFlow tells a client that its outer extension is broken", () => {
  const ech = { type: 0xfe0d, data: Uint8Array.of(1) };
  const outer = buildClientHello({ serverName: "public.example", extensions: [ech] });
  const flow = flowWith();
  assertAlerted(flow, flow.next(data(toRecords(outer)), 1), ALERT.illegalParameter);
  assert.deepEqual([flow.facts().ech?.status, flow.facts().ech?.configId], ["rejected", null]);
});

Deno.test("TcpFlow takes no handshake bytes behind an opened hello in its record", () => {
  const flow = flowWith();
  const records = toRecords(concat(hello().outer, Uint8Array.of(1)));
  assertAlerted(flow, flow.next(data(records), 1), ALERT.unexpectedMessage);
});

Deno.test("TcpFlow ends for the same reason when its alert cannot be written", () => {
  for (const event of [RESET, TIMEOUT]) {
    const flow = flowWith();
    flow.next(data(toRecords(concat(hello().outer, Uint8Array.of(1)))), 1);
    assert.deepEqual(flow.next(event, 2), closed("ech_fault"));
    const unserved = flowWith({ names: nameMap({}) });
    unserved.next(data(toRecords(hello().outer)), 1);
    assert.deepEqual(unserved.next(event, 2), closed("ech_unserved"));
  }
});

Deno.test("TcpFlow leads what it does not open by the outer name, unchanged", () => {
  const stale = echKey({ seed: 99 });
  const hellos: readonly [Uint8Array, status: string, configId: number | null][] = [
    [buildClientHello({ serverName: "public.example" }), "none", null],
    [greaseHello(99), "grease", 99],
    [EchClient.seeded(stale).hello().outer, "rejected", 7],
    [greaseHello(33), "rejected", 33],
    [concat(EchClient.seeded(stale).hello().outer, Uint8Array.of(1)), "rejected", 7],
  ];
  for (const [message, status, configId] of hellos) {
    const flow = flowWith({ retiredConfigIds: [33] });
    const head = toRecords(message);
    assert.deepEqual(flow.next(data(head), 1), connect("10.0.0.1:443", true, 1), status);
    const relay = { kind: "relay", preface: null, headOffset: 0, idleMs: 0 };
    assert.deepEqual(flow.next(CONNECTED, 2), relay);
    const { ech } = flow.facts();
    assert.deepEqual([ech?.status, ech?.configId, ech?.innerName], [status, configId, null]);
    assert.equal(flow.facts().service?.name, "tls");
  }
});

Deno.test("TcpFlow says nothing of ECH where its service has no keys", () => {
  const tls = service("tls", { protocol: "tls" });
  const init = { snapshot: snapshot({ tcp: protocolRoutes({ tls }) }), seed: 0 };
  const flow = new TcpFlow({ ...init, peer: PEER, local: LOCAL });
  flow.start(0);
  const head = toRecords(hello().outer);
  assert.deepEqual(flow.next(data(head), 1), connect("10.0.0.1:80", true, 1));
  assert.equal(flow.facts().ech, undefined);
  assert.equal(flow.facts().detected?.ech, true);
});

/** A budget that the client's source has used up. */
function usedUp(): EchBudget {
  const budget = new EchBudget();
  budget.failed(PEER.host, ECH_FAILURE_BURST, 0);
  return budget;
}

Deno.test("TcpFlow tries no more keys for a source whose hellos have failed too often", () => {
  const stale = toRecords(EchClient.seeded(echKey({ seed: 99 })).hello().outer);
  const budget = new EchBudget();
  for (let failed = 0; failed < ECH_FAILURE_BURST; failed++) {
    flowWith({}, { budget }).next(data(stale), 0);
  }
  const limited = flowWith({}, { budget });
  const own = data(toRecords(hello().outer));
  assert.deepEqual(limited.next(own, 0), connect("10.0.0.1:443", true, 0));
  assert.equal(limited.facts().ech?.status, "rejected");
  assert.deepEqual(flowWith({}, { budget }).next(own, 60_000).kind, "connect");
});

Deno.test("TcpFlow ends a client whose source has failed too often, rather than let it think that ECH is off", () => {
  const named = hello({ outer: { serverName: "elsewhere.example" } }).outer;
  const cases: [Uint8Array, EchRejection, ends: boolean][] = [
    [hello().outer, RETRIED, true],
    [hello({ outer: {} }).outer, RETRIED, true],
    [hello().outer, { kind: "target" }, false],
    [named, RETRIED, false],
    [greaseHello(99), RETRIED, false],
  ];
  for (const [message, onReject, ends] of cases) {
    const flow = flowWith({ onReject }, { budget: usedUp() });
    const action = flow.next(data(toRecords(message)), 0);
    assert.deepEqual(action, ends ? closed("limit") : connect("10.0.0.1:443", true, 0));
  }
});

Deno.test("TcpFlow counts no hello that opens, and no GREASE, against its source", () => {
  const budget = new EchBudget(() => assert.fail("nothing is limited"));
  for (let count = 0; count < 2 * ECH_FAILURE_BURST; count++) {
    for (const message of [hello().outer, greaseHello(99)]) {
      flowWith({}, { budget }).next(data(toRecords(message)), 0);
    }
  }
});

// The server of retry configurations

/** Keys whose public name is the one that the server's certificate is for. */
const RETRY_KEYS = [echKey({ publicName: "public.test", seed: 99 })];

/** A flow that has sent its flight to a client with an old configuration. */
function retried(
  onReject: EchRejection = RETRIED,
): { flow: TcpFlow; tls: Tls13Client; head: Uint8Array } {
  const flow = flowWith({ keys: RETRY_KEYS, onReject });
  const tls = new Tls13Client();
  const head = tls.helloRecord();
  const action = flow.next(data(head), 1);
  assert(action.kind === "reply");
  assert.deepEqual([action.end, action.deadline], [false, 1 + ECH_RETRY_TIMEOUT]);
  tls.takeFlight(action.bytes, PUBLIC_KEY);
  const more: TcpFlowAction = { kind: "read", max: MAX_TCP_HEAD, deadline: 1 + ECH_RETRY_TIMEOUT };
  assert.deepEqual(flow.next(REPLIED, 2), more);
  assert.deepEqual([flow.facts().service?.name, flow.facts().ech?.status], ["tls", "rejected"]);
  return { flow, tls, head };
}

function closed(reason: EndReason): TcpFlowAction {
  return { kind: "close", outcome: { reason } };
}

Deno.test("TcpFlow gives a client with an old configuration the current ones", () => {
  const { flow, tls, head } = retried();
  const action = flow.next(data(head, tls.finished(), tls.alert(ALERT.echRequired)), 3);
  assert.deepEqual(action, closed("ech_retry"));
});

Deno.test("TcpFlow takes a client with the configurations for served, however it ends", () => {
  for (const event of [EOF, RESET]) {
    const { flow, tls, head } = retried();
    assert.equal(flow.next(data(head, tls.finished()), 3).kind, "read");
    assert.deepEqual(flow.next(event, 4), closed("ech_retry"));
  }
});

Deno.test("TcpFlow tells of a client that goes before it has the configurations", () => {
  for (const event of [EOF, RESET]) {
    assert.deepEqual(retried().flow.next(event, 3), closed("ech_aborted"));
  }
  const { flow, tls, head } = retried();
  const distrust = flow.next(data(head, tls.alert(BAD_CERTIFICATE)), 3);
  assert.deepEqual(distrust, closed("ech_aborted"));
});

Deno.test("TcpFlow ends a client that takes too long to get the configurations", () => {
  assert.deepEqual(retried().flow.next(TIMEOUT, 1 + ECH_RETRY_TIMEOUT), closed("probe_timeout"));
  const unwritten = flowWith({ keys: RETRY_KEYS, onReject: RETRIED });
  assert.equal(unwritten.next(data(new Tls13Client().helloRecord()), 1).kind, "reply");
  assert.deepEqual(unwritten.next(TIMEOUT, 1 + ECH_RETRY_TIMEOUT), closed("probe_timeout"));
});

Deno.test("TcpFlow gives a client as long to get the configurations as it has to speak, if that is longer", () => {
  for (const [probeMs, deadline] of [[1, ECH_RETRY_TIMEOUT], [60_000, 60_000]] as const) {
    const timeouts = { ...snapshot({}).timeouts, probeMs };
    const flow = flowWith({ keys: RETRY_KEYS, onReject: RETRIED }, { from: { timeouts } });
    const action = flow.next(data(new Tls13Client().helloRecord()), 0);
    assert.equal(action.kind === "reply" && action.deadline, deadline);
  }
});

Deno.test("TcpFlow tells a client that it cannot be served, and ends, whether it reads that or not", () => {
  for (const event of [REPLIED, RESET, TIMEOUT]) {
    const flow = flowWith({ keys: RETRY_KEYS, onReject: RETRIED });
    const record = new Tls13Client().helloRecord({ cipherSuites: [0xc02f] });
    const action = flow.next(data(record), 1);
    assert(action.kind === "reply" && action.end);
    assert.deepEqual(action.bytes, encodeAlertRecord(ALERT.handshakeFailure));
    assert.deepEqual(flow.next(event, 2), closed("ech_fault"));
  }
});

Deno.test("TcpFlow relays in the clear what a client says that stays", () => {
  const { flow, tls, head } = retried();
  const finished = tls.finished();
  const said = tls.data(Uint8Array.of(1, 2, 3));
  const action = flow.next(data(head, finished, said), 3);
  assert.deepEqual(action, connect("10.0.0.8:80", false, 3));
  const relay = flow.next(CONNECTED, 4);
  assert(relay.kind === "relay" && relay.filter !== undefined);
  assert.equal(relay.headOffset, head.length + finished.length);
  assert.deepEqual([...relay.filter.fromClient(said).toTarget ?? []], [1, 2, 3]);
  assert.equal(flow.facts().service, CLEAR);
  assert.equal(flow.facts().ech?.status, "rejected");
});

Deno.test("TcpFlow closes a client that stays where there is nothing for it in the clear", () => {
  const { flow, tls, head } = retried({ ...RETRY, plaintext: null });
  const action = flow.next(data(head, tls.finished(), tls.data(Uint8Array.of(1))), 3);
  assert(action.kind === "reply" && action.end);
  const [alert] = tls.open(action.bytes);
  assert.equal(alert?.content.toHex(), "0100", "close_notify");
  assert.deepEqual(flow.next(REPLIED, 4), closed("dropped"));
});

Deno.test("TcpFlow serves no handshake for another name, nor for a hello that is GREASE", () => {
  for (const keys of [[KEY], [echKey({ configId: 8, publicName: "public.test" })]]) {
    const flow = flowWith({ keys, onReject: RETRIED });
    const action = flow.next(data(new Tls13Client().helloRecord()), 1);
    assert.deepEqual(action, connect("10.0.0.1:443", true, 1));
  }
});

Deno.test("TcpFlow serves a source few handshakes, retired keys included, and then lets it think nothing", () => {
  const budget = new EchBudget();
  const keys = [echKey({ configId: 8, publicName: "public.test" })];
  const record = new Tls13Client().helloRecord();
  const begin = () => {
    const ech = { keys, retiredConfigIds: [7], onReject: RETRIED };
    return flowWith(ech, { budget }).next(data(record), 0);
  };
  const most = Math.ceil(ECH_FAILURE_BURST / ECH_HANDSHAKE_TRIES);
  for (let count = 0; count < most; count++) assert.equal(begin().kind, "reply");
  assert.deepEqual(begin(), closed("limit"));
});
