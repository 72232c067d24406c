import assert from "node:assert/strict";
import { concealKeys } from "../../../../src/control/config/conceal.ts";
import { ConfigError, parseConfig } from "../../../../src/control/config/parse.ts";

const KEY = "8f95f09245765f80256934e50c66207f";

const TABLE = `config_rotation = 1
server_id_length = 2
nonce_length = 6
servers = { "00a1" = "10.0.0.1:443", "00B2" = "b.test:443" }
`;

/** A file with one `quic` service, with a table. */
function quic(table: string): string {
  return `listen_port = 443
[protocols.web]
protocol = "quic"
target = ["10.0.0.1:443", "b.test:443"]
[[protocols.web.quic_lb]]
${table}`;
}

Deno.test("parseConfig() reads how connection IDs name their backend", () => {
  const { udp } =
    parseConfig(quic(`${TABLE}key = "${KEY.toUpperCase()}"\n`), "config.toml").snapshot;
  const service = udp.byName.get("quic")?.any.bare;
  assert.deepEqual(service?.quicLb, [{
    configRotation: 1,
    serverIdLength: 2,
    nonceLength: 6,
    key: KEY,
    servers: new Map([["00a1", service?.targets[0]], ["00b2", service?.targets[1]]]),
  }]);
  const { snapshot } = parseConfig(quic(TABLE), "config.toml");
  assert.equal(snapshot.udp.byName.get("quic")?.any.bare?.quicLb?.[0]?.key, null);
});

const MISTAKES = [
  {
    rule: "a rotation code that says that an ID names no server",
    text: quic(TABLE.replace("rotation = 1", "rotation = 7")),
    at: "6:19",
    message: '"config_rotation" must be from 0 to 6',
  },
  {
    rule: "an ID that is too long",
    text: quic(TABLE.replace("nonce_length = 6", "nonce_length = 18")),
    at: "8:16",
    message: "Server ID and nonce have 20 bytes together",
  },
  {
    rule: "a server ID of another length",
    text: quic(TABLE.replace("00a1", "00a")),
    at: "9:11",
    message: '"00a" is not a server ID of 2 bytes',
  },
  {
    rule: "a server ID that is no number",
    text: quic(TABLE.replace("00a1", "00g1")),
    at: "9:11",
    message: '"00g1" is not a server ID of 2 bytes',
  },
  {
    rule: "a server ID twice",
    text: quic(TABLE.replace("00a1", "00b2")),
    at: "9:11",
    message: "Server ID 00b2 is there twice",
  },
  {
    rule: "no server",
    text: quic(TABLE.replace(/\{.*\}/, "{}")),
    at: "9:11",
    message: '"servers" must not be empty',
  },
  {
    rule: "a server that is no target",
    text: quic(TABLE.replace('"10.0.0.1:443"', '"10.0.0.3:443"')),
    at: "9:11",
    message: 'Server ID 00a1 leads to "10.0.0.3:443", which is no target of the service',
  },
  {
    rule: "a key of another length",
    text: quic(`${TABLE}key = "${KEY}00"\n`),
    at: "10:7",
    message: "This is not a key: 32 hexadecimal digits",
  },
  {
    rule: "a misspelt key",
    text: quic(`${TABLE}nonce_len = 6\n`),
    at: "10:1",
    message: 'Unknown key "nonce_len"',
  },
  {
    rule: "a rotation code twice",
    text: quic(`${TABLE}[[protocols.web.quic_lb]]\n${TABLE}`),
    at: "11:19",
    message: '"web" has the connection IDs with config_rotation 1 already',
  },
  {
    rule: "another protocol",
    text: quic(TABLE).replace('"quic"', '"dtls"'),
    at: "5:17",
    message: '"quic_lb" is for quic, not for dtls',
  },
  {
    rule: "a key of the table in the service",
    text: quic(TABLE).replace('protocol = "quic"', 'protocol = "quic"\nnonce_length = 4'),
    at: "4:1",
    message: 'Unknown key "nonce_length"',
  },
];

for (const { rule, text, at, message } of MISTAKES) {
  Deno.test(`parseConfig() rejects, of quic_lb: ${rule}`, () => {
    const issues = issuesOf(text).map((issue) => ({
      at: `${issue.line}:${issue.column}`,
      message: issue.message,
    }));
    assert.deepEqual(issues, [{ at, message }]);
  });
}

Deno.test("parseConfig() never repeats the key of quic_lb, however wrong it is", () => {
  for (
    const value of [`"${KEY}x"`, `["${KEY}"]`, `{ a = "${KEY}" }`, KEY, `"${KEY}`, "123456789"]
  ) {
    const text = quic(`${TABLE}key = ${value}\n`);
    for (const { message, hint } of issuesOf(text)) {
      assert.doesNotMatch(`${message} ${hint}`, /8f95f0|123456/, value);
    }
    assert.doesNotMatch(concealKeys(text), /8f95f0|123456/, value);
  }
});

Deno.test("concealKeys() hides the key of quic_lb in a table on one line", () => {
  const text = `quic_lb = [{ nonce_length = 4, key = "${KEY}", config_rotation = 0 }]`;
  assert.doesNotMatch(concealKeys(text), /8f95f0/);
});

function issuesOf(text: string) {
  try {
    parseConfig(text, "config.toml");
  } catch (error) {
    if (error instanceof ConfigError) return error.issues;
    throw error;
  }
  throw new Error(`This was accepted:\n${text}`);
}
