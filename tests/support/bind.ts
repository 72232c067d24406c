/**
 * BIND as a name server with a zone of a test's own: over UDP and TCP, and over HTTPS (RFC 8484). Needs `named`.
 *
 * @module
 */

import { selfSignedCertificate } from "../../src/cli/demo/certificate.ts";
import { freePort } from "./free_port.ts";
import { RunningProgram } from "./programs.ts";
import { TempDir } from "./temp_dir.ts";

/** A running name server. */
export interface Bind extends AsyncDisposable {
  /** For UDP and TCP, on 127.0.0.1. */
  readonly port: number;
  /** For DNS over HTTPS. */
  readonly url: string;
  /** Path of the certificate to trust for that. */
  readonly certPath: string;
}

/**
 * Starts a server of the zone `test`.
 *
 * @param records lines of the zone file, beside SOA and NS
 */
export async function startBind(...records: readonly string[]): Promise<Bind> {
  await using stack = new AsyncDisposableStack();
  const dir = stack.use(await TempDir.make());
  const [port, dohPort] = [freePort(), freePort()];
  const { cert, key } = selfSignedCertificate(["localhost"], Date.now());
  const certPath = await dir.write("cert.pem", cert);
  const keyPath = await dir.write("key.pem", key, 0o600);
  const zone = ["$TTL 300", "@ SOA ns hostmaster 1 2 3 4 5", "@ NS ns", "ns A 127.0.0.1"];
  const zonePath = await dir.write("zone", [...zone, ...records, ""].join("\n"));
  const config = await dir.write(
    "named.conf",
    `options {
  directory "${dir.path}";
  pid-file none;
  session-keyfile none;
  listen-on port ${port} { 127.0.0.1; };
  listen-on port ${dohPort} tls local http local { 127.0.0.1; };
  listen-on-v6 { none; };
  recursion no;
  dnssec-validation no;
};
tls local { cert-file "${certPath}"; key-file "${keyPath}"; };
http local { endpoints { "/dns-query"; }; };
controls { };
zone "test" { type primary; file "${zonePath}"; };
`,
  );
  const program = stack.use(RunningProgram.start("named", ["-g", "-n", "1", "-c", config]));
  await program.waitForLine(/ running$/);
  const owned = stack.move();
  return {
    port,
    url: `https://localhost:${dohPort}/dns-query`,
    certPath,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
