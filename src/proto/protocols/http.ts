/**
 * The first line of HTTP/1.x (RFC 9112 §3) and the preface of HTTP/2 in clear text (RFC 9113 §3.4), with host and path of
 * the first request where rules ask for them.
 *
 * @module
 */

import { MAX_HTTP_REQUEST_LINE } from "../../model/limits.ts";
import type { Detected, FieldNeeds } from "../../model/protocol.ts";
import type { Verdict } from "../../model/verdict.ts";
import { NEED_MORE, NO_MATCH } from "../../model/verdict.ts";
import { commonLength } from "../bytes.ts";
import { NO_NEEDS, plainMatch, type TcpDetector, type TcpProtocolSpec } from "../detector.ts";
import { H2RequestSearch } from "../http/h2_request.ts";
import { HostSearch } from "../http/host_search.ts";
import type { RequestFields } from "../http/request_fields.ts";
import { parseRequestLine, type RequestLine } from "../http/request_line.ts";
import { hostOf } from "../http/request_target.ts";
import { findMethodEnd, LineScan, skipEmptyLines } from "../start_line.ts";

const H2C_PREFACE = new TextEncoder().encode("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

/** Bytes from the first in which host and path are sought. Servers refuse headers that are longer, or much shorter. */
const MAX_HEADER = 32 * 1024;

/** HTTP/1.x, and HTTP/2 in clear text. */
export const HTTP: TcpProtocolSpec = {
  name: "http",
  certainty: "strong",
  bound: MAX_HEADER + 2,
  fields: ["host", "path"],
  versions: ["HTTP/1.*", "h2c"],
  prepare: (needs) => () => httpDetector(needs),
};

/**
 * A detector for one connection; it remembers how far it has read.
 *
 * A line that ends in an HTTP/1.x version is HTTP whatever its method, as methods are extensible (RFC 9110 §16.1). A
 * registered method with a path needs no such version: that is HTTP/0.9, or a request that its server should answer
 * with an error.
 */
export function httpDetector({ fields }: FieldNeeds = NO_NEEDS): TcpDetector {
  const wanted = { host: fields.has("host"), path: fields.has("path") };
  let line: LineScan | null = null;
  let begun: BegunRequest | null = null;
  let found: Verdict<Detected> | null = null;

  return (head) => {
    if (found !== null) return found;
    const verdict = begun === null ? readStart(head) : readHeader(head, begun);
    if (verdict.kind === "match") found = verdict;
    return verdict;
  };

  function readStart(head: Uint8Array): Verdict<Detected> {
    const preface = commonLength(head, H2C_PREFACE);
    if (preface === H2C_PREFACE.length) return readPreface(head);
    if (preface === head.length) return NEED_MORE;

    const start = skipEmptyLines(head);
    if (typeof start !== "number") return start;
    const methodEnd = findMethodEnd(head, start);
    if (typeof methodEnd !== "number") return methodEnd;
    line ??= new LineScan(methodEnd);
    const lineEnd = line.find(head, start + MAX_HTTP_REQUEST_LINE);
    if (lineEnd.kind === "needMore") return NEED_MORE;
    if (lineEnd.kind === "broken") return NO_MATCH;
    const request = parseRequestLine(head, start, methodEnd, lineEnd.end);
    return request === null ? NO_MATCH : readRequest(head, request, lineEnd.next);
  }

  function readPreface(head: Uint8Array): Verdict<Detected> {
    const { length } = H2C_PREFACE;
    if (!wanted.host && !wanted.path) return plainMatch("http", "h2c", length);
    begun = { version: "h2c", path: null, search: new H2RequestSearch(length) };
    return readHeader(head, begun);
  }

  function readRequest(head: Uint8Array, request: RequestLine, next: number): Verdict<Detected> {
    const { version } = request;
    if (!wanted.host && !wanted.path) return plainMatch("http", version, next);
    const { authority, path } = request.target();
    if (!wanted.host || authority !== null || version === null) {
      const host = authority === null ? null : hostOf(authority);
      return match(version, { host, path, consumed: next });
    }
    begun = { version, path, search: new HostSearch(next) };
    return readHeader(head, begun);
  }

  function readHeader(head: Uint8Array, { version, path, search }: BegunRequest) {
    const header = search.find(head, MAX_HEADER);
    return "kind" in header ? NEED_MORE : match(version, { ...header, path: header.path ?? path });
  }

  function match(version: string | null, { host, path, consumed }: RequestFields) {
    const told = {
      ...(wanted.host && host !== null && { host }),
      ...(wanted.path && path !== null && { path }),
    };
    return plainMatch("http", version, consumed, Object.keys(told).length > 0 ? told : undefined);
  }
}

/** A request that is known to be one, with more to be read of it. */
interface BegunRequest {
  readonly version: string;
  /** Null where it is not known yet, or there is none. */
  readonly path: string | null;
  readonly search: HostSearch | H2RequestSearch;
}
