import assert from "node:assert/strict";
import { parseCommandLine } from "../../../src/cli/args.ts";
import { explainInWords, innerNameHint } from "../../../src/cli/explain.ts";
import { explainSample } from "../../../src/cli/explain_flow.ts";
import { selfSignedCertificate } from "../../../src/cli/demo/certificate.ts";
import { parseConfig } from "../../../src/control/config/parse.ts";
import type { Snapshot } from "../../../src/model/snapshot.ts";
import { buildClientHello, toRecords } from "../../support/client_hello_builder.ts";
import { EchClient, echKey, greaseHello } from "../../support/ech_client.ts";
import { files, keyFile } from "../../support/ech_config.ts";
import { sealClientHello } from "../../support/quic_initial_builder.ts";

const KEY = echKey({ configId: 7, publicName: "edge.example" });
const GONE = echKey({ configId: 6, publicName: "edge.example" });
const CERTIFICATE = selfSignedCertificate(["edge.example"], Date.now());

/** A `tls` and a `quic` service with the same keys. */
function snapshotWith(lines = "", tls = ""): Snapshot {
  const table = `key_files = ["key.pem"]
retired_config_ids = [6]
private_server_names = ["wiki.example:8443"]
private = [{ names = ["*.inner.example"], target = ["10.0.0.5:443"] }]
${lines}`;
  const text = `listen_port = 443
tcp_target = ["10.0.0.9:80"]
[protocols.web]
protocol = "tls"
server_names = ["edge.example"]
target = ["10.0.0.2:443"]
[protocols.web.ech]
${table}
${tls}
[protocols.h3]
protocol = "quic"
server_names = ["edge.example"]
target = ["10.0.0.3:443"]
[protocols.h3.ech]
${table}
${tls === "" ? "" : 'on_reject = "refuse"'}`;
  return parseConfig(
    text,
    "config.toml",
    files({ "key.pem": keyFile(KEY), "edge.pem": CERTIFICATE.cert, "edge.key": CERTIFICATE.key }),
  ).snapshot;
}

const RETRY = 'on_reject = "retry"\ncertificate = "edge.pem"\ncertificate_key = "edge.key"';

/** What `explain` says of ECH. */
function overTls(hello: Uint8Array, snapshot: Snapshot) {
  return echOf(explainSample({ transport: "tcp", chunks: [toRecords(hello)] }, snapshot));
}

function overQuic(hello: Uint8Array, snapshot: Snapshot) {
  return echOf(explainSample({ transport: "udp", chunks: [sealClientHello(hello)] }, snapshot));
}

function echOf(explained: ReturnType<typeof explainSample>) {
  const { sni, ech, ech_status, ech_public_name, ech_config_id, ech_inner_name } = explained;
  const { service, targets, route } = explained;
  return [
    ...[sni, ech, ech_status, ech_public_name, ech_config_id, ech_inner_name],
    ...[service, targets, route],
  ];
}

function sealed(key: typeof KEY, serverName: string) {
  return EchClient.seeded(key).hello({ inner: { serverName } }).outer;
}

Deno.test("explainSample() opens a hello and goes where its inner name leads, which it does not tell", () => {
  const snapshot = snapshotWith();
  const head = ["edge.example", true, "accepted", "edge.example", 7, null];
  assert.deepEqual(overTls(sealed(KEY, "wiki.example"), snapshot), [
    ...[...head, "web", ["private"], "ech"],
  ]);
  assert.deepEqual(overTls(sealed(KEY, "a.inner.example"), snapshot), [
    ...[...head, "web", ["10.0.0.5:443"], "ech"],
  ]);
  assert.deepEqual(overQuic(sealed(KEY, "wiki.example"), snapshot), [
    ...[...head, "h3", ["private"], "ech"],
  ]);
});

Deno.test("explainSample() tells the inner name with log_inner_names", () => {
  const snapshot = snapshotWith("log_inner_names = true");
  assert.deepEqual(overTls(sealed(KEY, "wiki.example"), snapshot), [
    ...["edge.example", true, "accepted", "edge.example", 7, "wiki.example"],
    ...["web", ["wiki.example:8443"], "ech"],
  ]);
});

Deno.test("explainSample() shows an inner name that is not served", () => {
  assert.deepEqual(overTls(sealed(KEY, "other.example"), snapshotWith()), [
    ...["edge.example", true, "accepted", "edge.example", 7, null, "web", [], "ech_unserved"],
  ]);
  const overH3 = overQuic(sealed(KEY, "other.example"), snapshotWith());
  assert.deepEqual(overH3.slice(-3), ["h3", [], "ech_unserved"]);
});

Deno.test("explainSample() shows a hello that breaks a rule", () => {
  const tamper = (encoded: Uint8Array) => encoded.fill(1, encoded.length - 1);
  const hello =
    EchClient.seeded(KEY).hello({ outer: { serverName: "edge.example" }, tamper }).outer;
  for (const explain of [overTls, overQuic]) {
    assert.equal(explain(hello, snapshotWith()).at(-1), "ech_fault");
  }
});

Deno.test("explainSample() sends what no key opens where its outer name leads", () => {
  const snapshot = snapshotWith();
  const stale = ["edge.example", true, "rejected", "edge.example", 6, null];
  assert.deepEqual(overTls(sealed(GONE, "wiki.example"), snapshot), [
    ...[...stale, "web", ["10.0.0.2:443"], "sni"],
  ]);
  const grease = greaseHello(99, { spec: { serverName: "edge.example" } });
  assert.deepEqual(overTls(grease, snapshot), [
    ...["edge.example", true, "grease", null, 99, null, "web", ["10.0.0.2:443"], "sni"],
  ]);
  assert.deepEqual(overTls(buildClientHello({ serverName: "edge.example" }), snapshot), [
    ...["edge.example", false, "none", null, null, null, "web", ["10.0.0.2:443"], "sni"],
  ]);
});

Deno.test("explainSample() shows that clients with an old key get a new one, or are refused over QUIC", () => {
  const snapshot = snapshotWith("", RETRY);
  const stale = ["edge.example", true, "rejected", "edge.example", 6, null];
  const hello = sealed(GONE, "wiki.example");
  assert.deepEqual(overTls(hello, snapshot), [...stale, "web", [], "ech_retry"]);
  assert.deepEqual(overQuic(hello, snapshot), [...stale, "h3", [], "ech_refused"]);
});

Deno.test("explainSample() says nothing of ECH where the service has no keys, nor without a configuration", () => {
  const hello = EchClient.seeded(KEY).hello({ outer: { serverName: "www.example" } }).outer;
  assert.deepEqual(overTls(hello, snapshotWith()), [
    ...["www.example", true, null, null, null, null, "default", ["10.0.0.9:80"], "fallback"],
  ]);
  const explained = explainSample({ transport: "tcp", chunks: [toRecords(hello)] }, null);
  assert.equal(explained.ech, true);
  assert.equal(explained.ech_status, null);
});

/** What a command line asks. */
function flowOf(...args: readonly string[]) {
  const command = parseCommandLine(["explain", "--config", "config.toml", ...args]);
  assert(command.name === "explain" && command.flow !== null);
  return command.flow;
}

Deno.test("explainInWords() shows where a name leads that the client hides", () => {
  const snapshot = snapshotWith();
  assert.deepEqual(echOf(explainInWords(flowOf("--inner-sni", "Wiki.example"), snapshot)), [
    ...["edge.example", true, "accepted", "edge.example", null, "wiki.example"],
    ...["web", ["wiki.example:8443"], "ech"],
  ]);
  assert.deepEqual(
    echOf(explainInWords(flowOf("--inner-sni", "wiki.example", "--protocol", "quic"), snapshot))
      .slice(-3),
    ["h3", ["wiki.example:8443"], "ech"],
  );
  assert.deepEqual(
    echOf(explainInWords(flowOf("--inner-sni", "other.example"), snapshot)).slice(-3),
    ["web", [], "ech_unserved"],
  );
  assert.deepEqual(
    echOf(explainInWords(flowOf("--sni", "www.example", "--inner-sni", "wiki.example"), snapshot)),
    [
      ...["www.example", true, null, null, null, null, "default", ["10.0.0.9:80"], "fallback"],
    ],
  );
});

Deno.test("explainInWords() takes a flow without --inner-sni for one without ECH", () => {
  const snapshot = snapshotWith();
  assert.deepEqual(echOf(explainInWords(flowOf("--sni", "edge.example"), snapshot)), [
    ...["edge.example", false, "none", null, null, null, "web", ["10.0.0.2:443"], "sni"],
  ]);
});

Deno.test("innerNameHint() tells of --inner-sni who asks for an inner name as if it were sent in the clear", () => {
  const snapshot = snapshotWith();
  assert.match(
    innerNameHint(flowOf("--sni", "a.inner.example"), snapshot) ?? "",
    /^Service "web" has "a\.inner\.example" as an inner name: ask with --inner-sni/,
  );
  assert.equal(innerNameHint(flowOf("--sni", "edge.example"), snapshot), null);
  assert.equal(innerNameHint(flowOf("--inner-sni", "wiki.example"), snapshot), null);
});
