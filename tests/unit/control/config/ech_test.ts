/**
 * Unit: what `ech` tables are built into. What is wrong with them is in ech_mistakes_test.ts.
 */
import assert from "node:assert/strict";
import { selfSignedCertificate } from "../../../../src/cli/demo/certificate.ts";
import { NO_SURROUNDINGS, type Surroundings } from "../../../../src/control/config/named_file.ts";
import { parseConfig } from "../../../../src/control/config/parse.ts";
import { describeRoutes } from "../../../../src/control/config/report.ts";
import type { EchSettings } from "../../../../src/model/ech.ts";
import type { Service } from "../../../../src/model/snapshot.ts";
import { allServices, allTargets } from "../../../../src/pipeline/services.ts";
import { encodeEchConfigList } from "../../../../src/proto/ech/config.ts";
import guide from "../../../../docs/ech.md" with { type: "text" };
import { echKey } from "../../../support/ech_client.ts";
import { configList, files, keyFile } from "../../../support/ech_config.ts";

const KEY = echKey({ configId: 7, publicName: "edge.example" });
const OLDER = echKey({ configId: 6, publicName: "edge.example", kem: "p256" });

/** A service with an `ech` table of these lines. */
function config(table: string, protocol = "tls"): string {
  return `listen_port = 8448
[protocols.web]
protocol = "${protocol}"
target = ["10.0.0.2:443"]
server_names = ["edge.example"]
[protocols.web.ech]
${table}`;
}

const OF_TEXT = `ech_config_list = "${configList(KEY, OLDER)}"
private_keys = ["${OLDER.privateKey.toBase64()}", "${
  KEY.privateKey.toBase64({ omitPadding: true })
}"]
`;

function read(text: string, surroundings: Surroundings = NO_SURROUNDINGS) {
  const settings = parseConfig(text, "config.toml", surroundings);
  const [service] = allServices(settings.snapshot);
  assert(service?.ech !== undefined);
  return { settings, service, ech: service.ech as EchSettings };
}

Deno.test("parseConfig() matches the keys of a list by deriving them, whatever their order", () => {
  const { ech, settings } = read(config(`${OF_TEXT}private_server_names = ["a.example"]`));
  assert.deepEqual(ech.keys, [KEY, OLDER]);
  assert.deepEqual(ech.onReject, { kind: "target" });
  assert.deepEqual(settings.warnings, []);
  assert.deepEqual(settings.files, []);
  assert.equal(ech.trialDecryption, false);
  assert.deepEqual(ech.retiredConfigIds, []);
});

Deno.test("parseConfig() takes rpxy-l4's example as it is", () => {
  const { ech, settings } = read(`listen_port = 8448

[protocols."tls_ech"]
protocol = "tls"
target = ["1.1.1.1:53"] # default target to which the packet is sent when ECH decryption fails
load_balance = "source_ip"
server_names = ["localhost"]

[protocols."tls_ech".ech]
ech_config_list = "ADz+DQA4ugAgACA9U8FCH7vKOFXVCCcAdpUUSfu3rzlooRNflhOXyV0uTwAEAAEAAQAJbG9jYWxob3N0AAA"
private_keys = ["KwyvZOuPlflYlcmJbwhA24HMWUvxXXyan/oh9cJ6lNw"]
private_server_names = ["localhost:443"]
`);
  assert.deepEqual(ech.keys.map(({ configId, publicName }) => [configId, publicName]), [
    [186, "localhost"],
  ]);
  assert.deepEqual(targetsOf(ech.names.exact.get("localhost")), ["localhost:443"]);
  assert.deepEqual(settings.warnings.map(({ message }) => message), [
    'Some clients will not use the configuration with config_id 186, public name "localhost"',
    "This inner name is the public name as well, which hides nothing",
  ]);
});

Deno.test("parseConfig() takes the configuration of the guide as it is", () => {
  const [, block = ""] = /```toml\n([^]*?)```/.exec(guide) ?? [];
  const certificate = selfSignedCertificate(["edge.example"], Date.now());
  const { ech, settings } = read(
    block,
    files({
      "ech-7.pem": keyFile(KEY),
      "edge.example.pem": certificate.cert,
      "edge.example.key": certificate.key,
    }),
  );
  assert.deepEqual(settings.warnings, []);
  assert.equal(ech.onReject.kind, "retry");
  assert.deepEqual(targetsOf(ech.names.exact.get("wiki.example")), ["10.0.0.5:443"]);
});

Deno.test("parseConfig() reads keys from files, and remembers which it read", () => {
  const { ech, settings } = read(
    config(`key_files = ["new.pem", { path = "old.pem", retry = false }]
private_server_names = ["a.example"]`),
    files({ "new.pem": keyFile(KEY), "old.pem": keyFile(OLDER) }),
  );
  assert.deepEqual(ech.keys, [KEY, OLDER]);
  assert.deepEqual(settings.files, [
    { service: "web", path: "new.pem" },
    { service: "web", path: "old.pem" },
  ]);
});

Deno.test("parseConfig() has the keys of text and files side by side, a configuration in both once", () => {
  const { ech } = read(
    config(`ech_config_list = "${configList(KEY, OLDER)}"
private_keys = ["${KEY.privateKey.toBase64()}"]
key_files = ["old.pem"]
private_server_names = ["a.example"]`),
    files({ "old.pem": keyFile(OLDER) }),
  );
  assert.deepEqual(ech.keys, [KEY, OLDER]);
});

Deno.test("parseConfig() makes a private service of each name, and of each table", () => {
  const { ech, service, settings } = read(config(`${OF_TEXT}
private_server_names = ["B.example", "c.example:9000"]
[[protocols.web.ech.private]]
names = ["*.inner.example", ".deep.example", "a.example"]
target = ["10.0.0.5:443", "d.example:8443"]
load_balance = "source_ip"
`));
  const { exact, wildcard, suffix } = ech.names;
  const [b, c, a] = ["b.example", "c.example", "a.example"].map((name) => exact.get(name));
  assert.deepEqual(targetsOf(b), ["b.example:8448"]);
  assert.deepEqual(targetsOf(c), ["c.example:9000"]);
  assert.deepEqual(targetsOf(a), ["10.0.0.5:443", "d.example:8443"]);
  assert(a !== undefined);
  assert.equal(wildcard.get("inner.example"), a);
  assert.equal(suffix.get("deep.example"), a);
  const { ech: _, ...common } = service;
  assert.deepEqual(a, { ...common, targets: a.targets, loadBalance: "source_ip", isPrivate: true });
  assert.equal(b?.loadBalance, "none");

  assert.deepEqual(allServices(settings.snapshot), [service, b, c, a]);
  assert.deepEqual(allTargets(settings.snapshot).map(({ label }) => label), [
    ...["10.0.0.2:443", "b.example:8448", "c.example:9000", "10.0.0.5:443", "d.example:8443"],
  ]);
});

Deno.test("parseConfig() gives private services what the service has, of all that holds for a flow", () => {
  const text = config(`${OF_TEXT}private_server_names = ["a.example"]`)
    .replace(
      "[protocols.web.ech]",
      'send_proxy_protocol = "v2"\nidle_lifetime = "9s"\ntransparent = true\n[protocols.web.ech]',
    );
  const { ech } = read(text);
  const service = ech.names.exact.get("a.example");
  assert.equal(service?.sendProxyProtocol, "v2");
  assert.equal(service?.idleMs, 9_000);
  assert.equal(service?.transparent, true);
});

Deno.test("parseConfig() marks nothing as private with log_inner_names", () => {
  const { ech } = read(
    config(`${OF_TEXT}private_server_names = ["a.example"]\nlog_inner_names = true`),
  );
  assert.equal(ech.logInnerNames, true);
  assert.equal("isPrivate" in (ech.names.exact.get("a.example") ?? {}), false);
});

Deno.test("parseConfig() reads how keys are tried, and which are gone", () => {
  const { ech } = read(config(`${OF_TEXT}private_server_names = ["a.example"]
trial_decryption = true
retired_config_ids = [0, 255]`));
  assert.equal(ech.trialDecryption, true);
  assert.deepEqual(ech.retiredConfigIds, [0, 255]);
});

Deno.test("parseConfig() reads how clients with old keys get new ones", () => {
  const certificate = selfSignedCertificate(["edge.example"], Date.now());
  const { ech, settings } = read(
    config(`key_files = ["new.pem", { path = "old.pem", retry = false }]
private_server_names = ["a.example"]
on_reject = "retry"
certificate = "edge.pem"
certificate_key = "edge.key"
public_plaintext_target = ["127.0.0.1:80"]`),
    files({
      "new.pem": keyFile(KEY),
      "old.pem": keyFile(OLDER),
      "edge.pem": `${certificate.cert}\n${certificate.cert}`,
      "edge.key": certificate.key,
    }),
  );
  assert(ech.onReject.kind === "retry");
  const { retryConfigs, certificates, plaintext } = ech.onReject;
  assert.deepEqual(retryConfigs, encodeEchConfigList([KEY.config]));
  assert.equal(certificates.length, 2);
  assert.deepEqual(targetsOf(plaintext ?? undefined), ["127.0.0.1:80"]);
  assert.equal(plaintext?.isPrivate, undefined);
  assert.ok(allServices(settings.snapshot).includes(plaintext as Service));
  assert.deepEqual(settings.warnings, []);
  assert.deepEqual(structuredClone(settings.snapshot), settings.snapshot);
  assert.deepEqual(settings.files.map(({ path }) => path), [
    ...["new.pem", "old.pem", "edge.pem", "edge.key"],
  ]);
});

Deno.test("parseConfig() opens QUIC as well, and refuses what comes with an old key", () => {
  const text = config(
    `${OF_TEXT}private_server_names = ["a.example"]\non_reject = "refuse"`,
    "quic",
  );
  const { service, ech } = read(text);
  assert.equal(service.transport, "udp");
  assert.deepEqual(ech.onReject, { kind: "refuse" });
  assert.equal(ech.names.exact.get("a.example")?.transport, "udp");
  assert.equal(ech.names.exact.get("a.example")?.idleMs, 30_000);
});

Deno.test("describeRoutes() shows keys, inner names and what becomes of the rest, but no key", () => {
  const certificate = selfSignedCertificate(["edge.example"], Date.now());
  const { settings } = read(
    config(`key_files = ["new.pem"]
private_server_names = ["a.example:443"]
private = [{ names = ["*.b.example"], target = ["10.0.0.5:443"], load_balance = "random" }]
on_reject = "retry"
certificate = "edge.pem"
certificate_key = "edge.key"
retired_config_ids = [3]`),
    files({ "new.pem": keyFile(KEY), "edge.pem": certificate.cert, "edge.key": certificate.key }),
  );
  const report = describeRoutes(settings);
  const [, section = ""] = report.split("Encrypted Client Hello\n");
  assert.equal(
    section.replace(/sha256.*/, "…"),
    `  service  config_id  KEM     public name   suites
  web      7          X25519  edge.example  …

  service  inner names  targets        balance
  web      a.example    a.example:443  none
  web      *.b.example  10.0.0.5:443   random

  service  rejected hellos  retired ids  tries         logs names  files
  web      retry            3            by config_id  no          new.pem, edge.pem, edge.key
`,
  );
  for (const form of secretForms(KEY.privateKey)) assert.equal(report.includes(form), false);
});

function targetsOf(service: Service | undefined): string[] | undefined {
  return service?.targets.map(({ label }) => label);
}

function secretForms(bytes: Uint8Array): string[] {
  return [bytes.toBase64({ omitPadding: true }), bytes.toHex()];
}
