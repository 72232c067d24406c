// deno-lint-ignore-file camelcase -- keys are named as in the file
/**
 * The keys by which the services of one protocol are chosen: what each accepts, and for which protocols it is.
 *
 * @module
 */

import { type MatchField, type Protocol, SERVER_NAME_PROTOCOLS } from "../../model/protocol.ts";
import { formatIp } from "../../proto/ip.ts";
import { PROTOCOLS, specsOf } from "../../proto/registry.ts";
import { parseAlpn, parseServerName, parseTrusted } from "./endpoint.ts";
import {
  parseHostPattern,
  parseJa4,
  parsePathPrefix,
  parsePattern,
  parsePublicKey,
  parseSoftware,
  parseText,
} from "./match_value.ts";
import { distinctList, reading, text } from "./value_schema.ts";

/** Part of a flow that a key is about. */
export type MatchSubject = MatchField | "sni" | "alpn" | "version" | "source";

/** Schemas of the keys, for the table of a service. */
export const MATCH_KEY_SCHEMAS = {
  server_names: names(parseServerName, "server names").optional().meta({
    description: "tls, quic, dtls: server names (SNI); *.example.com for one label, .example.com " +
      "for the name and all below it.",
  }),
  alpn: names(parseAlpn, "ALPN names").optional().meta({
    description: "tls, quic, dtls: ALPN names.",
  }),
  alpns: names(parseAlpn, "ALPN names").optional().meta({ description: "The same as alpn." }),
  hosts: names(parseHostPattern, "host names").optional().meta({
    description:
      "http, minecraft, xmpp: hosts that clients ask for, with the patterns of server_names.",
  }),
  paths: names(parsePathPrefix, "paths").optional().meta({
    description: "http: beginnings of paths, segment by segment.",
  }),
  client_software: names(parseSoftware, "texts").optional().meta({
    description: "ssh: names of client programs; * for any text, in any letter case.",
  }),
  query_names: names(parseHostPattern, "names").optional().meta({
    description: "dns: names that are asked for, with the patterns of server_names.",
  }),
  cookies: names(parseText, "texts").optional().meta({
    description: "rdp: what stands behind mstshash=; * for any text, in any letter case.",
  }),
  routing_tokens: names(parseText, "texts").optional().meta({
    description: "rdp: tokens for load balancers; * for any text.",
  }),
  users: names(parseText, "texts").optional().meta({
    description: "postgres, socks4, winbox: names of users; * for any text.",
  }),
  databases: names(parseText, "texts").optional().meta({
    description: "postgres: names of databases; * for any text.",
  }),
  versions: names(parseText, "texts").optional().meta({
    description: "Versions of the protocol, in words; * for any text, in any letter case.",
  }),
  ja4: names(parseJa4, "fingerprints").optional().meta({
    description: "tls, quic, dtls: JA4 fingerprints; * for any text.",
  }),
  public_keys: names(parsePublicKey, "keys in base64").optional().meta({
    description: "wireguard: public keys of the servers that a handshake may be for, in base64.",
  }),
  patterns: names(parsePattern, "patterns").optional().meta({
    description: "regex: regular expressions for the first bytes; required there.",
  }),
  sources: distinctList(
    reading(text, parseTrusted),
    "address blocks",
    ({ bytes, prefixLength }) => [`${formatIp(bytes)}/${prefixLength}`],
  ).optional().meta({ description: "Address blocks that clients may be in." }),
};

/** Name of one of the keys. */
export type MatchKey = keyof typeof MATCH_KEY_SCHEMAS;

/** The part of a flow that each key is about. */
const SUBJECTS: Readonly<Record<MatchKey, MatchSubject>> = {
  server_names: "sni",
  alpn: "alpn",
  alpns: "alpn",
  hosts: "host",
  paths: "path",
  client_software: "clientSoftware",
  query_names: "queryName",
  cookies: "cookie",
  routing_tokens: "routingToken",
  users: "user",
  databases: "database",
  versions: "version",
  ja4: "ja4",
  public_keys: "publicKey",
  patterns: "pattern",
  sources: "source",
};

/** All of the keys, in the order in which documentation has them. */
export const MATCH_KEYS = Object.keys(SUBJECTS) as readonly MatchKey[];

/** The part of a flow that a key is about. */
export function subjectOf(key: MatchKey): MatchSubject {
  return SUBJECTS[key];
}

/** The key that is about a part of a flow. */
export function keyOf(subject: MatchSubject): MatchKey {
  const key = MATCH_KEYS.find((candidate) => SUBJECTS[candidate] === subject);
  if (key === undefined) throw new Error(`There is no key for ${subject}`);
  return key;
}

/** Whether flows of a protocol have what a key is about. */
export function takesKey(protocol: Protocol, key: MatchKey): boolean {
  const subject = SUBJECTS[key];
  switch (subject) {
    case "sni":
    case "alpn":
      return SERVER_NAME_PROTOCOLS.has(protocol);
    case "source":
      return true;
    case "version":
      return specsOf(protocol).some(({ versions }) => versions.length > 0);
    default:
      return specsOf(protocol).some(({ fields }) => fields.includes(subject));
  }
}

/** The protocols that a key is for, as a message names them: `tls and quic`. */
export function takersInWords(key: MatchKey): string {
  const takers = PROTOCOLS.filter((protocol) => takesKey(protocol, key));
  return takers.join(", ").replace(/, ([^,]*)$/, " and $1");
}

/** Values that are texts already, none of them twice. */
function names(parse: (text: string) => string, what: string) {
  return distinctList(reading(text, parse), what, (name) => [name]);
}
