/**
 * What a hello says that a test itself has built.
 *
 * @module
 */

import assert from "node:assert/strict";
import { type ClientHello, parseClientHello } from "../../src/proto/tls/client_hello.ts";

/** What a sound ClientHello handshake message says. */
export function helloOf(message: Uint8Array): ClientHello {
  const verdict = parseClientHello(message);
  assert.ok(verdict.kind === "match", verdict.kind);
  return verdict.value;
}
