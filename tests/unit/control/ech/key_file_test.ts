import assert from "node:assert/strict";
import { ValueError } from "../../../../src/control/config/value_error.ts";
import {
  encodeEchKeyFile,
  parseEchKeyFile,
  parseEchKeyFileParts,
} from "../../../../src/control/ech/key_file.ts";
import { encodePemBlock } from "../../../../src/control/ech/pem.ts";

// Keys as "openssl genpkey" of OpenSSL 3.0 wrote them; the scalars are what "openssl pkey -text" shows of them.
const X25519_KEY = `-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VuBCIEICDzmuebbY8iGpA2CYLKFFN2kqqT0WqgMuy2RxISN4V7
-----END PRIVATE KEY-----
`;
const X25519_SCALAR = "20f39ae79b6d8f221a90360982ca14537692aa93d16aa032ecb647121237857b";
const P256_KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg8EcdnrJcJ7n6bw+H
Idr7xJRni+EIWMCAMRghEtMuLKyhRANCAATbBfyJt5oZ+q59hIyYEVkScmeXnUHL
qNJhPmXXZ/xkMktoYVlv0TEg2xGfdTVVKP7KaokZ7PZJKJQubJeXzzuM
-----END PRIVATE KEY-----
`;
const P256_SCALAR = "f0471d9eb25c27b9fa6f0f8721dafbc494678be10858c08031182112d32e2cac";
const ED25519_KEY = `-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIEF+Op8XxDJIyII/yvAS/uoHhd4Up3o8MneLNcHBDgwV
-----END PRIVATE KEY-----
`;
const P384_KEY = `-----BEGIN PRIVATE KEY-----
MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDBTpNbWtHAy3E6y7m1C
hEW1HI+zZkJc5pov3RzVHOFGfKA6xcdElc+GNY2Uaqjtv0GhZANiAATnIJX4yYPH
o5Jg/FWXvsvVbtQCyMTO/TOaOX2sJgzgabY2p+MPYwpgo6KU/KUUB1O42zjF06vI
ZR/1YKgiIuan8H/m/FgGOb3HQXObt85Ef20Ddw+QRBHX+Mdp+yLL/1U=
-----END PRIVATE KEY-----
`;
const SEC1_KEY = `-----BEGIN EC PRIVATE KEY-----
MHcCAQEEIFtnDd1qRbpilMTH0xdFXvsBIqyfmHaC+8UMz6pLm6CaoAoGCCqGSM49
AwEHoUQDQgAEEop6uiQRHmz7hNLkG55ccry1objWM4Cu7PXMfURn7o0aJN5QwbrX
hHtwwq7S9aARW+xkAsAlae49gc+S5oG1DA==
-----END EC PRIVATE KEY-----
`;
const ENCRYPTED_KEY = `-----BEGIN ENCRYPTED PRIVATE KEY-----
MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAidRmuE5WogmAICCAAw
DAYIKoZIhvcNAgkFADAdBglghkgBZQMEAQIEEFR5y/xs6NDZ/9ZBe94rj4YEQIIp
SAD+BanWw9qRdjcCrqeIzc5C9xgLEnTupj0wyEeYj4b5T8XHqOMw/S6JKEjbEgWo
tz4Bc+qKx84QfxrmNsE=
-----END ENCRYPTED PRIVATE KEY-----
`;

// Two lists of one configuration each, of a version that nobody knows: here they are bytes.
const FIRST = Uint8Array.of(0, 5, 0xab, 0xcd, 0, 1, 7);
const SECOND = Uint8Array.of(0, 4, 0xab, 0xce, 0, 0);
const BOTH = Uint8Array.of(0, 9, ...FIRST.subarray(2), ...SECOND.subarray(2));

function config(list: Uint8Array): string {
  return encodePemBlock("ECHCONFIG", list);
}

Deno.test("parseEchKeyFile() reads keys as OpenSSL writes them", () => {
  for (
    const [pem, kem, scalar] of [
      [X25519_KEY, "x25519", X25519_SCALAR],
      [P256_KEY, "p256", P256_SCALAR],
    ] as const
  ) {
    const { privateKey, ...rest } = parseEchKeyFile(pem + config(FIRST));
    assert.equal(privateKey.toHex(), scalar);
    assert.deepEqual(rest, { kem, configList: FIRST });
  }
});

Deno.test("parseEchKeyFile() takes blocks in any order, with text around them and any line ends", () => {
  const expected = parseEchKeyFile(X25519_KEY + config(FIRST));
  const files = [
    config(FIRST) + X25519_KEY,
    `made today\n\n${X25519_KEY}\nfor example.com\n${config(FIRST)}# end`,
    (X25519_KEY + config(FIRST)).replaceAll("\n", "\r\n"),
    (X25519_KEY + config(FIRST)).replaceAll("-----\n", "----- \t\n").trimEnd(),
    encodePemBlock("CERTIFICATE", Uint8Array.of(1)) + X25519_KEY + config(FIRST),
  ];
  for (const file of files) assert.deepEqual(parseEchKeyFile(file), expected, file);
});

Deno.test("parseEchKeyFile() joins several lists into one, in their order", () => {
  const file = config(FIRST) + X25519_KEY + config(SECOND);
  assert.deepEqual(parseEchKeyFile(file).configList, BOTH);
  assert.deepEqual(parseEchKeyFile(X25519_KEY + config(BOTH)).configList, BOTH);
});

Deno.test("encodeEchKeyFile() writes what OpenSSL writes, and what parseEchKeyFile() reads", () => {
  for (const pem of [X25519_KEY, P256_KEY]) {
    const file = parseEchKeyFile(pem + config(BOTH));
    assert.equal(encodeEchKeyFile(file), pem + config(BOTH));
  }
});

Deno.test("parseEchKeyFile() says what is wrong and shows nothing of the key", () => {
  const list = config(FIRST);
  const cases: [string, string][] = [
    ["", `There is no private key: no line "-----BEGIN PRIVATE KEY-----"`],
    [list, `There is no private key: no line "-----BEGIN PRIVATE KEY-----"`],
    [X25519_KEY, `There is no ECHConfigList: no line "-----BEGIN ECHCONFIG-----"`],
    [X25519_KEY + P256_KEY + list, "There are 2 private keys: a key file has one"],
    [X25519_KEY + SEC1_KEY + list, "There are 2 private keys: a key file has one"],
    [SEC1_KEY + list, `The private key is in the form "EC PRIVATE KEY", not PKCS #8`],
    [
      ENCRYPTED_KEY + list,
      "The private key is encrypted with a password, which nobody would be there to enter",
    ],
    [ED25519_KEY + list, "The private key is for ed25519: ECH takes X25519 and P-256"],
    [P384_KEY + list, "The private key is for secp384r1: ECH takes X25519 and P-256"],
    [X25519_KEY.replace("MC4C", "MC4B") + list, "The private key cannot be read as PKCS #8"],
    [
      X25519_KEY.replace("MC4C", "M!4C") + list,
      `What stands in the block "PRIVATE KEY" is not base64`,
    ],
    [
      X25519_KEY.replace("-----END PRIVATE", "-----END PUBLIC") + list,
      `The block "PRIVATE KEY" has no line "-----END PRIVATE KEY-----"`,
    ],
    [
      X25519_KEY + config(Uint8Array.of(0)),
      `What stands in the block "ECHCONFIG" is no ECHConfigList: it is empty`,
    ],
    [
      X25519_KEY + config(Uint8Array.of(0, 0)),
      `What stands in the block "ECHCONFIG" is no ECHConfigList: it is empty`,
    ],
    [
      X25519_KEY + config(FIRST.subarray(0, 6)),
      `What stands in the block "ECHCONFIG" is no ECHConfigList: its length says 5 bytes, and 4 follow`,
    ],
  ];
  const long = config(Uint8Array.of(0x90, 0, ...new Uint8Array(0x9000)));
  cases.push([
    X25519_KEY + long + long,
    `The blocks "ECHCONFIG" are longer than one ECHConfigList can be`,
  ]);
  for (const [file, message] of cases) {
    assert.throws(() => parseEchKeyFile(file), (error) => {
      assert(error instanceof ValueError);
      assert.equal(error.message, message);
      assert.doesNotMatch(`${error.message}${error.hint}${error.stack}`, /MC4|MIG|MHc|20f39ae7/i);
      return true;
    });
  }
});

Deno.test("parseEchKeyFileParts() reads files that lack the key or the list", () => {
  assert.deepEqual(parseEchKeyFileParts("nothing"), { key: null, configList: null });
  assert.deepEqual(parseEchKeyFileParts(config(FIRST)), { key: null, configList: FIRST });
  const { key, configList } = parseEchKeyFileParts(X25519_KEY);
  assert.equal(key?.privateKey.toHex(), X25519_SCALAR);
  assert.equal(configList, null);
});
