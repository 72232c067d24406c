import assert from "node:assert/strict";
import { formatJsonEvent, formatTextEvent } from "../../../src/ops/access_log.ts";
import { DETECTED, flowEnd, flowRecord } from "../../support/flow_records.ts";

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
