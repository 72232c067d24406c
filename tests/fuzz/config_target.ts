/**
 * The reader of configuration files.
 *
 * @module
 */

import assert from "node:assert/strict";
import { ConfigError, formatIssues, parseConfig } from "../../src/control/config/parse.ts";
import { describeRoutes } from "../../src/control/config/report.ts";
import { MATCH_KEYS } from "../../src/control/config/match_keys.ts";
import { MAX_DURATION } from "../../src/control/config/duration.ts";
import type { Settings } from "../../src/control/config/settings.ts";
import { ECH_KEY_NAMES } from "../../src/control/config/ech/schema.ts";
import { encodePemBlock } from "../../src/control/ech/pem.ts";
import { allServices } from "../../src/pipeline/services.ts";
import { encodeEchConfigList } from "../../src/proto/ech/config.ts";
import { echKey } from "../support/ech_client.ts";
import { configList, files, keyFile } from "../support/ech_config.ts";
import { RETRY } from "../support/retry_rejection.ts";
import example from "../../config.example.toml" with { type: "text" };
import spec from "../../config.spec.toml" with { type: "text" };
import type { Random } from "./random.ts";
import { type FuzzTarget, onlyPart } from "./target.ts";

/** Keys, one in a text and one in a file. */
const KEY = echKey({ configId: 1, publicName: "public.test" });
const FILE_KEY = echKey({ configId: 2, publicName: "public.test", kem: "p256" });

/** No run of characters of these may be shown. */
const SECRETS = [KEY, FILE_KEY].map(({ privateKey }) => privateKey.toBase64().slice(0, 32));

const SURROUNDINGS = files({
  "ech-7.pem": keyFile(FILE_KEY),
  "both.pem": keyFile({ ...KEY, config: FILE_KEY.config }),
  "cert.pem": encodePemBlock("CERTIFICATE", RETRY.certificates[0] ?? new Uint8Array(0)),
  "cert.key": encodePemBlock("PRIVATE KEY", RETRY.privateKey),
}, 0);

/** All keys of an `ech` table. */
const ECH = `
listen_port = 443
[protocols.e]
protocol = "tls"
target = ["a:1"]
server_names = ["public.test"]
[protocols.e.ech]
ech_config_list = "${configList(KEY)}"
private_keys = ["${KEY.privateKey.toBase64()}"]
private_server_names = ["a.test:1"]
private = [{ names = ["b.test", "*.c.test", ".d.test"], target = ["a:1"] }]
key_files = [{ path = "ech-7.pem", retry = false }]
retry = true
trial_decryption = true
retired_config_ids = [7]
on_reject = "retry"
certificate = "cert.pem"
certificate_key = "cert.key"
public_plaintext_target = ["a:2"]
log_inner_names = true
`;

const SEEDS = [example, spec, example.replaceAll(/^# ?(?=[a-z_]+ = |\[)/gm, ""), ECH];

/** Values that are TOML, of every type and at every edge. */
const VALUES = [
  ..."0|1|-1|65535|65536|2147483648|4294967296|9007199254740991|1e400|-0.0|nan|inf|0x10|1_0|true|false|{}|[]|[[]]|''"
    .split("|"),
  ...[
    "a:1",
    "*",
    "*.a",
    "none",
    "v2",
    "0s",
    "1ms",
    "24d",
    "25d",
    "99999999999999999999h",
    "1-9",
    "9-1",
    "1-65535",
    "0.0.0.0",
    "::",
    "[::1]",
    "::ffff:1.2.3.4",
    "10.0.0.0/8",
    "::/0",
    "/",
    "\u001b[31m",
    "\u202e",
    "é",
    "h2",
    "http",
    "tls",
    "quic",
    "wireguard",
    "AAAA",
    "[::1]:443",
    "a.example.",
    "localhost:8080",
    "regex",
    "socks4",
    ".a.example",
    "/api",
    "t13d*",
    "TLS 1.*",
    "(a|b)*c{9}",
    "(a",
    "a$",
    "quic",
    "retry",
    "refuse",
    "ech-7.pem",
    "both.pem",
    "gone.pem",
    "cert.pem",
    "cert.key",
    "a.test",
    configList(KEY),
    configList(FILE_KEY),
    encodeEchConfigList([KEY.config, FILE_KEY.config]).subarray(0, -1).toBase64(),
    FILE_KEY.privateKey.toBase64(),
  ].map((text) => JSON.stringify(text)),
  `["a:1", "a:1"]`,
  `["ech-7.pem", "both.pem"]`,
  `["b.test", "B.test", "*.b.test"]`,
  `[{ names = ["a.test"], target = ["a:1", "b:2"] }]`,
  `[{ path = "ech-7.pem" }, { path = 1 }]`,
  `["0.0.0.0", "::"]`,
  `[1, "2-3", 1]`,
  `{ a = 1, "b.c" = { d = [] } }`,
  "1979-05-27T07:32:00Z",
  "07:32:00",
];

const PIECES = [
  ..."\"|'|[|]|=|\n|#|.|{|}|\\|,|\r\n|\t|\u0000|\u2028|é|\"\"\"|'''".split("|"),
  "\n[protocols.x]\n",
  "\n[protocol.x]\nprotocol = 'http'\ntarget = ['a:1']\n",
  "\n[protocols.1]\nprotocol = 'tls'\ntarget = ['a:1']\nserver_names = ['a.example']\n",
  "\n[[protocols]]\n",
  "\n[protocols.__proto__]\n",
  "\n__proto__ = 1\n",
  "[".repeat(500),
  "{a=".repeat(300),
];

/** Configurations: the project's own, with some values, keys, lines or characters changed. */
export const CONFIG_TARGET: FuzzTarget = {
  name: "config",
  generate: (random) => {
    let text = random.pick(SEEDS);
    for (let count = random.below(5); count > 0; count--) text = random.pick(CHANGES)(random, text);
    return [new TextEncoder().encode(text)];
  },
  check: (input) => checkConfig(new TextDecoder().decode(onlyPart(input))),
};

type Change = (random: Random, text: string) => string;

const CHANGES: readonly Change[] = [
  function otherValue(random, text) {
    return changeOne(random, text, /(?<=^[a-z_0-9]+ = ).*$/gm, random.pick(VALUES));
  },
  function otherKey(random, text) {
    const keys = [
      "tcp_target",
      "alpns",
      "ech",
      "protocol",
      ...MATCH_KEYS,
      ...ECH_KEY_NAMES,
      "x",
      "__proto__",
      "a.b",
      '""',
    ];
    return changeOne(random, text, /^[a-z_0-9]+(?= = )/gm, random.pick(keys));
  },
  (random, text) => changeOne(random, text, /^.*\n/gm, ""),
  function moveLine(random, text) {
    const line = random.pick(text.split("\n"));
    return changeOne(random, text, /^/gm, `${line}\n`);
  },
  function insert(random, text) {
    const at = random.below(text.length + 1);
    return text.slice(0, at) + random.pick(PIECES) + text.slice(at);
  },
  function remove(random, text) {
    const at = random.below(text.length + 1);
    return text.slice(0, at) + text.slice(at + random.between(1, 30));
  },
];

function changeOne(random: Random, text: string, pattern: RegExp, replacement: string): string {
  const matches = [...text.matchAll(pattern)];
  if (matches.length === 0) return text;
  const { index, 0: { length } } = random.pick(matches);
  return text.slice(0, index) + replacement + text.slice(index + length);
}

function checkConfig(text: string): string {
  let settings: Settings;
  try {
    settings = parseConfig(text, "config.toml", SURROUNDINGS);
  } catch (error) {
    assert.ok(error instanceof ConfigError, `${error}`);
    checkIssues(error, text);
    return "malformed";
  }
  checkSettings(settings);
  const again = parseConfig(text, "config.toml", SURROUNDINGS);
  assert.deepEqual(again, settings, "the same text is the same");
  return "match";
}

function checkIssues({ issues }: ConfigError, text: string): void {
  assert.ok(issues.some(({ severity }) => severity === "error"));
  const lines = text.split("\n");
  for (const { line, column, length, message } of issues) {
    assert.ok(line >= 1 && line <= lines.length, `line ${line} of ${lines.length}`);
    assert.ok(column >= 1 && column <= (lines[line - 1] ?? "").length + 1, `column ${column}`);
    assert.ok(length >= 1);
    assert.doesNotMatch(message, /[\p{Cc}\p{Zl}\p{Zp}\u202e]/u);
  }
  const shown = formatIssues(issues, text, { colour: false });
  assert.doesNotMatch(shown, /(?![\t\n])[\p{Cc}\p{Zl}\p{Zp}\u202e]/u);
  for (const secret of SECRETS) assert.ok(!shown.includes(secret), "a key is shown");
}

function checkSettings(settings: Settings): void {
  const report = describeRoutes(settings);
  for (const secret of SECRETS) assert.ok(!report.includes(secret), "a key is shown");
  checkEch(settings);
  const { snapshot, drainTimeoutMs, dns } = settings;
  assert.deepEqual(structuredClone(snapshot), snapshot, "a snapshot can be sent to a worker");
  assert.ok(snapshot.listeners.length > 0);
  for (const { address, backlog } of snapshot.listeners) {
    assert.ok(address.port >= 1 && address.port <= 65_535 && backlog >= 1);
  }
  const identities = snapshot.listeners.map((spec) => JSON.stringify(spec));
  assert.equal(new Set(identities).size, identities.length, "no socket is bound twice");
  for (
    const wait of [...Object.values(snapshot.timeouts), drainTimeoutMs, dns.minTtlMs, dns.maxTtlMs]
  ) {
    assert.ok(Number.isInteger(wait) && wait >= 0 && wait <= MAX_DURATION, `${wait} ms`);
  }
  assert.ok(snapshot.timeouts.probeMs > 0 && snapshot.timeouts.connectMs > 0);
  assert.ok(dns.minTtlMs <= dns.maxTtlMs);
}

function checkEch({ snapshot }: Settings): void {
  for (const { ech, isPrivate } of allServices(snapshot)) {
    if (ech === undefined) continue;
    assert.ok(isPrivate === undefined && ech.keys.length > 0);
    for (const { privateKey, config } of ech.keys) {
      assert.ok(privateKey.length === 32 && config.length > 0);
    }
    const { exact, wildcard, suffix } = ech.names;
    const inner = [...exact.values(), ...wildcard.values(), ...suffix.values()];
    assert.ok(inner.length > 0);
    for (const service of inner) {
      assert.equal(service.isPrivate, ech.logInnerNames ? undefined : true);
      assert.equal(service.ech, undefined);
    }
  }
}
