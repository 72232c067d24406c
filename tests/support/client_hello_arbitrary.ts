/**
 * Random ClientHello messages with all that a parser should say of them.
 *
 * @module
 */

import fc from "fast-check";
import type { ClientHelloSpec } from "./client_hello_builder.ts";

const label = fc.stringMatching(/^[a-zA-Z0-9_-]{1,20}$/);

/** A name that a host can have, in mixed case, some with a trailing dot. */
export const hostName: fc.Arbitrary<string> = fc
  .tuple(fc.array(label, { minLength: 1, maxLength: 5 }), fc.boolean())
  .map(([labels, dot]) => labels.join(".") + (dot ? "." : ""));

const latin1Text = fc
  .uint8Array({ minLength: 1, maxLength: 30 })
  .map((bytes) => String.fromCharCode(...bytes));

// Types that the builder writes itself are left out.
const otherType = fc
  .integer({ min: 0, max: 0xffff })
  .filter((type) => ![0, 16, 43, 51, 0xfe0d].includes(type));

const otherExtension = fc.record(
  { type: otherType, data: fc.uint8Array({ maxLength: 100 }) },
  { noNullPrototype: true },
);

/** A well-formed hello, from a bare one to one of several KiB. */
export const clientHelloSpec: fc.Arbitrary<ClientHelloSpec> = fc.record(
  {
    legacyVersion: fc.constantFrom(0x0300, 0x0301, 0x0302, 0x0303),
    sessionId: fc.uint8Array({ maxLength: 32 }),
    cipherSuites: fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 1, maxLength: 40 }),
    serverName: hostName,
    alpn: fc.array(latin1Text, { minLength: 1, maxLength: 6 }),
    supportedVersions: fc.array(fc.constantFrom(0x0a0a, 0x0304, 0x0303, 0x0302), {
      minLength: 1,
      maxLength: 6,
    }),
    keyShareLength: fc.constantFrom(32, 1216),
    echPayloadLength: fc.integer({ min: 1, max: 500 }),
    extensions: fc.uniqueArray(otherExtension, {
      maxLength: 8,
      selector: (extension) => extension.type,
    }),
  },
  { requiredKeys: [] },
);

/** The server name that a parser should give for a spec's. */
export function expectedServerName({ serverName }: ClientHelloSpec): string | null {
  return serverName?.toLowerCase().replace(/\.$/, "") ?? null;
}
