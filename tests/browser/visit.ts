/**
 * Visits of browsers to a site with a hidden name, with a name server of their own.
 *
 * @module
 */

import type { EchKey } from "../../src/model/ech.ts";
import { encodeEchConfigList } from "../../src/proto/ech/config.ts";
import { startDohServer } from "../support/doh_server.ts";
import { readEchPage } from "../support/ech_backends.ts";
import type { Site } from "../support/ech_site.ts";
import type { Browser } from "./browser.ts";

/** What name servers say of the name. */
export interface Published {
  /** As in the HTTPS record. */
  readonly alpn: readonly string[];
  readonly key: EchKey;
}

/**
 * Visits `https://name` at the port of the site and returns what the page tells of the connection, as
 * `BACKEND HTTP/VERSION SNI`.
 *
 * @param published null: there is no HTTPS record
 * @param options.onlyHttp3 whether TCP is not to be tried
 */
export async function visit(
  browser: Browser,
  site: Site,
  name: string,
  published: Published | null,
  { onlyHttp3 = false } = {},
): Promise<string> {
  await using doh = startDohServer(await site.authority.issue("127.0.0.1"));
  if (published !== null) {
    const ech = encodeEchConfigList([published.key.config]);
    doh.publish(name, site.port, { alpn: published.alpn, ech });
  }
  const document = await browser.visit(`https://${name}:${site.port}/`, {
    dohUrl: doh.url,
    authorityPath: site.authority.certPath,
    ...(onlyHttp3 ? { onlyHttp3: `${name}:${site.port}` } : {}),
  });
  const page = readEchPage(document);
  // What did not work is to be read off the failed assertion.
  return page === null
    ? [document, site.tell(), ...doh.queries].join("\n")
    : `${page.page} HTTP/${page.http} ${page.sni}`;
}
