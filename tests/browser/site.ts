/**
 * A site with hidden names behind the proxy, for browsers: name server, wire, proxy and backends.
 *
 * ```
 * browser ── wire tap ── proxy ── backends that know ECH
 *    └── name server, over HTTPS
 * ```
 *
 * @module
 */

import assert from "node:assert/strict";
import type { EchKey } from "../../src/model/ech.ts";
import { encodeEchConfigList } from "../../src/proto/ech/config.ts";
import { CertificateAuthority } from "../support/certificate_authority.ts";
import { type DohServer, startDohServer } from "../support/doh_server.ts";
import { type EchBackendSpec, readEchPage, startEchBackends } from "../support/ech_backends.ts";
import { echKey } from "../support/ech_client.ts";
import { type ProxyProcess, startProxy } from "../support/proxy_process.ts";
import { TempDir } from "../support/temp_dir.ts";
import { type WireOptions, WireTap } from "../support/wire_tap.ts";
import type { Browser, BrowserSetting } from "./browser.ts";
import { type FirstFlight, readFirstFlight } from "./first_flight.ts";

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
  /** What the HTTPS record of the hidden site says; there is none unless this is given. */
  readonly record?: { readonly alpn: readonly string[]; readonly key: EchKey };
  /** What happens between browser and proxy. */
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
  readonly doh: DohServer;
  /** The port that browsers know. */
  readonly port: number;
  /** Visits `https://name:port/` and returns what the page tells of the connection, as `backend HTTP/version SNI`. */
  visit(
    browser: Browser,
    name: string,
    options?: { readonly forceHttp3: boolean },
  ): Promise<string>;
  /** Beginnings of all connections so far. */
  flights(): readonly FirstFlight[];
  /** Asserts that neither wire nor log has told the hidden name, and that all that was said was for the public one. */
  assertHidden(): void;
}

export async function startSite(options: SiteOptions): Promise<Site> {
  await using stack = new AsyncDisposableStack();
  const authority = stack.use(await CertificateAuthority.make());
  const certificate = await authority.issue(HIDDEN, PUBLIC, PLAIN, "127.0.0.1");
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
  const doh = stack.use(startDohServer(certificate));
  if (options.record !== undefined) {
    const { alpn, key } = options.record;
    doh.publish(HIDDEN, tap.port, { alpn, ech: encodeEchConfigList([key.config]) });
  }
  const flights = () => tap.flows.flatMap((flow) => readFirstFlight(flow) ?? []);
  const running = stack.move();
  return {
    proxy,
    doh,
    port: tap.port,
    flights,
    async visit(browser, name, { forceHttp3 } = { forceHttp3: false }) {
      const setting: BrowserSetting = {
        dohUrl: doh.url,
        authorityPath: authority.certPath,
        ...(forceHttp3 ? { forceHttp3: `${name}:${tap.port}` } : {}),
      };
      const document = await browser.visit(`https://${name}:${tap.port}/`, setting);
      const page = readEchPage(document);
      // What did not work is to be read off the failed assertion.
      return page === null
        ? [
          document,
          ...proxy.process.lines,
          ...backends.process.lines,
          ...doh.queries,
          ...tap.flows.map(({ transport, fromClient, fromServer }) =>
            `${transport}: ${fromClient.map(length)} bytes up, ${fromServer.map(length)} down`
          ),
        ].join("\n")
        : `${page.page} HTTP/${page.http} ${page.sni}`;
    },
    assertHidden() {
      const seen = flights();
      assert.ok(seen.length > 0, "no connection was seen");
      for (const flight of seen) {
        assert.equal(flight.sni, PUBLIC);
        assert.ok(!flight.says(HIDDEN), "the hidden name is in a hello");
      }
      assert.deepEqual(proxy.process.lines.filter((line) => line.includes(HIDDEN)), []);
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** A key for the public name. Keys of different ids differ. */
export function siteKey(configId: number): EchKey {
  return echKey({ configId, publicName: PUBLIC });
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
    `ech_config_list = "${encodeEchConfigList([key.config]).toBase64()}"`,
    `private_keys = ["${key.privateKey.toBase64()}"]`,
    `private = [{ names = ["${HIDDEN}"], target = ["${hiddenTarget}"] }]`,
    ...more,
    "",
  ].join("\n");
}

function length(bytes: Uint8Array): number {
  return bytes.length;
}
