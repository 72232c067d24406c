import assert from "node:assert/strict";
import { show } from "../../../../src/cli/ech/show.ts";
import { encodePemBlock } from "../../../../src/control/ech/pem.ts";
import {
  encodeEchConfig,
  encodeEchConfigList,
  parseEchConfigList,
} from "../../../../src/proto/ech/config.ts";
import { echKey } from "../../../support/ech_client.ts";
import { configList, keyFile } from "../../../support/ech_files.ts";
import { TempDir } from "../../../support/temp_dir.ts";

const KEY = echKey({ configId: 7, publicName: "edge.test", suites: [{ kdf: 1, aead: 3 }] });
const OTHER = echKey({ configId: 8, kem: "p256" });

async function shown(source: string): Promise<{ code: number; text: string }> {
  let text = "";
  const code = await show(source, (more) => text += more);
  return { code, text };
}

Deno.test("show() tells all that a list says", async () => {
  const list = encodeEchConfigList([
    KEY.config,
    Uint8Array.of(0xfe, 0x0a, 0, 3, 1, 2, 3),
    OTHER.config,
  ]);
  const { code, text } = await shown(list.toBase64());
  assert.equal(code, 0);
  const parts = text.trimEnd().split("\n\n");
  assert.equal(parts[0], `ECHConfigList of ${list.length} bytes with 3 configurations`);
  assert.match(
    parts[1] ?? "",
    new RegExp([
      "^config_id            7",
      "version              0xfe0d \\(RFC 9849\\)",
      "KEM                  DHKEM\\(X25519, HKDF-SHA256\\)",
      "suites               HKDF-SHA256, ChaCha20Poly1305",
      "public_name          edge\\.test",
      "maximum_name_length  0",
      "extensions           none",
      "public key           SHA-256 [0-9a-f]{64}$",
    ].join("\n")),
  );
  assert.match(parts[2] ?? "", /^Version 0xfe0a, 7 bytes: not known here/);
  assert.match(
    parts[3] ?? "",
    /^config_id {12}8\n[^]*DHKEM\(P-256, HKDF-SHA256\)\n[^]*HKDF-SHA512/,
  );
});

Deno.test("show() reads lists in every form", async () => {
  await using dir = await TempDir.make();
  const list = configList(KEY);
  const { text } = await shown(list.toBase64());
  const base64 = list.toBase64();
  const forms: [string, string | Uint8Array][] = [
    ["binary", list],
    ["base64", `${base64}\n`],
    ["unpadded", base64.replace(/=+$/, "")],
    ["wrapped", base64.replace(/.{20}/g, "$&\r\n")],
    ["record", ` ech="${base64}"\n`],
    ["pem", `for edge.test\n${encodePemBlock("ECHCONFIG", list)}`],
  ];
  for (const [name, content] of forms) {
    const path = await dir.write(name, content);
    assert.deepEqual(await shown(path), { code: 0, text }, name);
  }
  assert.deepEqual(await shown(`ech="${base64}"`), { code: 0, text });
});

Deno.test("show() tells whether the private key fits, and never shows it", async () => {
  await using dir = await TempDir.make();
  const fitting = await shown(await dir.write("fits.pem", keyFile(KEY)));
  assert.equal(fitting.code, 0);
  assert.match(fitting.text, /^private key +fits$/m);

  const both = await dir.write(
    "both.pem",
    keyFile({ ...KEY, config: OTHER.config }) + encodePemBlock("ECHCONFIG", configList(KEY)),
  );
  const one = await shown(both);
  assert.equal(one.code, 0);
  assert.match(one.text, /^private key +does not fit$[^]*^private key +fits$/m);

  const strange = await shown(
    await dir.write("strange.pem", keyFile({ ...KEY, config: OTHER.config })),
  );
  assert.equal(strange.code, 1);
  assert.match(
    strange.text,
    /^The private key, for x25519, fits no configuration: its public key has the fingerprint SHA-256 [0-9a-f]{64}$/m,
  );

  const [block = ""] = keyFile(KEY).split("-----BEGIN ECHCONFIG");
  const alone = await shown(await dir.write("alone.pem", block));
  assert.equal(alone.code, 1);
  assert.match(alone.text, /^There is no ECHConfigList$/m);

  const pemBody = block.split("\n")[1] ?? "";
  for (const { text } of [fitting, one, strange, alone]) {
    assert(!text.includes(pemBody) && !text.includes(KEY.privateKey.toHex()));
    assert(!text.includes(KEY.privateKey.toBase64()));
  }
});

Deno.test("show() says why clients pass a configuration over", async () => {
  const verdict = parseEchConfigList(configList(KEY));
  const [config] = verdict.kind === "match" ? verdict.value : [];
  assert(config?.kind === "config");
  const odd = encodeEchConfig({
    ...config,
    kem: 0x21,
    suites: [{ kdf: 9, aead: 0xffff }],
    publicName: "1.2.3.4\u001b",
    extensions: [{ type: 0x8001, data: Uint8Array.of(1) }, { type: 5, data: new Uint8Array(0) }],
  });
  const { text } = await shown(encodeEchConfigList([odd]).toBase64());
  for (
    const line of [
      "KEM                  0x0021",
      "suites               KDF 0x0009, AEAD 0xffff",
      "public_name          1.2.3.4\\u001b",
      "extensions           0x8001 (1 bytes), 0x0005 (0 bytes)",
      "! no key of this KEM can be used here",
      "! none of the suites can be used here",
      "! clients ignore it: public_name is not the name of a host",
      "! clients ignore it unless they know its mandatory extension",
    ]
  ) assert(text.split("\n").includes(line), line);
  const single = encodeEchConfig({ ...config, publicName: "localhost" });
  const { text: warned } = await shown(encodeEchConfigList([single]).toBase64());
  assert.match(warned, /\n! some clients ignore it, such as Go's: public_name has no dot$/m);
});

Deno.test("show() says what is wrong with what is no list", async () => {
  await using dir = await TempDir.make();
  const list = configList(KEY);
  const broken = list.slice();
  broken[5] = 200;
  const cases: [string, RegExp][] = [
    [
      "no/such/file.pem",
      /^"no\/such\/file\.pem" is neither a file nor an ECHConfigList in base64$/,
    ],
    [KEY.privateKey.toBase64(), /^"\*+" is neither a file nor an ECHConfigList in base64$/],
    [await dir.write("empty", ""), /^This is no ECHConfigList: /],
    [await dir.write("huge", "A".repeat(600_000)), /^This is longer than 524288 bytes/],
    [
      await dir.write(
        "encrypted",
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----",
      ),
      /^The private key is encrypted/,
    ],
    [broken.toBase64(), /^The ECHConfigList is broken: a length in it does not fit$/],
    [dir.path, /^Cannot read ".*": it is a directory$/],
  ];
  for (const [source, message] of cases) {
    await assert.rejects(shown(source), { message }, source.slice(0, 40));
  }
});
