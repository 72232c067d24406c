/**
 * What it costs to give a client new ECH configurations: a whole handshake, by key exchange and by certificate, and the data
 * of a client that goes on to talk. The client's flights are made beforehand.
 *
 * @module
 */

import { generateKeyPairSync } from "node:crypto";
import { RetryServer } from "../../src/proto/tls13/retry_server.ts";
import {
  fixedRandom,
  publicKeyOf,
  RETRY,
  type RetryRejection,
} from "../../tests/support/retry_rejection.ts";
import { connect, RetrySession } from "../../tests/support/retry_session.ts";
import { GROUP, type OfferSpec } from "../../tests/support/tls13_client.ts";

const RSA: RetryRejection = {
  ...RETRY,
  privateKey: new Uint8Array(
    generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey
      .export({ type: "pkcs8", format: "der" }),
  ),
};

benchHandshake("X25519, ECDSA", { groups: [GROUP.x25519] }, RETRY);
benchHandshake("P-256, ECDSA", { groups: [GROUP.p256] }, RETRY);
benchHandshake("X25519MLKEM768, ECDSA", { groups: [GROUP.hybrid] }, RETRY);
benchHandshake("X25519, RSA of 2048 bits", { groups: [GROUP.x25519] }, RSA);

const REFUSED = new RetrySession().client.helloRecord({ groups: [GROUP.p384] });
Deno.bench("a hello without a group of ours", { group: "refused" }, () => {
  new RetryServer({ ech: RETRY, random: fixedRandom() }).push(REFUSED);
});

const BYTES = new Uint8Array(64 * 1024);
const { channel, first } = connect(BYTES.subarray(0, 1));
channel.fromClient(first);
Deno.bench("64 KiB of a target, sealed", { group: "data" }, () => {
  channel.fromTarget(BYTES);
});

function benchHandshake(name: string, spec: OfferSpec, ech: RetryRejection): void {
  const session = new RetrySession(ech);
  const hello = session.client.helloRecord(spec);
  const reply = session.reply(hello);
  session.client.takeFlight(reply, publicKeyOf(ech));
  // ECDSA gives the same signature each time, RSA-PSS does not, so that its client's Finished would fit only once.
  if (ech === RETRY) session.push(session.client.finished(), session.client.alert(121));
  const { head } = session;
  Deno.bench(name, { group: "handshake" }, () => {
    new RetryServer({ ech, random: fixedRandom() }).push(head);
  });
}
