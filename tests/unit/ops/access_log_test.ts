import assert from "node:assert/strict";
import { formatJsonEvent, formatTextEvent } from "../../../src/ops/access_log.ts";
import type { EchFacts } from "../../../src/model/ech.ts";
import { DETECTED, flowEnd, flowRecord, SERVICE } from "../../support/flow_records.ts";

const TIME = Date.UTC(2026, 10, 22, 18, 0, 0, 7);

Deno.test("formatTextEvent() writes the start of a flow in the form of rpxy-l4, with the facts behind it", () => {
  assert.equal(
    formatTextEvent(TIME, flowRecord(), null),
    "2026-11-22T18:00:00.007Z [start] tcp:tls: 192.0.2.1:5000 -> 10.0.0.1:443 id=7 " +
      "service=web sni=example.com alpn=h2,http/1.1 target=backend:443",
  );
});

Deno.test("formatTextEvent() writes the end of a flow", () => {
  assert.equal(
    formatTextEvent(TIME, flowRecord(), flowEnd()),
    "2026-11-22T18:00:00.007Z [finish] tcp:tls: 192.0.2.1:5000 -> 10.0.0.1:443 id=7 " +
      "service=web sni=example.com alpn=h2,http/1.1 target=backend:443 " +
      "bytes_up=517 bytes_down=4096 duration_ms=1234 reason=done",
  );
});

Deno.test("formatTextEvent() and formatJsonEvent() have the fingerprint of a hello that was read", () => {
  const ja4 = "t13d1516h2_8daaf6152771_e5627efa2ab1";
  const record = flowRecord({ detected: { ...DETECTED, fields: { ja4 } } });
  assert.ok(formatTextEvent(TIME, record, null).includes(` alpn=h2,http/1.1 ja4=${ja4} target=`));
  assert.equal(JSON.parse(formatJsonEvent(TIME, record, null)).ja4, ja4);
});

const ACCEPTED: EchFacts = {
  status: "accepted",
  publicName: "edge.example",
  configId: 7,
  innerName: null,
};

Deno.test("formatTextEvent() and formatJsonEvent() tell what became of ECH", () => {
  const cases: readonly (readonly [EchFacts, string])[] = [
    [ACCEPTED, "ech=accepted ech_public_name=edge.example ech_config_id=7"],
    [
      { ...ACCEPTED, innerName: "wiki.example" },
      "ech=accepted ech_public_name=edge.example ech_config_id=7 ech_inner_name=wiki.example",
    ],
    [{ ...ACCEPTED, status: "rejected", publicName: null }, "ech=rejected ech_config_id=7"],
    [{ ...ACCEPTED, status: "grease", configId: 0 }, "ech=grease ech_config_id=0"],
    [{ ...ACCEPTED, status: "none", configId: null }, "ech=none"],
  ];
  for (const [ech, facts] of cases) {
    const record = flowRecord({ ech });
    assert.ok(
      formatTextEvent(TIME, record, null).endsWith(`http/1.1 ${facts} target=backend:443`),
      facts,
    );
    const entries = Object.entries(JSON.parse(formatJsonEvent(TIME, record, null)))
      .filter(([key]) => key.startsWith("ech"));
    assert.equal(entries.map(([key, value]) => `${key}=${value}`).join(" "), facts);
  }
});

Deno.test("formatTextEvent() and formatJsonEvent() show neither name nor address of a private target", () => {
  const record = flowRecord({ service: { ...SERVICE, isPrivate: true }, ech: ACCEPTED });
  assert.equal(
    formatTextEvent(TIME, record, null),
    "2026-11-22T18:00:00.007Z [start] tcp:tls: 192.0.2.1:5000 -> - id=7 service=web " +
      "sni=example.com alpn=h2,http/1.1 ech=accepted ech_public_name=edge.example " +
      "ech_config_id=7 target=private",
  );
  const json = formatJsonEvent(TIME, record, flowEnd());
  assert.equal(JSON.parse(json).target, "private");
  assert.doesNotMatch(json, /backend|10\.0\.0\.1|target_address/);
  const unreached = { ...record, target: null, address: null };
  assert.doesNotMatch(formatTextEvent(TIME, unreached, null), /target/);
});

Deno.test("formatTextEvent() leaves out what is not known", () => {
  const record = flowRecord({
    transport: "udp",
    source: { host: "2001:db8::1", port: 5000 },
    detected: null,
    service: null,
    target: null,
    address: null,
  });
  const end = flowEnd({ outcome: { reason: "dropped" }, bytesDown: 0 });
  assert.equal(
    formatTextEvent(TIME, record, end),
    "2026-11-22T18:00:00.007Z [finish] udp: [2001:db8::1]:5000 -> - id=7 " +
      "bytes_up=517 bytes_down=0 duration_ms=1234 reason=dropped",
  );
});

Deno.test("formatTextEvent() names the error that ended a flow", () => {
  const end = flowEnd({ outcome: { reason: "connect_failed", error: "connection_refused" } });
  assert.match(
    formatTextEvent(TIME, flowRecord(), end),
    / reason=connect_failed error=connection_refused$/,
  );
});

Deno.test("formatTextEvent() keeps hostile names within their values", () => {
  const detected = {
    ...DETECTED,
    sni: 'a" reason=done\r\n2026 [finish]\x1b[2J',
    alpn: ["h2,h3", "\x00", ""],
  };
  assert.equal(
    formatTextEvent(TIME, flowRecord({ detected }), null),
    "2026-11-22T18:00:00.007Z [start] tcp:tls: 192.0.2.1:5000 -> 10.0.0.1:443 id=7 service=web " +
      String.raw`sni="a\" reason=done\x0d\x0a2026 [finish]\x1b[2J" alpn="h2\x2ch3,\x00," ` +
      "target=backend:443",
  );
});

Deno.test("formatTextEvent() tells a comma in an ALPN name from the one between two", () => {
  const detected = { ...DETECTED, alpn: ["h2,h3", "a"] };
  const line = formatTextEvent(TIME, flowRecord({ detected }), null);
  assert.ok(line.includes(String.raw` alpn="h2\x2ch3,a" `), line);
});

Deno.test("formatTextEvent() bounds what a client can make it write", () => {
  const detected = {
    ...DETECTED,
    sni: "\n".repeat(65_535),
    alpn: Array.from({ length: 30_000 }, () => "\n"),
  };
  const line = formatTextEvent(TIME, flowRecord({ detected }), flowEnd());
  assert.ok(line.length < 4096, `${line.length}`);
  assert.match(line, / sni="(\\x0a){256}\.\.\." alpn="(\\x0a,){128}\.\.\." /);
});

Deno.test("formatJsonEvent() writes the same facts as one object", () => {
  assert.deepEqual(JSON.parse(formatJsonEvent(TIME, flowRecord(), flowEnd())), {
    time: "2026-11-22T18:00:00.007Z",
    event: "finish",
    protocol: "tcp:tls",
    source: "192.0.2.1:5000",
    target_address: "10.0.0.1:443",
    id: 7,
    service: "web",
    sni: "example.com",
    alpn: ["h2", "http/1.1"],
    target: "backend:443",
    bytes_up: 517,
    bytes_down: 4096,
    duration_ms: 1234,
    reason: "done",
  });
});

Deno.test("formatJsonEvent() leaves out what is not known", () => {
  const record = flowRecord({ detected: null, service: null, target: null, address: null });
  assert.deepEqual(JSON.parse(formatJsonEvent(TIME, record, null)), {
    time: "2026-11-22T18:00:00.007Z",
    event: "start",
    protocol: "tcp",
    source: "192.0.2.1:5000",
    id: 7,
  });
});
