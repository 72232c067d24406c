/**
 * A name server on loopback that browsers ask over HTTPS (RFC 8484), for without that they use no ECH.
 *
 * @module
 */

import type { Certificate } from "../../src/cli/demo/certificate.ts";
import type { ServiceBinding } from "../../src/proto/dns/service_binding.ts";
import { readDnsName } from "../../src/proto/dns/name.ts";
import { dnsMessage } from "./dns_builder.ts";
import {
  encodeServiceBinding,
  httpsRecord,
  PLAIN_BINDING,
  record,
} from "./https_record_builder.ts";

/** A running name server. */
export interface DohServer extends AsyncDisposable {
  /** `https://127.0.0.1:PORT/dns-query`. */
  readonly url: string;
  /** What was asked for, such as `hidden.test 65`. */
  readonly queries: readonly string[];
  /**
   * Gives `https://name:port` an HTTPS record. All names have the address 127.0.0.1, known or not.
   */
  publish(name: string, port: number, binding: Partial<ServiceBinding>): void;
}

/** Starts a name server; the certificate must be for 127.0.0.1. */
export function startDohServer(certificate: Certificate): DohServer {
  const bindings = new Map<string, Uint8Array>();
  const queries: string[] = [];
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, ...certificate, onListen: () => {} },
    async (request) => {
      const query = await readQuery(request);
      if (query === null) return new Response(null, { status: 400 });
      const { name, type, answer } = answerTo(query, bindings);
      queries.push(`${name} ${type}`);
      return new Response(answer, { headers: { "content-type": "application/dns-message" } });
    },
  );
  return {
    url: `https://127.0.0.1:${server.addr.port}/dns-query`,
    queries,
    publish: (name, port, binding) => {
      // The name of the record holds the port if it is not the usual one (RFC 9460 §9.1). A target is written out, as
      // Chromium takes "." there for a name with an underscore, which is none of a host.
      const owner = port === 443 ? name : `_${port}._https.${name}`;
      bindings.set(owner, encodeServiceBinding({ ...PLAIN_BINDING, target: name, ...binding }));
    },
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

const TYPE_A = 1;
const TYPE_HTTPS = 65;
const HEADER_LENGTH = 12;

/** The message of a query (RFC 8484 §4.1). */
async function readQuery(request: Request): Promise<Uint8Array | null> {
  if (request.method === "POST") return await request.bytes();
  const dns = new URL(request.url).searchParams.get("dns");
  return dns === null ? null : Uint8Array.fromBase64(dns, { alphabet: "base64url" });
}

function answerTo(query: Uint8Array, bindings: ReadonlyMap<string, Uint8Array>) {
  const question = readDnsName(query, HEADER_LENGTH, { mayPoint: false });
  if (question === null) throw new Error("A query without a name");
  const { name, end } = question;
  const type = ((query[end] ?? 0) << 8) | (query[end + 1] ?? 0);
  const binding = type === TYPE_HTTPS ? bindings.get(name) : undefined;
  const answers = binding !== undefined
    ? [httpsRecord(name, binding)]
    : type === TYPE_A
    ? [record([...query.subarray(HEADER_LENGTH, end)], TYPE_A, 300, [127, 0, 0, 1])]
    : [];
  const id = ((query[0] ?? 0) << 8) | (query[1] ?? 0);
  // A response that is no error and recurses.
  const answer = new Uint8Array(dnsMessage({ id, flags: 0x8180, name, type, answers }));
  return { name, type, answer };
}
