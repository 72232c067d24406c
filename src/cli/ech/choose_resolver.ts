/**
 * Whom to ask for HTTPS records.
 *
 * @module
 */

import { dohResolver } from "../../control/https_record/doh_resolver.ts";
import { plainResolver } from "../../control/https_record/plain_resolver.ts";
import { firstThatAnswers, type HttpsResolver } from "../../control/https_record/resolver.ts";
import { parseNameServers, RESOLV_CONF } from "../../control/https_record/system_name_servers.ts";
import { canonicalHost } from "../../proto/ip.ts";
import { UsageError } from "../usage_error.ts";
import { FileError } from "./file_error.ts";

const DNS_PORT = 53;

/**
 * The resolver that was said: `ADDRESS`, `ADDRESS:PORT` (IPv6 in brackets) or the URL of one over HTTPS.
 *
 * @throws {UsageError} when it is none of these
 */
export function parseResolver(text: string): HttpsResolver {
  if (/^https:\/\//i.test(text)) {
    if (URL.canParse(text)) return dohResolver(text);
    throw new UsageError(`"${text}" is not a URL`);
  }
  const [, bracketed, plain, port = String(DNS_PORT)] =
    /^(?:\[([^\]]*)\]|([^:[\]]*))(?::([0-9]{1,5}))?$/.exec(text) ?? [];
  const host = canonicalHost(bracketed ?? plain ?? text);
  const number = Number(port);
  if (host !== null && number >= 1 && number <= 65_535) {
    return plainResolver({ host, port: number });
  }
  throw new UsageError(
    `"${text}" is not a resolver: say its IP address, with a port behind it if that is not ` +
      `${DNS_PORT}, or a URL that begins with https://`,
  );
}

/**
 * The system's own name servers.
 *
 * @throws {FileError} when the system does not say which these are
 */
export async function systemResolver(): Promise<HttpsResolver> {
  let text: string;
  try {
    text = await Deno.readTextFile(RESOLV_CONF);
  } catch (error) {
    throw new FileError("read", RESOLV_CONF, error);
  }
  const hosts = parseNameServers(text).flatMap((server) => canonicalHost(server) ?? []);
  if (hosts.length > 0) {
    return firstThatAnswers(hosts.map((host) => plainResolver({ host, port: DNS_PORT })));
  }
  throw new UsageError(`"${RESOLV_CONF}" names no name server: say one with "--resolver"`);
}

/**
 * Says who is asked, and what that tells others.
 *
 * @param tells whether private names are asked for
 */
export function announce({ label, isEncrypted }: HttpsResolver, tells: boolean): string {
  const asked = `Asking ${label} for HTTPS records`;
  if (isEncrypted || !tells) return `${asked}\n`;
  return `${asked}, of private names too, in the clear: whoever watches the way there learns them.\n` +
    'With "--resolver https://…" the names are encrypted.\n';
}
