/**
 * A certificate authority of a test's own, for clients that take no self-signed certificate. Needs `openssl`.
 *
 * @module
 */

import type { Certificate } from "../../src/cli/demo/certificate.ts";
import { runOk } from "./programs.ts";
import { TempDir } from "./temp_dir.ts";

/** Issues certificates, ECDSA on P-256, valid for a week. */
export class CertificateAuthority implements AsyncDisposable {
  /** Its own certificate, in PEM, which clients are to trust. */
  readonly cert: string;
  /** Path of a file with that. */
  readonly certPath: string;
  readonly #dir: TempDir;

  private constructor(dir: TempDir, certPath: string, cert: string) {
    this.#dir = dir;
    this.certPath = certPath;
    this.cert = cert;
  }

  static async make(): Promise<CertificateAuthority> {
    await using stack = new AsyncDisposableStack();
    const dir = stack.use(await TempDir.make());
    const certPath = `${dir.path}/ca.pem`;
    await runOk("openssl", [
      ...["req", "-x509", "-noenc", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
      ...["-keyout", `${dir.path}/ca.key`, "-out", certPath, "-subj", "/CN=Test authority"],
      ...["-days", "7", "-addext", "keyUsage=critical,keyCertSign"],
    ]);
    const authority = new CertificateAuthority(dir, certPath, await Deno.readTextFile(certPath));
    stack.move();
    return authority;
  }

  /** @param names DNS names, or IPv4 addresses */
  async issue(...names: readonly string[]): Promise<Certificate> {
    const [key, cert] = ["leaf.key", "leaf.pem"].map((name) => `${this.#dir.path}/${name}`);
    const alternatives = names.map((name) => `${/^[\d.]+$/.test(name) ? "IP" : "DNS"}:${name}`);
    await runOk("openssl", [
      ...["req", "-x509", "-noenc", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
      ...["-CA", this.certPath, "-CAkey", `${this.#dir.path}/ca.key`],
      ...["-keyout", `${key}`, "-out", `${cert}`, "-subj", `/CN=${names[0]}`, "-days", "7"],
      ...["-addext", `subjectAltName=${alternatives.join(",")}`],
      ...["-addext", "basicConstraints=critical,CA:FALSE"],
      ...["-addext", "extendedKeyUsage=serverAuth"],
    ]);
    return { cert: await Deno.readTextFile(`${cert}`), key: await Deno.readTextFile(`${key}`) };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#dir[Symbol.asyncDispose]();
  }
}
