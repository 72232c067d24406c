/**
 * The TLS 1.3 server of ECH retry configurations: clients that do what they should and what they should not, with the right
 * keys, whose bytes are then changed.
 *
 * @module
 */

import { CHANGE_CIPHER_SPEC, encodeRecord } from "../../src/proto/tls13/record.ts";
import { CONTENT } from "../../src/proto/tls/record_layer.ts";
import { toRecords } from "../support/client_hello_builder.ts";
import { assertRetryLaws } from "../support/retry_laws.ts";
import { PUBLIC_KEY } from "../support/retry_rejection.ts";
import { RetrySession } from "../support/retry_session.ts";
import { clearAlert, GROUP, type OfferSpec, type Tls13Client } from "../support/tls13_client.ts";
import { mutate } from "./mutate.ts";
import type { Random } from "./random.ts";
import { type FuzzTarget, onlyPart } from "./target.ts";

/** The server, and the channel that it leaves behind. */
export const RETRY_TARGET: FuzzTarget = {
  name: "ech_retry",
  generate: (random) => {
    const bytes = clientBytes(random);
    return [random.oneIn(2) ? bytes : mutate(random, bytes, [])];
  },
  check: (input, random) => {
    // Each call costs little, but a hello in pieces of a byte makes thousands of them.
    const sizes = random.list(1, 8, () => random.between(1, 300));
    const ending = assertRetryLaws(onlyPart(input), [...sizes, random.between(20, 2000)]);
    return ending === "retried" || ending === "connected" ? "match" : ending;
  },
};

const EARLY_DATA = { type: 42, data: new Uint8Array(0) };

/** All that a client sends in one connection. */
function clientBytes(random: Random): Uint8Array {
  const session = new RetrySession();
  const { client } = session;
  const isRetried = random.oneIn(4);
  const hasEarlyData = random.oneIn(4);
  const spec: OfferSpec = {
    cipherSuites: random.shuffled([0x1301, 0x1302, 0x1303]),
    groups: isRetried ? [GROUP.p384, GROUP.x25519] : [GROUP.x25519],
    ech: !random.oneIn(8),
  };
  const earlyData = () => {
    const records = random.list(
      0,
      3,
      () => encodeRecord(CONTENT.applicationData, random.bytes(random.below(60))),
    );
    return hasEarlyData ? records : [];
  };
  const hello = client.hello(hasEarlyData ? { ...spec, extensions: [EARLY_DATA] } : spec);
  let reply = session.reply(toRecords(hello, [random.between(20, 600)]), ...earlyData());
  if (isRetried) {
    client.takeRetryRequest(reply);
    const second = client.helloRecord({ ...spec, shares: [GROUP.x25519] });
    reply = session.reply(CHANGE_CIPHER_SPEC, ...earlyData(), second);
  }
  client.takeFlight(reply, PUBLIC_KEY);
  if (!isRetried) session.push(...earlyData());
  const isRight = !random.oneIn(6);
  if (isRight) session.push(client.finished());
  session.push(...random.list(0, 5, () => random.pick(isRight ? DEEDS : MISDEEDS)(client, random)));
  return session.head;
}

type Deed = (client: Tls13Client, random: Random) => Uint8Array;

/** What a client may do after its Finished. */
const DEEDS: readonly Deed[] = [
  (client) => client.alert(121),
  (client) => client.alert(0),
  (client, random) => client.data(random.bytes(random.below(100))),
  (client, random) => client.data(random.bytes(random.below(100))),
  (client, random) => client.keyUpdate(random.below(2)),
  (client) => client.data(new Uint8Array(0)),
  (client, random) => random.pick(MISDEEDS)(client, random),
];

/** What it may not, or only before it. */
const MISDEEDS: readonly Deed[] = [
  () => CHANGE_CIPHER_SPEC,
  (_, random) => clearAlert(random.pick([0, 42, 121])),
  (client, random) => client.seal(random.between(19, 24), random.bytes(random.below(12))),
  (client, random) => client.seal(0, new Uint8Array(random.below(50))),
  (client, random) =>
    client.seal(CONTENT.handshake, client.finishedMessage.subarray(random.below(9))),
  (client, random) => client.seal(CONTENT.handshake, Uint8Array.of(24, 0, 0, 1, random.below(3))),
  (client) => encodeRecord(CONTENT.handshake, client.finishedMessage),
];
