/**
 * What becomes of QUIC flows whose service has ECH keys.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { EchFacts, EchSettings } from "../../../src/model/ech.ts";
import type { EndReason } from "../../../src/model/flow.ts";
import {
  ECH_FAILURE_BURST,
  MAX_HELD_DATAGRAMS,
  UDP_PROBE_TIMEOUT,
} from "../../../src/model/limits.ts";
import type { Service, Snapshot } from "../../../src/model/snapshot.ts";
import { EchBudget } from "../../../src/pipeline/ech_budget.ts";
import { flowIdMemory, FlowIdTable } from "../../../src/pipeline/flow_id_table.ts";
import { QUIC_V2 } from "../../../src/proto/quic/versions.ts";
import { ALERT } from "../../../src/proto/tls/alert.ts";
import { buildClientHello, concat } from "../../support/client_hello_builder.ts";
import { EchClient, echKey, echSettings, greaseHello, nameMap } from "../../support/ech_client.ts";
import { QuicClient, QuicReader } from "../../support/quic_client.ts";
import { pingFrame, SAMPLE_DCID } from "../../support/quic_initial_builder.ts";
import { protocolRoutes, service, snapshot, target } from "../../support/snapshot_builder.ts";
import { UdpFlowRig } from "../../support/udp_flow_rig.ts";

const KEY = echKey();
const SERVER_ID = Uint8Array.fromHex("5e5e5e5e5e5e5e5e");
const HIDDEN = service("h3", {
  transport: "udp",
  protocol: "quic",
  targets: [target("10.0.0.1:443")],
  isPrivate: true,
});

Deno.test("UdpFlow leads a client by its inner name, and gives the target the inner hello", () => {
  const client = EchClient.seeded(KEY);
  const first = client.hello({ inner: { keyShareLength: 1216 }, compressed: [51] });
  const quic = new QuicClient(first.outer);
  const rig = new UdpFlowRig(routes());
  const sent = [quic.crypto([700, first.outer.length]), quic.crypto([0, 700])];
  for (const datagram of sent) rig.push(datagram);
  assert.deepEqual(rig.sent.map(({ length }) => length), sent.map(({ length }) => length));
  const reader = new QuicReader();
  for (const datagram of rig.sent) reader.read(datagram);
  assert.deepEqual(reader.stream, first.inner);

  const { service, address, detected, ech } = rig.facts;
  assert.equal(service, HIDDEN);
  assert.equal(address?.host, "10.0.0.1");
  assert.equal(detected?.sni, KEY.publicName);
  assert.deepEqual(ech, facts("accepted", 7));
});

Deno.test("UdpFlow tells of an inner name only where that is wished", () => {
  const rig = new UdpFlowRig(routes({ logInnerNames: true }));
  rig.push(new QuicClient(EchClient.seeded(KEY).hello().outer).crypto());
  assert.equal(rig.facts.ech?.innerName, "private.example");
});

Deno.test("UdpFlow leaves clients without ECH, with GREASE or with an unknown key to the public target", () => {
  const stale = echKey({ seed: 99 });
  const named = EchClient.seeded(stale).hello({ outer: { serverName: "public2.example" } });
  const cases: [Uint8Array, EchFacts, Partial<EchSettings>][] = [
    [buildClientHello({ serverName: KEY.publicName }), facts("none", null), {}],
    [greaseHello(9), { ...facts("grease", 9), publicName: "private.example" }, {}],
    [EchClient.seeded(stale).hello().outer, facts("rejected", 7), {}],
    [named.outer, { ...facts("rejected", 7), publicName: "public2.example" }, {
      onReject: { kind: "refuse" },
    }],
    [EchClient.seeded(echKey({ configId: 8 })).hello().outer, facts("grease", 8), {
      onReject: { kind: "refuse" },
    }],
  ];
  for (const [hello, ech, settings] of cases) {
    const quic = new QuicClient(hello);
    const rig = new UdpFlowRig(routes(settings));
    const datagram = quic.crypto();
    assert.deepEqual(rig.push(datagram), [datagram]);
    assert.equal(rig.driver.isOpen, true);
    assert.deepEqual(rig.facts.ech, ech);
    assert.equal(rig.facts.service?.name, "h3");
    assert.equal(rig.facts.address?.host, "10.0.0.2");
  }
});

Deno.test("UdpFlow refuses a client with an old configuration where it is to, so that it falls back to TCP", () => {
  const quic = new QuicClient(EchClient.seeded(echKey({ seed: 99 })).hello().outer);
  const rig = new UdpFlowRig(routes({ onReject: { kind: "refuse" } }));
  assert.deepEqual(rig.push(quic.crypto()), []);
  assert.deepEqual(rig.outcome, { reason: "ech_refused" });
  assert.deepEqual(rig.facts.ech, facts("rejected", 7));
  assertCloses(rig, quic, Uint8Array.of(0x1c, 0x02, 0x00, 0x00));
});

Deno.test("UdpFlow tells a client by an alert what is wrong with its ECH", () => {
  const cases: [string, Uint8Array, number, EndReason][] = [
    [
      "a name that is not served",
      EchClient.seeded(KEY).hello({ inner: { serverName: "other.example" } }).outer,
      ALERT.unrecognizedName,
      "ech_unserved",
    ],
    [
      "padding that is not zero",
      EchClient.seeded(KEY).hello({
        tamper: (encoded) => concat(encoded.subarray(0, -1), Uint8Array.of(1)),
      }).outer,
      ALERT.illegalParameter,
      "ech_fault",
    ],
  ];
  for (const [name, hello, alert, reason] of cases) {
    const quic = new QuicClient(hello);
    quic.version = QUIC_V2;
    const rig = new UdpFlowRig(routes());
    assert.deepEqual(rig.push(quic.crypto()), [], name);
    assert.deepEqual(rig.outcome, { reason });
    assertCloses(rig, quic, Uint8Array.of(0x1c, 0x41, alert, 0x06, 0x00));
  }
});

Deno.test("UdpFlow does nothing about ECH where the service has no keys", () => {
  const rig = new UdpFlowRig(snapshot({ udp: protocolRoutes({ quic: HIDDEN }) }));
  const datagram = new QuicClient(EchClient.seeded(KEY).hello().outer).crypto();
  assert.deepEqual(rig.push(datagram), [datagram]);
  assert.equal("ech" in rig.facts, false);
});

Deno.test("UdpFlow takes a hello that stays incomplete for one without ECH", () => {
  const quic = new QuicClient(EchClient.seeded(KEY).hello().outer);
  const rig = new UdpFlowRig(routes());
  const half = quic.crypto([0, 100]);
  assert.deepEqual(rig.push(half), []);
  rig.pass(UDP_PROBE_TIMEOUT + 20);
  assert.deepEqual(rig.sent, [half]);
  assert.deepEqual(rig.facts.ech, { ...facts("none", null), publicName: null });
});

Deno.test("UdpFlow drops a hello that stays incomplete where the public target knows no ECH, so that it may come anew", () => {
  const snapshot = routes({ onReject: { kind: "refuse" } });
  const quic = new QuicClient(EchClient.seeded(KEY).hello().outer);
  const late = new UdpFlowRig(snapshot);
  late.push(quic.crypto([0, 100]));
  late.pass(UDP_PROBE_TIMEOUT + 20);
  const many = new UdpFlowRig(snapshot);
  for (let sent = 0; sent < MAX_HELD_DATAGRAMS; sent++) many.push(quic.initial([pingFrame()]));
  for (const { sent, outcome } of [late, many]) {
    assert.deepEqual(sent, []);
    assert.deepEqual(outcome, { reason: "probe_timeout" });
  }
  const plain = new QuicClient(buildClientHello({ serverName: KEY.publicName }));
  const slow = new UdpFlowRig(snapshot);
  for (let sent = 1; sent < MAX_HELD_DATAGRAMS; sent++) slow.push(plain.initial([pingFrame()]));
  assert.equal(slow.push(plain.crypto()).length, MAX_HELD_DATAGRAMS);
});

Deno.test("UdpFlow refuses a client whose source has used up its budget, rather than let it think that ECH is off", () => {
  let limited = 0;
  const budget = new EchBudget(() => limited++);
  const stale = new QuicClient(EchClient.seeded(echKey({ seed: 99 })).hello().outer);
  for (let flow = 0; flow < ECH_FAILURE_BURST; flow++) {
    new UdpFlowRig(routes(), budget).push(stale.crypto());
  }
  const rig = new UdpFlowRig(routes(), budget);
  const quic = new QuicClient(EchClient.seeded(KEY).hello().outer);
  assert.deepEqual(rig.push(quic.crypto()), []);
  assert.deepEqual(rig.facts.ech, facts("rejected", 7));
  assert.equal(limited, 1);
  assertCloses(rig, quic, Uint8Array.of(0x1c, 0x02, 0x00, 0x00));

  const grease = new QuicClient(greaseHello(9)).crypto();
  assert.deepEqual(new UdpFlowRig(routes(), budget).push(grease), [grease]);
});

Deno.test("UdpFlow takes a client that begins anew on the same port, if it is for the same service", () => {
  const seed = new Uint8Array(32).fill(3);
  for (const [serverName, count] of [["private.example", 1], ["second.example", 0]] as const) {
    const second = service("h3-2", { transport: "udp", protocol: "quic" });
    const names = nameMap({ "private.example": HIDDEN, "second.example": second });
    const rig = new UdpFlowRig(routes({ names }));
    rig.push(new QuicClient(EchClient.seeded(KEY).hello().outer).crypto());
    const again = EchClient.seeded(KEY, undefined, seed).hello({ inner: { serverName } });
    const quic = new QuicClient(again.outer);
    quic.retry(new Uint8Array(8).fill(4));
    const sent = rig.push(quic.crypto());
    assert.equal(sent.length, count, serverName);
    const reader = new QuicReader([quic.keyDcid]);
    for (const datagram of sent) reader.read(datagram);
    if (count > 0) assert.deepEqual(reader.stream, again.inner);
  }
});

Deno.test("UdpFlow keeps the outer hellos of a client that has moved from its hidden target", () => {
  const { ids, quic, snapshot } = connected(SERVER_ID);
  quic.adopt(SERVER_ID);
  const rig = new UdpFlowRig(snapshot, null, ids);
  const handshake = quic.other("handshake");
  assert.deepEqual(rig.push(handshake), [handshake]);
  assert.equal(rig.facts.service, HIDDEN);
  assert.deepEqual(rig.push(quic.crypto()), []);
  assert.deepEqual(rig.push(quic.short()), [quic.short()]);
  assert.deepEqual(new UdpFlowRig(snapshot, null, ids).push(quic.crypto()), []);
});

Deno.test("UdpFlow keeps outer hellos from a hidden target of whoever knows its ID, whatever else is sent", () => {
  const { ids, quic, snapshot } = connected(SERVER_ID);
  quic.adopt(SERVER_ID);
  assertHidden(new UdpFlowRig(snapshot, null, ids), quic);
});

Deno.test("UdpFlow keeps outer hellos from a hidden target of whoever sends in the name of its client, at any time", () => {
  const { quic, rig } = connected(SERVER_ID);
  quic.adopt(SERVER_ID);
  rig.push(quic.other("handshake"));
  assertHidden(rig, quic);
});

Deno.test("UdpFlow gives a hidden target the inner hello of a client that has moved after a Retry", () => {
  const { ids, quic, snapshot, inner } = connected(SERVER_ID);
  quic.retry(SERVER_ID);
  const rig = new UdpFlowRig(snapshot, null, ids);
  const reader = new QuicReader([SERVER_ID]);
  for (const datagram of rig.push(quic.crypto())) reader.read(datagram);
  assert.deepEqual(reader.stream, inner);
  assert.equal(rig.facts.service, HIDDEN);
});

Deno.test("UdpFlow lets all pass of a client that has moved, where outer names lead to its target, too", () => {
  const { ids, quic, snapshot } = connected(SERVER_ID, HIDDEN.targets);
  quic.adopt(SERVER_ID);
  const initial = quic.crypto();
  assert.deepEqual(new UdpFlowRig(snapshot, null, ids).push(initial), [initial]);
});

/** What is left of a flow whose hidden target has given its client an ID. */
function connected(id: Uint8Array, publicTargets?: Service["targets"]) {
  const ids = new FlowIdTable(flowIdMemory([1, 2]));
  const snapshot = routes({}, publicTargets);
  const { outer, inner } = EchClient.seeded(KEY).hello();
  const quic = new QuicClient(outer);
  const rig = new UdpFlowRig(snapshot, null, ids);
  assert.equal(rig.push(quic.crypto()).length, 1);
  rig.answer(quic.initial([], { sender: "server", dcid: quic.scid, scid: id }));
  return { ids, quic, snapshot, inner, rig };
}

/** What has a short header goes the way of other flows, and a plain hello behind it goes nowhere. */
function assertHidden(rig: UdpFlowRig, quic: QuicClient): void {
  for (let sent = 0; sent < 100; sent++) assert.equal(rig.driver.deliver(quic.short()), true);
  const plain = new QuicClient(buildClientHello({ serverName: "private.example" }));
  plain.retry(new Uint8Array(8).fill(9));
  assert.deepEqual(rig.push(plain.crypto()), []);
  assert.equal(rig.driver.deliver(quic.short()), true);
}

/** QUIC to a service with ECH, behind which is a hidden one. */
function routes(
  part: Partial<EchSettings> = {},
  targets: Service["targets"] = [target("10.0.0.2:443")],
): Snapshot {
  const ech = echSettings({ keys: [KEY], names: nameMap({ "private.example": HIDDEN }), ...part });
  const quic: Service = service("h3", {
    transport: "udp",
    protocol: "quic",
    targets,
    ech,
  });
  return snapshot({ udp: protocolRoutes({ quic }) });
}

function facts(status: EchFacts["status"], configId: number | null): EchFacts {
  return { status, publicName: KEY.publicName, configId, innerName: null };
}

/** The client was sent this frame, by a packet that it takes for one of its server's. */
function assertCloses(rig: UdpFlowRig, client: QuicClient, frame: Uint8Array): void {
  const [reply, ...more] = rig.replies;
  assert(reply !== undefined && more.length === 0);
  const reader = new QuicReader([SAMPLE_DCID], "server");
  assert.equal(reader.read(reply).length, 0);
  const [packet] = reader.packets;
  assert.equal(packet?.dcid, client.scid.toHex());
  assert.deepEqual(packet.payload, frame);
}
