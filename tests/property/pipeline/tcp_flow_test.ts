import assert from "node:assert/strict";
import fc from "fast-check";
import type { EndReason, FlowInit } from "../../../src/model/flow.ts";
import { MAX_CONNECT_ATTEMPTS } from "../../../src/model/limits.ts";
import type { Snapshot } from "../../../src/model/snapshot.ts";
import { encodeProxyHeader, parseProxyHeader } from "../../../src/proto/proxy_protocol.ts";
import { buildClientHello, concat, latin1, toRecords } from "../../support/client_hello_builder.ts";
import { type ClientScript, driveTcpFlow } from "../../support/flow_driver.ts";
import {
  address,
  alpnTable,
  namedRoutes,
  protocolRoutes,
  service,
  snapshot,
  target,
} from "../../support/snapshot_builder.ts";

const TARGETS = fc.subarray(
  ["10.0.0.1:80", "10.0.0.2:80", "a.test:80", "b.test:80"].map(target),
  { minLength: 1 },
);
const SERVICE_PART = fc.record({
  targets: TARGETS,
  loadBalance: fc.constantFrom("none", "source_ip", "random"),
  sendProxyProtocol: fc.constantFrom("none", "v1", "v2"),
  idleMs: fc.constantFrom(0, 50, 60_000),
});

const SNAPSHOT: fc.Arbitrary<Snapshot> = fc.record({
  http: fc.option(SERVICE_PART, { nil: undefined }),
  ssh: fc.option(SERVICE_PART, { nil: undefined }),
  tls: fc.option(SERVICE_PART, { nil: undefined }),
  fallback: fc.option(SERVICE_PART, { nil: undefined }),
  unmatched: fc.constantFrom("target", "drop"),
  inbound: fc.boolean(),
  timeouts: fc.record({
    probeMs: fc.constantFrom(1, 3_000),
    serverFirstMs: fc.constantFrom(0, 300, 5_000),
    connectMs: fc.constant(10_000),
  }),
}).map(({ http, ssh, tls, fallback, unmatched, inbound, timeouts }) => {
  const plain = protocolRoutes(
    {
      ...http && { http: service("http", { ...http, protocol: "http" }) },
      ...ssh && { ssh: service("ssh", { ...ssh, protocol: "ssh" }) },
    },
    fallback ? service("default", fallback) : null,
  );
  const byName = tls && namedRoutes("tls", {
    exact: { "a.test": alpnTable({}, service("tls", { ...tls, protocol: "tls" })) },
  });
  const tcp = byName ? { ...plain, byName, sought: [...plain.sought, "tls" as const] } : plain;
  return snapshot({ tcp, unmatched, timeouts, inboundProxy: inbound ? { trusted: [] } : null });
});

const PROXIED = {
  source: address("203.0.113.7:6000"),
  destination: address("203.0.113.8:443"),
  tlvs: null,
};
const PROXY_HEADER = fc.constantFrom(
  encodeProxyHeader("v1", PROXIED),
  encodeProxyHeader("v2", PROXIED),
  latin1("PROXY UNKNOWN\r\n"),
);
const SPEECH = fc.oneof(
  fc.constantFrom(
    latin1("GET / HTTP/1.1\r\nhost: a\r\n\r\n"),
    latin1("SSH-2.0-x\r\n"),
    toRecords(buildClientHello({ serverName: "a.test" }), [7, 60]),
    toRecords(buildClientHello({ serverName: "b.test" })),
    toRecords(concat(Uint8Array.of(1, 0, 0, 4), new Uint8Array(4))),
    latin1("EHLO a\r\n"),
  ).chain((whole) =>
    fc.oneof(fc.constant(whole), fc.nat({ max: whole.length }).map((n) => whole.subarray(0, n)))
  ),
  fc.uint8Array({ maxLength: 40 }),
);

/** Sizes to cut bytes by; the last piece takes the rest. */
const SIZES = fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 12 });

function cut(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  let offset = 0;
  for (const size of sizes) chunks.push(bytes.subarray(offset, offset += size));
  return [...chunks, bytes.subarray(offset)];
}

function initOf(snapshot: Snapshot, seed = 0): FlowInit {
  return { snapshot, peer: address("192.0.2.1:5000"), local: address("192.0.2.2:443"), seed };
}

/** Bytes of the client as a flow with this snapshot gets them, and how many of them are the PROXY header's. */
function sentTo(snapshot: Snapshot, header: Uint8Array, speech: Uint8Array) {
  const headerLength = snapshot.inboundProxy === null ? 0 : header.length;
  return { bytes: concat(header.subarray(0, headerLength), speech), headerLength };
}

const END: fc.Arbitrary<ClientScript["end"]> = fc.constantFrom("eof", "reset", "silent");

Deno.test("TcpFlow ends within a bound for every sequence of events, and loses no byte", () => {
  fc.assert(
    fc.property(
      SNAPSHOT,
      PROXY_HEADER,
      SPEECH,
      SIZES,
      END,
      fc.infiniteStream(fc.nat({ max: 10_000 })),
      (snapshot, header, speech, sizes, end, choices) => {
        const { bytes, headerLength } = sentTo(snapshot, header, speech);
        const chunks = cut(bytes, sizes);
        const choose = (count: number) => choices.next().value % count;
        const { decision, steps, facts, prefaces } = driveTcpFlow(
          initOf(snapshot),
          { chunks, end },
          choose,
        );

        // Each chunk, two silences, the end; at most three walks over targets, with a look-up for each.
        assert(steps <= chunks.length + 4 + 3 * 2 * MAX_CONNECT_ATTEMPTS, `${steps} steps`);
        if (decision.kind === "relay") {
          assert.equal(decision.headOffset, headerLength);
          assert(facts.service !== null && facts.target !== null && facts.address !== null);
          assert.equal(decision.idleMs, facts.service.idleMs);
          assert(facts.service.targets.includes(facts.target));
          assert.equal(prefaces.length, facts.service.sendProxyProtocol === "none" ? 0 : 1);
          for (const preface of prefaces) {
            const sent = parseProxyHeader(preface);
            assert(sent.kind === "match");
            assert.deepEqual(sent.value.source, facts.source);
          }
        }
      },
    ),
    { numRuns: 1_000 },
  );
});

Deno.test("TcpFlow never closes a client for being slow or unknown while there is a default target", () => {
  const allowed: EndReason[] = ["connect_failed", "idle", "client_reset", "proxy_header"];
  fc.assert(
    fc.property(
      SNAPSHOT.filter(({ tcp }) => tcp.fallback !== null),
      PROXY_HEADER,
      SPEECH,
      SIZES,
      END,
      fc.infiniteStream(fc.nat({ max: 10_000 })),
      (snapshot, header, speech, sizes, end, choices) => {
        const { bytes } = sentTo(snapshot, header, speech);
        const choose = (count: number) => choices.next().value % count;
        const { decision, facts } = driveTcpFlow(
          initOf(snapshot),
          { chunks: cut(bytes, sizes), end },
          choose,
        );
        if (decision.kind === "relay") return;
        const unmatched = snapshot.unmatched === "drop" && facts.detected?.sni === "b.test";
        const { reason } = decision.outcome;
        assert(allowed.includes(reason) || (unmatched && reason === "dropped"), reason);
      },
    ),
    { numRuns: 1_000 },
  );
});

Deno.test("TcpFlow decides the same however the client's bytes are cut", () => {
  fc.assert(
    fc.property(SNAPSHOT, PROXY_HEADER, SPEECH, SIZES, (snapshot, header, speech, sizes) => {
      const { bytes } = sentTo(snapshot, header, speech);
      const drive = (chunks: Uint8Array[]) => {
        const { decision, facts } = driveTcpFlow(
          initOf(snapshot),
          { chunks, end: "eof" },
          () => 0,
        );
        return { decision, facts };
      };
      assert.deepEqual(drive(cut(bytes, sizes)), drive([bytes]));
    }),
    { numRuns: 1_000 },
  );
});
