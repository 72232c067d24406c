import assert from "node:assert/strict";
import { selfSignedCertificate } from "../../src/cli/demo/certificate.ts";
import { encodeEchConfig, encodeEchConfigList } from "../../src/proto/ech/config.ts";
import { keyPairFromSeed } from "../../src/proto/hpke/key.ts";
import { type ProgramOutput, run, runOk } from "../support/programs.ts";
import { needs } from "../support/needs.ts";
import { RetryListener } from "../support/retry_listener.ts";
import { rejectionOf, type RetryRejection } from "../support/retry_rejection.ts";
import { TempDir } from "../support/temp_dir.ts";

const REQUEST = "GET / HTTP/1.1\r\nHost: public.test\r\n\r\n";
const RESPONSE = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\npublic";
const answer = (said: string) => said.endsWith("\r\n\r\n") ? RESPONSE : null;

const ECDSA = selfSignedCertificate(["public.test", "localhost"], Date.now());

/** Options of s_client, how often the server speaks, and what the client then says of the connection. */
const OPENSSL_CASES: readonly (readonly [string[], number, RegExp])[] = [
  [["-ciphersuites", "TLS_AES_128_GCM_SHA256"], 1, /Cipher is TLS_AES_128_GCM_SHA256$/m],
  [["-ciphersuites", "TLS_AES_256_GCM_SHA384"], 1, /Cipher is TLS_AES_256_GCM_SHA384$/m],
  [
    ["-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256"],
    1,
    /Cipher is TLS_CHACHA20_POLY1305_SHA256$/m,
  ],
  [["-groups", "X25519"], 1, /^Server Temp Key: X25519,/m],
  [["-groups", "P-256"], 1, /^Server Temp Key: ECDH, prime256v1,/m],
  [["-groups", "P-384:X25519"], 2, /^Server Temp Key: X25519,/m],
  [["-groups", "P-521:P-256"], 2, /^Server Temp Key: ECDH, prime256v1,/m],
  [["-no_middlebox", "-groups", "P-384:X25519"], 2, /^Server Temp Key: X25519,/m],
  [["-alpn", "h2,http/1.1"], 1, /^ALPN protocol: http\/1\.1$/m],
  [["-alpn", "h2"], 1, /^No ALPN negotiated$/m],
  [["-max_send_frag", "512", "-split_send_frag", "512"], 1, /^Verification: OK$/m],
];

needs("openssl")("openssl s_client completes a handshake, asks, and is answered", async () => {
  await using site = await Site.start(ECDSA);
  for (const [options, flights, expected] of OPENSSL_CASES) {
    await site.askByOpenssl(options, flights, expected);
  }
});

needs("openssl 3.5")("openssl s_client does so by X25519MLKEM768", async () => {
  await using site = await Site.start(ECDSA);
  await site.askByOpenssl(["-groups", "X25519MLKEM768"], 1, /X25519MLKEM768/);
});

needs("openssl")("openssl s_client does so with an RSA certificate, by any hash", async () => {
  await using site = await Site.start(await rsaCertificate());
  for (
    const [algorithm, digest] of [
      ["rsa_pss_rsae_sha256", "SHA256"],
      ["rsa_pss_rsae_sha384", "SHA384"],
      ["rsa_pss_rsae_sha512", "SHA512"],
    ] as const
  ) {
    const expected = new RegExp(
      `^Peer signing digest: ${digest}\nPeer signature type: RSA-PSS`,
      "m",
    );
    await site.askByOpenssl(["-sigalgs", algorithm], 1, expected);
  }
});

needs("openssl")("openssl s_client is told what it lacks", async () => {
  await using site = await Site.start(ECDSA);
  for (
    const [options, alert] of [
      [["-tls1_2"], "protocol version"],
      [["-groups", "P-384"], "handshake failure"],
      [["-sigalgs", "RSA-PSS+SHA256"], "handshake failure"],
    ] as const
  ) {
    const { stderr } = await site.openssl([...options]);
    assert.match(stderr, new RegExp(`alert ${alert}:`));
    assert.equal((await site.listener.last()).ending, "fault");
  }
});

needs("openssl")("openssl s_client that does not trust the certificate says so", async () => {
  await using site = await Site.start(ECDSA);
  const { code } = await site.openssl(["-verify_hostname", "other.test"]);
  assert.notEqual(code, 0);
  const { ending, isFinished } = await site.listener.last();
  assert.deepEqual([ending, isFinished], ["closed", false]);
});

needs("openssl")("openssl s_client gets new keys when it asks for them", async () => {
  await using site = await Site.start(ECDSA);
  const child = new Deno.Command("openssl", {
    args: site.opensslArguments([]),
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const output = new Response(child.stdout).text();
  const stdin = child.stdin.getWriter();
  await stdin.write(new TextEncoder().encode("K\n"));
  let told = "";
  for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
    told += text;
    // Only then is a line of input sure to be data.
    if (told.endsWith("KEYUPDATE\n")) await stdin.write(new TextEncoder().encode(REQUEST));
  }
  await stdin.close().catch(() => {}); // it has ended by itself
  await child.status;
  assert.ok((await output).includes(RESPONSE), told);
  assert.equal((await site.listener.last()).plaintext, REQUEST);
});

needs("curl")("curl asks over HTTP/1.1 and is answered", async () => {
  await using site = await Site.start(ECDSA);
  for (const version of ["--http1.1", "--http2"]) {
    const output = await runOk("curl", [
      ...["-sS", "--cacert", site.certPath, "--tlsv1.3", version],
      ...["--connect-to", `::127.0.0.1:${site.listener.port}`, "https://public.test/"],
      ...["--write-out", " over %{http_version}"],
    ]);
    assert.equal(output, "public over 1.1");
  }
});

Deno.test("Deno's own client asks and is answered", async () => {
  await using site = await Site.start(ECDSA);
  const options = { hostname: "localhost", port: site.listener.port, caCerts: [ECDSA.cert] };
  for (const alpnProtocols of [["h2", "http/1.1"], ["h2"], []]) {
    using conn = await Deno.connectTls({ ...options, alpnProtocols });
    const { alpnProtocol } = await conn.handshake();
    assert.equal(alpnProtocol, alpnProtocols.includes("http/1.1") ? "http/1.1" : null);
    await conn.write(new TextEncoder().encode(REQUEST));
    assert.equal(await new Response(conn.readable).text(), RESPONSE);
    assert.equal((await site.listener.last()).plaintext, REQUEST);
  }
});

needs("go 1.24")(
  "crypto/tls of Go with stale keys gets the configurations to retry with",
  async () => {
    await using site = await Site.start(ECDSA);
    const X25519 = "29";
    const P256 = "23";
    for (const groups of [[], [X25519], [P256]]) await site.retryByGo(groups, 1);
  },
);

needs("go 1.26")("crypto/tls of Go does so after a HelloRetryRequest", async () => {
  await using site = await Site.start(await rsaCertificate());
  await site.retryByGo(["4589", "29"], 2); // SecP384r1MLKEM1024, of which it sends a share, and X25519
});

/** A listener with a certificate, and clients that come to it. */
class Site implements AsyncDisposable {
  readonly listener: RetryListener;
  readonly certPath: string;
  readonly #rejection: RetryRejection;
  readonly #dir: TempDir;

  private constructor(dir: TempDir, certPath: string, rejection: RetryRejection) {
    this.#dir = dir;
    this.certPath = certPath;
    this.#rejection = rejection;
    this.listener = new RetryListener(rejection, answer);
  }

  static async start(certificate: Pem): Promise<Site> {
    const dir = await TempDir.make();
    const certPath = await dir.write("certificate.pem", certificate.cert);
    const retryConfigs = encodeEchConfigList([echConfig(9), echConfig(10)]);
    return new Site(dir, certPath, { ...rejectionOf(certificate), retryConfigs });
  }

  opensslArguments(options: readonly string[]): string[] {
    return [
      ...["s_client", "-connect", `127.0.0.1:${this.listener.port}`, "-servername", "public.test"],
      ...["-CAfile", this.certPath, "-verify_return_error", "-verify_hostname", "public.test"],
      ...options,
    ];
  }

  openssl(options: readonly string[]): Promise<ProgramOutput> {
    return run("openssl", this.opensslArguments(["-ign_eof", ...options]), { stdin: REQUEST });
  }

  async askByOpenssl(options: string[], flights: number, expected: RegExp): Promise<void> {
    const { code, stdout, stderr } = await this.openssl(options);
    assert.equal(code, 0, stderr);
    assert.match(stdout, expected);
    assert.ok(stdout.includes(RESPONSE), stdout);
    assert.deepEqual(await this.listener.last(), {
      ending: "connected",
      isFinished: true,
      flights,
      plaintext: REQUEST,
    });
  }

  async retryByGo(groups: readonly string[], flights: number): Promise<void> {
    const stale = encodeEchConfigList([echConfig(8)]).toBase64();
    const source = new URL("../support/go/ech_stale_client.go", import.meta.url).pathname;
    const address = `127.0.0.1:${this.listener.port}`;
    const printed = await runOk("go", ["run", source, address, this.certPath, stale, ...groups], {
      timeoutMs: 300_000,
    });
    assert.equal(printed, `rejected ${this.#rejection.retryConfigs.toBase64()}\n`);
    const { ending, ...told } = await this.listener.last();
    assert.equal(ending, "retried");
    assert.deepEqual(told, { isFinished: true, flights, plaintext: "" });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.listener[Symbol.asyncDispose]();
    await this.#dir[Symbol.asyncDispose]();
  }
}

/** A certificate and its key. */
interface Pem {
  readonly cert: string;
  readonly key: string;
}

async function rsaCertificate(): Promise<Pem> {
  await using dir = await TempDir.make();
  const [cert, key] = [`${dir.path}/certificate.pem`, `${dir.path}/key.pem`];
  await runOk("openssl", [
    ...["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=public.test", "-days", "2"],
    ...["-addext", "subjectAltName=DNS:public.test", "-keyout", key, "-out", cert],
  ]);
  return { cert: await Deno.readTextFile(cert), key: await Deno.readTextFile(key) };
}

/** A configuration whose key nobody keeps. */
function echConfig(configId: number): Uint8Array {
  return encodeEchConfig({
    configId,
    kem: 0x0020,
    publicKey: keyPairFromSeed("x25519", new Uint8Array(32).fill(configId)).publicKey,
    suites: [{ kdf: 1, aead: 1 }],
    maximumNameLength: 64,
    publicName: "public.test",
    extensions: [],
  });
}
