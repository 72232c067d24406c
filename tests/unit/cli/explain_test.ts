import assert from "node:assert/strict";
import { UsageError } from "../../../src/cli/args.ts";
import { explainInWords, explainLines } from "../../../src/cli/explain.ts";
import { explainSample } from "../../../src/cli/explain_flow.ts";
import { parseConfig } from "../../../src/control/config/parse.ts";
import { MAX_TCP_HEAD } from "../../../src/model/limits.ts";
import type { Snapshot } from "../../../src/model/snapshot.ts";
import { buildClientHello, toRecords } from "../../support/client_hello_builder.ts";
import { cryptoFrame, sealInitialDatagram } from "../../support/quic_initial_builder.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

const { snapshot } = parseConfig(
  `listen_port = 443
  tcp_target = ["10.0.0.1:25"]
  [protocols.web]
  protocol = "http"
  target = ["10.0.0.2:80", "web.test:80"]
  [protocols.site]
  protocol = "tls"
  server_names = ["a.test"]
  alpn = ["h2"]
  target = ["10.0.0.3:443"]`,
  "test.toml",
);

async function answersTo(input: string, using: Snapshot | null = null): Promise<unknown[]> {
  let output = "";
  await explainLines(ReadableStream.from([bytes(input)]), (text) => output += text, using);
  return output.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
}

Deno.test("explainSample() recognises every protocol when there is no configuration", () => {
  const { protocol, version, verdict, consumed, service, route } = explainSample({
    transport: "tcp",
    chunks: [bytes("SSH-2.0-"), bytes("OpenSSH\r\n")],
  }, null);
  assert.deepEqual([protocol, version, verdict, service, route], [
    "ssh",
    "SSH-2.0",
    "match",
    null,
    null,
  ]);
  assert(consumed <= 17);
});

Deno.test("explainSample() tells the service, its targets and the reason", () => {
  const hello = buildClientHello({
    serverName: "a.test",
    alpn: ["h2", "http/1.1"],
    supportedVersions: [0x0304],
  });
  const chunks = [toRecords(hello)];
  assert.deepEqual(explainSample({ transport: "tcp", chunks }, snapshot), {
    protocol: "tls",
    certainty: "strong",
    sni: "a.test",
    alpn: ["h2", "http/1.1"],
    ech: false,
    ech_status: null,
    ech_public_name: null,
    ech_config_id: null,
    ech_inner_name: null,
    version: "TLS 1.3",
    fields: {},
    service: "site",
    targets: ["10.0.0.3:443"],
    verdict: "match",
    consumed: chunks[0]?.length,
    route: "sni_alpn",
  });
});

Deno.test("explainSample() routes what is not recognised to the default target", () => {
  const explained = explainSample({ transport: "tcp", chunks: [bytes("EHLO x\r\n")] }, snapshot);
  assert.equal(explained.protocol, null);
  assert.equal(explained.verdict, "no match");
  assert.equal(explained.service, "default");
  assert.equal(explained.route, "fallback");
});

Deno.test("explainSample() shows how a flow that stays undecided is routed in the end", () => {
  const { snapshot } = parseConfig(
    `listen_port = 443
    protocols.web = { protocol = "http", target = ["10.0.0.2:80"] }
    protocols.telemetry = { protocol = "regex", patterns = ["TLM[0-9]"], target = ["10.0.0.3:9"] }`,
    "test.toml",
  );
  const sample = { transport: "tcp", chunks: [bytes("TLM07")] } as const;
  const { verdict, protocol, service, consumed } = explainSample(sample, snapshot);
  assert.deepEqual([verdict, protocol, service, consumed], ["need more", "regex", "telemetry", 5]);
});

Deno.test("explainSample() shows how a UDP flow that stays undecided is routed in the end", () => {
  const { snapshot } = parseConfig(
    `listen_port = 443
    protocols.h3 = { protocol = "quic", target = ["10.0.0.2:443"] }`,
    "test.toml",
  );
  const frames = [cryptoFrame(0, buildClientHello().subarray(0, 40))];
  const sample = { transport: "udp", chunks: [sealInitialDatagram({ frames })] } as const;
  const { verdict, protocol, service, consumed } = explainSample(sample, snapshot);
  assert.deepEqual([verdict, protocol, service, consumed], ["need more", "quic", "h3", 1]);
  assert.equal(explainSample(sample, null).protocol, null);
});

Deno.test("explainSample() takes no more bytes than a connection would", () => {
  const chunks = Array.from({ length: 40 }, () => new Uint8Array(8192).fill(0x20));
  const { verdict, consumed } = explainSample({ transport: "tcp", chunks }, null);
  assert.notEqual(verdict, "need more");
  assert(consumed <= MAX_TCP_HEAD);
});

Deno.test("explainLines() answers every line in order, and goes on after bad ones", async () => {
  const flow = { id: 7, transport: "tcp", chunks: [bytes("GET / HTTP/1.1\r\n\r\n").toHex()] };
  const answers = await answersTo([
    "not JSON",
    "null",
    `{"id":"a"}`,
    `{"id":"b","transport":"udp"}`,
    `{"id":"c","transport":"udp","chunks":[17]}`,
    `{"id":"d","transport":"udp","chunks":["00","0"]}`,
    "",
    JSON.stringify(flow),
  ].join("\n"));
  const errors = answers.map((answer) => (answer as { error?: string }).error);
  assert.match(errors[0] ?? "", /^Line is not JSON: /);
  assert.deepEqual(errors.slice(1), [
    `"transport" must be "tcp" or "udp"`,
    `"transport" must be "tcp" or "udp"`,
    `"chunks" must be an array of hexadecimal strings`,
    `"chunks[0]" is not a string of hexadecimal digits`,
    `"chunks[1]" is not a string of hexadecimal digits`,
    undefined,
  ]);
  const ids = answers.map((answer) => (answer as { id: unknown }).id);
  assert.deepEqual(ids, [null, null, "a", "b", "c", "d", 7]);
});

Deno.test("explainInWords() routes a flow as a person tells it", () => {
  const told = (protocol: string, sni: string | null, alpn: string[]) =>
    explainInWords({ protocol, sni, alpn, fields: [], source: null }, snapshot);
  assert.equal(told("tls", "A.Test.", ["h2"]).service, "site");
  assert.equal(told("tls", "b.test", []).service, "default");
  assert.deepEqual(told("http", null, []).targets, ["10.0.0.2:80", "web.test:80"]);
  // No service is for SSH, so it is not sought: on a real port it is just something else.
  assert.equal(told("ssh", null, []).protocol, null);
  assert.equal(told("quic", "a.test", []).route, "no_fallback");
  assert.throws(() => told("gopher", null, []), UsageError);
});

Deno.test("explainInWords() takes version, fields and the client's address", () => {
  const using = parseConfig(
    `listen_port = 443
    [protocols.old]
    protocol = "tls"
    versions = ["TLS 1.0"]
    target = ["10.0.0.1:1"]
    [protocols.tool]
    protocol = "tls"
    ja4 = ["t13i*"]
    sources = ["10.0.0.0/8"]
    target = ["10.0.0.2:1"]`,
    "test.toml",
  ).snapshot;
  const told = (fields: [string, string][], source: string | null = null) =>
    explainInWords({ protocol: "tls", sni: null, alpn: [], fields, source }, using).service;
  assert.equal(told([["version", "TLS 1.0"]]), "old");
  assert.equal(told([["ja4", "t13i0101"]], "10.1.1.1"), "tool");
  assert.equal(told([["ja4", "t13i0101"]]), null);
  assert.throws(() => told([["colour", "red"]]), UsageError);
  assert.throws(() => told([], "nobody"), UsageError);
});

Deno.test("explainInWords() takes names in any letter case, and text in any language", () => {
  const { snapshot } = parseConfig(
    `listen_port = 443
    protocols.db = { protocol = "postgres", users = ["jürgen"], target = ["10.0.0.1:1"] }
    protocols.web = { protocol = "http", hosts = ["*.a.example"], target = ["10.0.0.2:1"] }`,
    "test.toml",
  );
  const told = (protocol: string, field: [string, string]) =>
    explainInWords({ protocol, sni: null, alpn: [], fields: [field], source: null }, snapshot)
      .service;
  assert.equal(told("postgres", ["user", "jürgen"]), "db");
  assert.equal(told("http", ["host", "WWW.A.Example."]), "web");
});

Deno.test("explainSample() shows every field that there is, and with a configuration those that rules look at", () => {
  const chunks = [toRecords(buildClientHello({ serverName: "a.test", alpn: ["h2"] }))];
  const { fields } = explainSample({ transport: "tcp", chunks }, null);
  assert.match(fields["ja4"] ?? "", /^t12d/);
  assert.deepEqual(explainSample({ transport: "tcp", chunks }, snapshot).fields, {});
});

Deno.test("explainSample() says that a verdict is weak, and asks the strong first", () => {
  const using = parseConfig(
    `listen_port = 443
    [protocols.mine]
    protocol = "regex"
    patterns = ["[GT]"]
    target = ["10.0.0.1:1"]
    [protocols.web]
    protocol = "http"
    target = ["10.0.0.2:80"]`,
    "test.toml",
  ).snapshot;
  const explain = (text: string) =>
    explainSample({ transport: "tcp", chunks: [bytes(text)] }, using);
  const weak = explain("TLM\0");
  assert.deepEqual([weak.protocol, weak.certainty, weak.service, weak.route], [
    "regex",
    "weak",
    "mine",
    "fields",
  ]);
  assert.equal(explain("G").verdict, "need more");
  assert.deepEqual(explain("GET / HTTP/1.1\r\n").protocol, "http");
});

Deno.test("explainLines() takes the client's address for rules with sources", async () => {
  const using = parseConfig(
    `listen_port = 443
    [protocols.inner]
    protocol = "ssh"
    sources = ["10.0.0.0/8"]
    target = ["10.0.0.1:22"]`,
    "test.toml",
  ).snapshot;
  const flow = { id: 1, transport: "tcp", chunks: [bytes("SSH-2.0-x\r\n").toHex()] };
  const lines = [{ ...flow, source: "10.1.1.1" }, flow, { ...flow, source: "host" }];
  const answers = await answersTo(lines.map((line) => JSON.stringify(line)).join("\n"), using);
  assert.deepEqual(answers.map((answer) => (answer as { service?: string }).service), [
    "inner",
    null,
    undefined,
  ]);
  assert.deepEqual(answers[2], { id: 1, error: '"source" must be an IP address' });
});
