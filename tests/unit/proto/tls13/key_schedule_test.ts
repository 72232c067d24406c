import assert from "node:assert/strict";
import {
  deriveApplicationSecrets,
  deriveHandshakeSecrets,
  expandLabel,
  finishedMac,
} from "../../../../src/proto/tls13/key_schedule.ts";
import { Transcript } from "../../../../src/proto/tls13/transcript.ts";
import { HANDSHAKE_HEADER } from "../../../../src/proto/tls/client_hello.ts";
import {
  type HandshakeTrace,
  HELLO_RETRY,
  SIMPLE,
  SIMPLE_SECRETS,
} from "../../../vectors/tls13_traces.ts";

const NO_BYTES = new Uint8Array(0);

Deno.test("the key schedule gives the secrets and keys of RFC 8448 §3", () => {
  const { handshake, application } = secretsOf(SIMPLE);
  const expected = SIMPLE_SECRETS;
  assert.equal(handshake.client.toHex(), expected.clientHandshake);
  assert.equal(handshake.server.toHex(), expected.serverHandshake);
  assert.equal(application.client.toHex(), expected.clientApplication);
  assert.equal(application.server.toHex(), expected.serverApplication);

  const keyOf = (secret: Uint8Array) => expandLabel("sha256", secret, "key", NO_BYTES, 16).toHex();
  const ivOf = (secret: Uint8Array) => expandLabel("sha256", secret, "iv", NO_BYTES, 12).toHex();
  assert.equal(keyOf(handshake.server), expected.serverHandshakeKey);
  assert.equal(ivOf(handshake.server), expected.serverHandshakeIv);
  assert.equal(keyOf(application.client), expected.clientApplicationKey);
  assert.equal(ivOf(application.client), expected.clientApplicationIv);
});

for (const [name, trace] of Object.entries({ SIMPLE, HELLO_RETRY })) {
  Deno.test(`finishedMac() gives what both sides of the trace ${name} send`, () => {
    const { handshake, beforeServerFinished, afterServerFinished } = secretsOf(trace);
    const verifyData = (finished: string) => finished.slice(2 * HANDSHAKE_HEADER);
    const server = finishedMac("sha256", handshake.server, beforeServerFinished);
    assert.equal(server.toHex(), verifyData(trace.flight.slice(-2 * FINISHED)));
    const client = finishedMac("sha256", handshake.client, afterServerFinished);
    assert.equal(client.toHex(), verifyData(trace.clientFinished));
  });
}

/** Bytes of a Finished message by SHA-256. */
const FINISHED = HANDSHAKE_HEADER + 32;

function secretsOf(trace: HandshakeTrace) {
  const transcript = new Transcript("sha256");
  const add = (message: string) => transcript.add(Uint8Array.fromHex(message));
  if (trace === HELLO_RETRY) {
    add(HELLO_RETRY.firstClientHello);
    transcript.foldFirstHello();
    add(HELLO_RETRY.helloRetryRequest);
  }
  add(trace.clientHello);
  add(trace.serverHello);
  const sharedSecret = Uint8Array.fromHex(trace.sharedSecret);
  const handshake = deriveHandshakeSecrets("sha256", sharedSecret, transcript.current());
  add(trace.flight.slice(0, -2 * FINISHED));
  const beforeServerFinished = transcript.current();
  add(trace.flight.slice(-2 * FINISHED));
  const afterServerFinished = transcript.current();
  const application = deriveApplicationSecrets("sha256", handshake.master, afterServerFinished);
  return { handshake, application, beforeServerFinished, afterServerFinished };
}
