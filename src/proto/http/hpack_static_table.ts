/**
 * The fields that HPACK knows by number (RFC 7541 Appendix A).
 *
 * @module
 */

/** A field of a header: octets that need not be text. */
export interface HeaderField {
  readonly name: Uint8Array;
  readonly value: Uint8Array;
}

const FIELDS = `
:authority
:method: GET
:method: POST
:path: /
:path: /index.html
:scheme: http
:scheme: https
:status: 200
:status: 204
:status: 206
:status: 304
:status: 400
:status: 404
:status: 500
accept-charset
accept-encoding: gzip, deflate
accept-language
accept-ranges
accept
access-control-allow-origin
age
allow
authorization
cache-control
content-disposition
content-encoding
content-language
content-length
content-location
content-range
content-type
cookie
date
etag
expect
expires
from
host
if-match
if-modified-since
if-none-match
if-range
if-unmodified-since
last-modified
link
location
max-forwards
proxy-authenticate
proxy-authorization
range
referer
refresh
retry-after
server
set-cookie
strict-transport-security
transfer-encoding
user-agent
vary
via
www-authenticate
`;

const ENCODER = new TextEncoder();

/** The fields in their order; the first has index 1. */
export const STATIC_TABLE: readonly HeaderField[] = FIELDS.trim().split("\n").map((line) => {
  const colon = line.indexOf(": ");
  const name = colon < 0 ? line : line.slice(0, colon);
  return { name: ENCODER.encode(name), value: ENCODER.encode(line.slice(name.length + 2)) };
});
