/**
 * Unit: what is wrong with `ech` tables, and that telling it tells no secret.
 */
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { selfSignedCertificate } from "../../../../src/cli/demo/certificate.ts";
import {
  ConfigError,
  type ConfigIssue,
  formatIssues,
  parseConfig,
} from "../../../../src/control/config/parse.ts";
import { encodeEchConfig, encodeEchConfigList } from "../../../../src/proto/ech/config.ts";
import { MAX_RETRY_CONFIGS } from "../../../../src/proto/tls13/server_messages.ts";
import { echKey } from "../../../support/ech_client.ts";
import { configList, files, keyFile } from "../../../support/ech_config.ts";

const NOW = Date.UTC(2026, 10, 22);
const DAY = 86_400_000;

const KEY = echKey({ configId: 7, publicName: "edge.example" });
const OTHER = echKey({ configId: 8, publicName: "edge.example" });
const P256 = echKey({ configId: 9, publicName: "edge.example", kem: "p256" });
const SECRET = KEY.privateKey.toBase64();

const CERTIFICATE = selfSignedCertificate(["edge.example", "*.sub.example"], NOW);
const ANOTHER = selfSignedCertificate(["edge.example"], NOW);

/** A configuration with parts changed. */
function configOf(changes: Partial<Parameters<typeof encodeEchConfig>[0]>): string {
  const config = encodeEchConfig({
    configId: 1,
    kem: 0x20,
    publicKey: KEY.publicKey,
    suites: KEY.suites,
    maximumNameLength: 0,
    publicName: "edge.example",
    extensions: [],
    ...changes,
  });
  return encodeEchConfigList([config]).toBase64();
}

/** A list of so many bytes. */
function listOf(length: number): string {
  const extension = (bytes: number) => [{ type: 5, data: new Uint8Array(bytes) }];
  const least = Uint8Array.fromBase64(configOf({ extensions: extension(0) })).length;
  return configOf({ extensions: extension(length - least) });
}

/** Of a version that is not known, beside one that is. */
const WITH_OPAQUE = encodeEchConfigList([Uint8Array.of(0xfe, 0x0a, 0, 1, 9), KEY.config])
  .toBase64();

/** A list that is just too long to be offered. */
const LONG_LIST = listOf(MAX_RETRY_CONFIGS + 1);

const FILES = {
  "key.pem": keyFile(KEY),
  "other.pem": keyFile(OTHER),
  "mixed.pem": keyFile({ ...KEY, config: OTHER.config }),
  "public.pem": keyFile(KEY).replace(/-----BEGIN PRIVATE KEY[^]*END PRIVATE KEY-----\n/, ""),
  "private.pem": keyFile(KEY).replace(/-----BEGIN ECHCONFIG[^]*/, ""),
  "edge.pem": CERTIFICATE.cert,
  "edge.key": CERTIFICATE.key,
  "another.key": ANOTHER.key,
  "sub.pem": selfSignedCertificate(["*.sub.example"], NOW).cert,
  "broken.pem": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
  "ed25519.key": pem(generateKeyPairSync("ed25519").privateKey),
  "p384.key": pem(generateKeyPairSync("ec", { namedCurve: "P-384" }).privateKey),
  "short.key": pem(generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey),
  "locked.key":
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
  "odd.key": "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
};

function pem(key: { export(options: { type: "pkcs8"; format: "pem" }): string | Uint8Array }) {
  return key.export({ type: "pkcs8", format: "pem" }).toString();
}

const HEAD = `listen_port = 8448
[protocols.web]
protocol = "tls"
target = ["10.0.0.2:443"]
server_names = ["edge.example"]
`;

/** A file with an `ech` table of these lines. */
function ech(lines: string, head = HEAD): string {
  return `${head}[protocols.web.ech]\n${lines}\n`;
}

const KEYS = `key_files = ["key.pem"]`;
const NAMES = `private_server_names = ["a.example"]`;
const RETRY =
  `${KEYS}\n${NAMES}\non_reject = "retry"\ncertificate = "edge.pem"\ncertificate_key = "edge.key"`;

interface Mistake {
  readonly rule: string;
  /** `§` stands at the caret. */
  readonly text: string;
  readonly message: string;
}

const ERRORS: readonly Mistake[] = [
  {
    rule: "another protocol",
    text: ech(`${KEYS}\n${NAMES}`).replace('"tls"', '"dtls"').replace("web.ech", "web.§ech"),
    message: '"ech" is for tls and quic, not for dtls',
  },
  {
    rule: "no table",
    text: `${HEAD}ech = §true\n`,
    message: '"ech" must be a table, not true',
  },
  {
    rule: "no key",
    text: ech(NAMES).replace("web.ech", "web.§ech"),
    message: "There is no key to open hellos with",
  },
  {
    rule: "no name",
    text: ech(KEYS).replace("web.ech", "web.§ech"),
    message: "There is no inner name to let through",
  },
  {
    rule: "a list without keys",
    text: ech(`§ech_config_list = "${configList(KEY)}"\n${NAMES}`),
    message: '"ech_config_list" needs "private_keys"',
  },
  {
    rule: "keys without a list",
    text: ech(`§private_keys = ["${SECRET}"]\n${NAMES}`),
    message: '"private_keys" needs "ech_config_list"',
  },
  {
    rule: "a list that is not base64",
    text: ech(`ech_config_list = §"${configList(KEY)}!"\nprivate_keys = ["${SECRET}"]\n${NAMES}`),
    message: "This is not base64",
  },
  {
    rule: "a list that is none",
    text: ech(`ech_config_list = §"AAAA"\nprivate_keys = ["${SECRET}"]\n${NAMES}`),
    message: "What it holds is not an ECHConfigList",
  },
  {
    rule: "a key that is not base64",
    text: ech(
      `ech_config_list = "${
        configList(KEY)
      }"\nprivate_keys = ["${SECRET}", §"${SECRET}*"]\n${NAMES}`,
    ),
    message: "This is not base64",
  },
  {
    rule: "a key of another length",
    text: ech(
      `ech_config_list = "${configList(KEY)}"\nprivate_keys = [§"${SECRET.slice(4)}"]\n${NAMES}`,
    ),
    message: "A private key has 32 bytes, and this is base64 of 29",
  },
  {
    rule: "a key that is no string",
    text: ech(`ech_config_list = "${configList(KEY)}"\nprivate_keys = [§12345678901]\n${NAMES}`),
    message: 'Each element of "private_keys" must be a string',
  },
  {
    rule: "a key without a configuration",
    text: ech(
      `ech_config_list = "${
        configList(KEY)
      }"\nprivate_keys = ["${SECRET}", §"${OTHER.privateKey.toBase64()}"]\n${NAMES}`,
    ),
    message: "No configuration of ech_config_list belongs to this private key",
  },
  {
    rule: "a configuration without a key",
    text: ech(
      `ech_config_list = §"${configList(KEY, OTHER)}"\nprivate_keys = ["${SECRET}"]\n${NAMES}`,
    ),
    message:
      'There is no private key for the configuration with config_id 8, public name "edge.example"',
  },
  {
    rule: "a key twice",
    text: ech(
      `ech_config_list = "${
        configList(KEY)
      }"\nprivate_keys = ["${SECRET}", §"${SECRET}"]\n${NAMES}`,
    ),
    message: "This private key is there twice",
  },
  {
    rule: "a key in a file that is there already",
    text: ech(
      `ech_config_list = "${
        configList(KEY)
      }"\nprivate_keys = ["${SECRET}"]\nkey_files = [§"key.pem"]\n${NAMES}`,
    ),
    message: "This private key is there twice",
  },
  {
    rule: "a public name that is none",
    text: ech(
      `ech_config_list = §"${
        configOf({ publicName: "10.0.0.1" })
      }"\nprivate_keys = ["${SECRET}"]\n${NAMES}`,
    ),
    message: 'Clients will not use the configuration with config_id 1, public name "10.0.0.1"',
  },
  {
    rule: "no cipher suite that is known",
    text: ech(
      `ech_config_list = §"${
        configOf({ suites: [{ kdf: 1, aead: 9 }] })
      }"\nprivate_keys = ["${SECRET}"]\n${NAMES}`,
    ),
    message:
      'The configuration with config_id 1, public name "edge.example" has no cipher suite that is known here',
  },
  {
    rule: "a file that is not there",
    text: ech(`key_files = ["key.pem", §"missing.pem"]\n${NAMES}`),
    message: 'Cannot read "missing.pem": no such file',
  },
  {
    rule: "a file without a private key",
    text: ech(`key_files = ["key.pem", §"public.pem"]\n${NAMES}`),
    message:
      'Cannot use "public.pem": there is no private key: no line "-----BEGIN PRIVATE KEY-----"',
  },
  {
    rule: "a file without a configuration",
    text: ech(`key_files = ["key.pem", §{ path = "private.pem", retry = false }]\n${NAMES}`),
    message:
      'Cannot use "private.pem": there is no ECHConfigList: no line "-----BEGIN ECHCONFIG-----"',
  },
  {
    rule: "an empty path",
    text: ech(`key_files = ["key.pem", §""]\n${NAMES}`),
    message: "A path is missing",
  },
  {
    rule: "a misspelt key of a file",
    text: ech(`key_files = [{ path = "key.pem", §retri = false }]\n${NAMES}`),
    message: 'Unknown key "retri"',
  },
  {
    rule: "a misspelt key",
    text: ech(`${KEYS}\n${NAMES}\n§trial_decription = true`),
    message: 'Unknown key "trial_decription"',
  },
  {
    rule: "a config_id that is none",
    text: ech(`${KEYS}\n${NAMES}\nretired_config_ids = [§256]`),
    message: 'Each element of "retired_config_ids" must be from 0 to 255',
  },
  {
    rule: "a pattern without a target",
    text: ech(`${KEYS}\nprivate_server_names = [§"*.a.example"]`),
    message: "A pattern has no address of its own to connect to",
  },
  {
    rule: "an inner name that is an address",
    text: ech(`${KEYS}\nprivate_server_names = [§"10.0.0.1:443"]`),
    message: "This is an IP address, which clients never send as a server name",
  },
  {
    rule: "an inner name that is none",
    text: ech(`${KEYS}\nprivate_server_names = [§"a_b c.example:443"]`),
    message: "This is not a server name",
  },
  {
    rule: "an inner name with a port that is none",
    text: ech(`${KEYS}\nprivate_server_names = [§"a.example:0"]`),
    message: "This has no valid port",
  },
  {
    rule: "several ports to listen on, and none for a name",
    text: ech(`${KEYS}\nprivate_server_names = ["b.example:1", §"a.example"]`).replace(
      "8448",
      "[443, 8443]",
    ),
    message: "This inner name needs a port: there are several to listen on",
  },
  {
    rule: "an inner name twice",
    text: ech(
      `${KEYS}\n${NAMES}\nprivate = [{ names = ["b.example", §"A.example"], target = ["10.0.0.5:443"] }]`,
    ),
    message: "This inner name is there twice",
  },
  {
    rule: "an inner name twice in a table",
    text: ech(
      `${KEYS}\nprivate = [{ names = ["b.example", §"B.example"], target = ["10.0.0.5:443"] }]`,
    ),
    message: "This is listed twice",
  },
  {
    rule: "an inner name without a target",
    text: ech(`${KEYS}\nprivate = [§{ names = ["b.example"] }]`),
    message: '"target" is missing',
  },
  {
    rule: "a target that is none",
    text: ech(`${KEYS}\nprivate = [{ names = ["b.example"], target = [§"b.example"] }]`),
    message: "This has no port",
  },
  {
    rule: "a table of names in the place of an array",
    text: ech(`${KEYS}\nprivate = §{ "b.example" = "10.0.0.5:443" }`),
    message:
      '"private" must be an array of tables, each under [[protocols.NAME.ech.private]], not a table',
  },
  {
    rule: "what no protocol does",
    text: ech(`${KEYS}\n${NAMES}\non_reject = §"close"`),
    message: '"close" is not one of target, retry, refuse',
  },
  {
    rule: "to refuse TLS",
    text: ech(`${KEYS}\n${NAMES}\non_reject = §"refuse"`),
    message: 'There is no on_reject = "refuse" for tls',
  },
  {
    rule: "to offer keys over QUIC",
    text: ech(`${KEYS}\n${NAMES}\non_reject = §"retry"`).replace('"tls"', '"quic"'),
    message: 'There is no on_reject = "retry" for quic',
  },
  {
    rule: "retry without a certificate",
    text: ech(`${KEYS}\n${NAMES}\non_reject = §"retry"\ncertificate_key = "edge.key"`),
    message: 'on_reject = "retry" needs "certificate"',
  },
  {
    rule: "retry without the key of the certificate",
    text: ech(`${KEYS}\n${NAMES}\non_reject = §"retry"\ncertificate = "edge.pem"`),
    message: 'on_reject = "retry" needs "certificate_key"',
  },
  {
    rule: "nothing to offer",
    text: ech(
      RETRY.replace('["key.pem"]', '[{ path = "key.pem", retry = false }]').replace(
        '"retry"',
        '§"retry"',
      ),
    ),
    message: "There is no key to offer to clients with an old one",
  },
  {
    rule: "more to offer than there is room for in a handshake",
    text: ech(
      RETRY.replace(KEYS, `ech_config_list = "${LONG_LIST}"\nprivate_keys = ["${SECRET}"]`)
        .replace('"retry"', '§"retry"'),
    ),
    message: `The configurations to offer to clients with an old key take ${
      MAX_RETRY_CONFIGS + 1
    } bytes: there is room for ${MAX_RETRY_CONFIGS}`,
  },
  {
    rule: "a certificate that is not there",
    text: ech(RETRY.replace('"edge.pem"', '§"gone.pem"')),
    message: 'Cannot read "gone.pem": no such file',
  },
  {
    rule: "no certificate in its file",
    text: ech(RETRY.replace('"edge.pem"', '§"edge.key"')),
    message: 'Cannot use "edge.key": there is no line "-----BEGIN CERTIFICATE-----"',
  },
  {
    rule: "a broken certificate",
    text: ech(RETRY.replace('"edge.pem"', '§"broken.pem"')),
    message: 'Cannot use "broken.pem": certificate 1 of 1 is broken',
  },
  {
    rule: "the key of another certificate",
    text: ech(RETRY.replace('"edge.key"', '§"another.key"')),
    message: 'The key in "another.key" is not that of the certificate in "edge.pem"',
  },
  {
    rule: "no key in its file",
    text: ech(RETRY.replace('"edge.key"', '§"edge.pem"')),
    message: 'Cannot use "edge.pem": there is no line "-----BEGIN PRIVATE KEY-----"',
  },
  {
    rule: "a key that cannot be read",
    text: ech(RETRY.replace('"edge.key"', '§"odd.key"')),
    message: 'Cannot use "odd.key": the key cannot be read',
  },
  {
    rule: "a key with a password",
    text: ech(RETRY.replace('"edge.key"', '§"locked.key"')),
    message:
      'Cannot use "locked.key": the key is encrypted with a password, which nobody would be there to enter',
  },
  ...[
    ["ed25519.key", "ed25519"],
    ["p384.key", "secp384r1"],
    ["short.key", "RSA of 1024 bits"],
  ].map(([file, what]): Mistake => ({
    rule: `a key that TLS is not finished with: ${what}`,
    text: ech(RETRY.replace('"edge.key"', `§"${file}"`)),
    message:
      `Cannot use "${file}": the key is ${what}: it must be ECDSA on P-256, or RSA of 2048 bits or more`,
  })),
];

const WARNINGS: readonly Mistake[] = [
  {
    rule: "a version that is not known",
    text: ech(`ech_config_list = §"${WITH_OPAQUE}"\nprivate_keys = ["${SECRET}"]\n${NAMES}`),
    message: "A configuration of version 0xfe0a is not known, and not used",
  },
  {
    rule: "a KEM that is not known",
    text: ech(
      `ech_config_list = §"${configOf({ kem: 0x12 })}"\n${KEYS}\n${NAMES}`,
    ),
    message:
      'The KEM 0x0012 is not known: nothing sealed for the configuration with config_id 1, public name "edge.example" can be opened',
  },
  {
    rule: "an extension that clients must know",
    text: ech(
      `ech_config_list = §"${
        configOf({ extensions: [{ type: 0xfa00, data: new Uint8Array(0) }] })
      }"\nprivate_keys = ["${SECRET}"]\n${NAMES}`,
    ),
    message:
      'Clients may pass over the configuration with config_id 1, public name "edge.example": it has an extension that they must know',
  },
  {
    rule: "a public name without a dot",
    text: ech(
      `ech_config_list = §"${
        configOf({ publicName: "edge" })
      }"\nprivate_keys = ["${SECRET}"]\n${NAMES}`,
      HEAD.replace("edge.example", "edge"),
    ),
    message: 'Some clients will not use the configuration with config_id 1, public name "edge"',
  },
  {
    rule: "retry without a list",
    text: ech(`${KEYS}\n§retry = false\n${NAMES}`),
    message: '"retry" does nothing without "ech_config_list"',
  },
  {
    rule: "an inner name that is public",
    text: ech(`${KEYS}\nprivate_server_names = ["a.example", §"edge.example"]`),
    message: "This inner name is the public name as well, which hides nothing",
  },
  {
    rule: "a retired id that a key has",
    text: ech(`${KEYS}\n${NAMES}\nretired_config_ids = [3, §7]`),
    message: "There still is a key with config_id 7",
  },
  ...[
    "certificate = 'edge.pem'",
    "certificate_key = 'edge.key'",
    "public_plaintext_target = ['a:1']",
  ]
    .map((line): Mistake => ({
      rule: `${line} without retry`,
      text: ech(`${KEYS}\n${NAMES}\n§${line}`),
      message: `"${line.split(" ")[0]}" does nothing without on_reject = "retry"`,
    })),
  {
    rule: "a public name that does not come to the service",
    text: ech(`key_files = [§"key.pem"]\n${NAMES}`).replace('["edge.example"]', '["www.example"]'),
    message: 'Hellos with the public name "edge.example" do not come to "web"',
  },
  {
    rule: "a public name that comes to another service",
    text: ech(
      `key_files = [§"key.pem"]\n${NAMES}`,
      HEAD.replace('["edge.example"]', '[".example"]'),
    ) +
      '[protocols.www]\nprotocol = "tls"\ntarget = ["10.0.0.3:443"]\nserver_names = ["*.example"]\n',
    message: 'Hellos with the public name "edge.example" go to "www", which has no such key',
  },
  {
    rule: "a certificate for other names",
    text: ech(
      RETRY.replace('"edge.pem"', '§"sub.pem"').replace('"edge.key"', '"sub.key"'),
    ),
    message: 'The certificate in "sub.pem" is not for "edge.example"',
  },
  {
    rule: "an inner target that is the proxy itself",
    text: ech(
      `${KEYS}\nprivate = [{ names = ["a.example"], target = ["b:1", §"127.0.0.1:8448"] }]`,
    ),
    message: "This target is this proxy itself",
  },
  {
    rule: "an inner name that is the proxy itself",
    text: ech(`${KEYS}\nprivate_server_names = ["a.example", §"localhost"]`),
    message: "This target is this proxy itself",
  },
  {
    rule: "a target in the clear that is the proxy itself",
    text: ech(`${RETRY}\npublic_plaintext_target = [§"127.0.0.1:8448"]`),
    message: '"127.0.0.1:8448" is this proxy itself',
  },
];

/** The key of sub.pem, which was made apart. */
const SUB = selfSignedCertificate(["*.sub.example"], NOW);
const SURROUNDINGS = files({ ...FILES, "sub.pem": SUB.cert, "sub.key": SUB.key }, NOW);

for (const { rule, text, message } of ERRORS) {
  Deno.test(`parseConfig() rejects, of ech: ${rule}`, () => {
    assert.deepEqual(issuesOf(text).map(placed), [`${placeOf(text)} error: ${message}`]);
  });
}

for (const { rule, text, message } of WARNINGS) {
  Deno.test(`parseConfig() warns, of ech: ${rule}`, () => {
    const { warnings } = parseConfig(text.replace("§", ""), "config.toml", SURROUNDINGS);
    assert.deepEqual(warnings.map(placed), [`${placeOf(text)} warning: ${message}`]);
  });
}

Deno.test("parseConfig() takes as many configurations to offer as there is room for, and any number besides", () => {
  const held = (list: string, ...lines: readonly string[]) =>
    RETRY.replace(
      KEYS,
      [`ech_config_list = "${list}"`, `private_keys = ["${SECRET}"]`, ...lines].join("\n"),
    );
  const besides = held(LONG_LIST, "retry = false", 'key_files = ["other.pem"]');
  for (const table of [held(listOf(MAX_RETRY_CONFIGS)), besides]) {
    assert.deepEqual(parseConfig(ech(table), "config.toml", SURROUNDINGS).warnings, []);
  }
});

Deno.test("parseConfig() tells that no key is one of P-256 when its number is out of range", () => {
  const text = ech(
    `ech_config_list = §"${configList(P256)}"\nprivate_keys = ["${
      new Uint8Array(32).fill(0xff).toBase64()
    }"]\n${NAMES}`,
  );
  assert.deepEqual(issuesOf(text).map(({ message }) => message), [
    'There is no private key for the configuration with config_id 9, public name "edge.example"',
    "This is no private key for P-256: the number is out of range",
  ]);
});

Deno.test("parseConfig() tells of a key file whose parts are of two generations", () => {
  const text = ech(`key_files = [§"mixed.pem"]\n${NAMES}`);
  assert.deepEqual(issuesOf(text).map(placed), [
    `${placeOf(text)} error: No configuration in the file belongs to its private key`,
    `${
      placeOf(text)
    } error: There is no private key for the configuration with config_id 8, public name "edge.example"`,
  ]);
});

Deno.test("parseConfig() warns of certificates out of their time", () => {
  const text = ech(RETRY);
  for (
    const [now, message] of [
      [NOW, undefined],
      [NOW + 8 * DAY, 'The certificate in "edge.pem" has expired: Nov 29 00:00:00 2026 GMT'],
      [NOW - DAY, 'The certificate in "edge.pem" is valid only from Nov 21 23:00:00 2026 GMT'],
    ] as const
  ) {
    const { warnings } = parseConfig(text, "config.toml", files(FILES, now));
    assert.deepEqual(warnings.map((warning) => warning.message), message ? [message] : []);
  }
});

Deno.test("parseConfig() reports all mistakes of an ech table at once", () => {
  const text = ech(`key_files = ["missing.pem", "public.pem"]
retry = "yes"
retired_config_ids = [1, 1]
private_server_names = ["a.example", "a.example", "*.b.example"]
on_reject = "retry"
certificate = "gone.pem"
log_inner_names = 1`);
  assert.deepEqual(issuesOf(text).map(({ line, column }) => `${line}:${column}`), [
    ...["7:14", "7:29", "8:1", "8:9", "9:26", "10:51", "11:13", "12:15", "13:19"],
  ]);
});

Deno.test("parseConfig() has nothing against public names that a less exact rule leads to the service", () => {
  const heads = [
    HEAD.replace('server_names = ["edge.example"]\n', ""),
    HEAD.replace('["edge.example"]', '["*.example"]'),
    HEAD.replace('["edge.example"]', '[".example"]'),
    HEAD.replace('["edge.example"]', '["EDGE.example"]'),
  ];
  const other = `[protocols.other]\nprotocol = "tls"\ntarget = ["a:1"]\nserver_names = [".org"]\n`;
  for (const head of heads) {
    const text = ech(`${KEYS}\n${NAMES}`, other + head).replace(
      /^([^]*?)(listen_port.*\n)/,
      "$2$1",
    );
    assert.deepEqual(parseConfig(text, "config.toml", SURROUNDINGS).warnings, [], text);
  }
});

Deno.test("parseConfig() says how to mend values of an ech table that were pasted as they were found", () => {
  const cases = [
    ['ech_config_list = \'ech="AEX+DQ"\'\nprivate_keys = [""]', "Leave ech= and its quotes away"],
    [
      'private = [{ names = ["a.example"], target = ["10.0.0.9"] }]',
      'Write it as in "10.0.0.5:443"',
    ],
  ] as const;
  for (const [lines, hint] of cases) {
    const hints = issuesOf(ech(`${lines}\n${NAMES}`)).map((issue) => issue.hint);
    assert.equal(hints.includes(hint), true, JSON.stringify(hints));
  }
});

Deno.test("parseConfig() does not say what a misspelt on_reject needs", () => {
  const text = ech(RETRY.replace('"retry"', '"retri"'));
  assert.deepEqual(issuesOf(text).map(({ message }) => message), [
    '"retri" is not one of target, retry, refuse',
  ]);
});

Deno.test("parseConfig() repeats no inner name and no key, whatever is wrong with them", () => {
  const hidden = "hidden-wiki.example";
  const wrong = [
    `private_server_names = ["${hidden}", "${hidden}"]`,
    `private_server_names = ["${hidden}:99999", "*.${hidden}", "${hidden}/x", "${hidden}:"]`,
    `private_server_names = "${hidden}"`,
    `private_server_names = { "${hidden}" = 443 }`,
    `private = { "${hidden}" = ["10.0.0.5:443"] }`,
    `private = [{ "${hidden}" = ["10.0.0.5:443"] }]`,
    `private = [{ names = ["${hidden}", "${hidden}"], target = ["${hidden}", "${hidden}:1", "${hidden}:1"] }]`,
    `private = [{ names = ["http://${hidden}"], target = ["https://${hidden}:443"] }]`,
    `"${hidden}" = 1`,
    `[protocols.web.ech."${hidden}"]`,
    `private_server_names = ["${hidden}" "${hidden}"]`,
    `private_server_names = ["${hidden}`,
    `private = [\n  { names = ["${hidden}"], target = ["${hidden}:0"] },\n]`,
    `[[protocols.web.ech.private]]\nnames = [\n  "${hidden}:1",\n]\ntarget = [\n  "${hidden}",\n]`,
  ];
  for (const lines of wrong) {
    const text = ech(`${KEYS}\n${lines}`);
    const issues = issuesOf(text);
    const told = issues.map(({ message, hint, key }) => `${message} ${hint} ${key}`).join("\n");
    assert.equal(told.includes("hidden-wiki"), false, `${lines}\n${told}`);
    const shown = formatIssues(issues, text, { colour: false, hideNames: true });
    assert.equal(shown.includes("hidden-wiki"), false, `${lines}\n${shown}`);
  }
});

Deno.test("parseConfig() shows no part of a key that stands where a path should", () => {
  const key = keyFile(KEY).replaceAll("\n", "\\n");
  for (
    const lines of [
      `key_files = ["${key}"]`,
      `key_files = ["""${keyFile(KEY)}"""]`,
      `key_files = "${key}"`,
      `certificate_key = '''\n${CERTIFICATE.key}'''\non_reject = "retry"\ncertificate = 1`,
      `ech_config_list = "${SECRET}"\nprivate_keys = "${SECRET}"`,
      `ech_config_list = ["${SECRET}"]\nprivate_keys = [["${SECRET}"]]`,
      `private_keys = { a = "${SECRET}" }`,
    ]
  ) {
    const text = ech(`${lines}\n${NAMES}`);
    const issues = issuesOf(text);
    const told = JSON.stringify(issues) + formatIssues(issues, text, { colour: false });
    const secrets = [
      ...CERTIFICATE.key.split("\n").slice(1, -2),
      SECRET.slice(0, 20),
      SECRET.slice(20, 40),
    ];
    for (const secret of secrets) assert.equal(told.includes(secret), false, told);
  }
});

function issuesOf(text: string): readonly ConfigIssue[] {
  try {
    parseConfig(text.replace("§", ""), "config.toml", SURROUNDINGS);
  } catch (error) {
    if (error instanceof ConfigError) return error.issues;
    throw error;
  }
  throw new Error(`This was accepted:\n${text}`);
}

function placed({ severity, line, column, message }: ConfigIssue): string {
  return `${line}:${column} ${severity}: ${message}`;
}

function placeOf(text: string): string {
  const lines = (text.split("§", 1)[0] ?? "").split("\n");
  return `${lines.length}:${(lines.at(-1) ?? "").length + 1}`;
}
