/**
 * A site with a hidden name behind the proxy: wire, proxy and backends.
 *
 * ```
 * client ── wire tap ── proxy ── backends that know ECH
 * ```
 *
 * @module
 */

import assert from "node:assert/strict";
import type { EchKey } from "../../src/model/ech.ts";
import { CertificateAuthority } from "./certificate_authority.ts";
import { type EchBackendSpec, startEchBackends } from "./ech_backends.ts";
import { echKey } from "./ech_client.ts";
import { configList } from "./ech_config.ts";
import { type FirstFlight, readFirstFlight } from "./first_flight.ts";
import { type ProxyProcess, startProxy } from "./proxy_process.ts";
import { TempDir } from "./temp_dir.ts";
import { type WireOptions, WireTap } from "./wire_tap.ts";

/** Reached by ECH alone. */
export const HIDDEN = "hidden.test";
/** What the wire may show. */
export const PUBLIC = "public.test";
/** A site without ECH. */
export const PLAIN = "plain.test";

/** What is different from site to site. */
export interface SiteOptions {
  /** Backends by the names that their pages tell; they have a certificate for all three names. */
  readonly backends: Readonly<Record<string, Omit<EchBackendSpec, "certificate">>>;
  /** Text of the configuration file. */
  readonly config: (parts: ConfigParts) => string;
  /** What happens between client and proxy. */
  readonly wire?: WireOptions;
}

/** What a configuration is put together from. */
export interface ConfigParts {
  /** `127.0.0.1:port` of a backend. */
  readonly address: (backend: string) => string;
  /** Paths of a certificate for the public name, and its key. */
  readonly certificatePath: string;
  readonly certificateKeyPath: string;
}

/** A running site. */
export interface Site extends AsyncDisposable {
  readonly proxy: ProxyProcess;
  /** The port that clients know, at 127.0.0.1. */
  readonly port: number;
  /** `127.0.0.1:port` of a backend. */
  readonly address: (backend: string) => string;
  /** Who vouches for the backends. */
  readonly authority: CertificateAuthority;
  /** Beginnings of all connections so far. */
  flights(): readonly FirstFlight[];
  /** Asserts that neither wire nor log has told the hidden name, and that all that was said was for the public one. */
  assertHidden(): void;
  /** All that is known, for a person who wants to know what went wrong. */
  tell(): string;
}

/** Starts a site. Needs `openssl`, and what `startEchBackends()` does. */
export async function startSite(options: SiteOptions): Promise<Site> {
  await using stack = new AsyncDisposableStack();
  const authority = stack.use(await CertificateAuthority.make());
  const certificate = await authority.issue(HIDDEN, PUBLIC, PLAIN);
  const dir = stack.use(await TempDir.make());
  const [certificatePath, certificateKeyPath] = await Promise.all([
    dir.write("cert.pem", certificate.cert),
    dir.write("key.pem", certificate.key),
  ]);
  const specs = Object.entries(options.backends);
  const backends = stack.use(
    await startEchBackends(
      Object.fromEntries(specs.map(([name, spec]) => [name, { certificate, ...spec }])),
    ),
  );
  const { address } = backends;
  const proxy = stack.use(
    await startProxy({
      config: options.config({ address, certificatePath, certificateKeyPath }),
    }),
  );
  const tap = stack.use(new WireTap(proxy.port, options.wire));
  const flights = () => tap.flows.flatMap((flow) => readFirstFlight(flow) ?? []);
  const running = stack.move();
  return {
    proxy,
    port: tap.port,
    address,
    authority,
    flights,
    assertHidden() {
      const seen = flights();
      assert.ok(seen.length > 0, "no connection was seen");
      for (const flight of seen) {
        assert.equal(flight.sni, PUBLIC);
        assert.ok(!flight.says(HIDDEN), "the hidden name is in a hello");
      }
      assert.deepEqual(proxy.process.lines.filter((line) => line.includes(HIDDEN)), []);
    },
    tell: () =>
      [
        ...proxy.process.lines,
        ...backends.process.lines,
        ...tap.flows.map(({ transport, fromClient, fromServer }) =>
          `${transport}: ${fromClient.map(length)} bytes up, ${fromServer.map(length)} down`
        ),
      ].join("\n"),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** A key for the public name. Keys of different ids differ. */
export function siteKey(configId: number): EchKey {
  return echKey({ configId, publicName: PUBLIC });
}

/** Lines of an `ech` table that have the proxy give clients new keys for those of `oldIds`. */
export function retryLines(
  { certificatePath, certificateKeyPath }: ConfigParts,
  oldIds: readonly number[],
): string[] {
  return [
    `retired_config_ids = [${oldIds.join()}]`,
    'on_reject = "retry"',
    `certificate = "${certificatePath}"`,
    `certificate_key = "${certificateKeyPath}"`,
  ];
}

/** A service for the public name whose `ech` table holds one key, and leads the hidden name to a target of its own. */
export function echService(
  { protocol, serverNames = [PUBLIC], target, key, hiddenTarget, more = [] }: {
    readonly protocol: "tls" | "quic";
    readonly serverNames?: readonly string[];
    readonly target: string;
    readonly key: EchKey;
    readonly hiddenTarget: string;
    /** Further lines of the `ech` table. */
    readonly more?: readonly string[];
  },
): string {
  return [
    `[protocols.${protocol}-site]`,
    `protocol = "${protocol}"`,
    `server_names = ${JSON.stringify(serverNames)}`,
    `target = ["${target}"]`,
    `[protocols.${protocol}-site.ech]`,
    `ech_config_list = "${configList(key)}"`,
    `private_keys = ["${key.privateKey.toBase64()}"]`,
    `private = [{ names = ["${HIDDEN}"], target = ["${hiddenTarget}"] }]`,
    ...more,
    "",
  ].join("\n");
}

function length(bytes: Uint8Array): number {
  return bytes.length;
}
