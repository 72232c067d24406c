/**
 * Replacing the hellos of QUIC clients, in every situation that their Initials come to the proxy in.
 *
 * @module
 */

import assert from "node:assert/strict";
import {
  MAX_HELD_DATAGRAM_BYTES,
  MAX_HELD_DATAGRAMS,
  MAX_QUIC_ATTEMPTS,
} from "../../../../src/model/limits.ts";
import { openClientHello } from "../../../../src/proto/ech/open.ts";
import type { CryptoHello } from "../../../../src/proto/quic/crypto_hello.ts";
import { HelloSwap } from "../../../../src/proto/quic/hello_swap.ts";
import { InitialRewriter } from "../../../../src/proto/quic/initial_rewriter.ts";
import { QUIC_V1, QUIC_V2, QUIC_VERSIONS } from "../../../../src/proto/quic/versions.ts";
import { ALERT } from "../../../../src/proto/tls/alert.ts";
import { parseClientHello } from "../../../../src/proto/tls/client_hello.ts";
import { buildClientHello, concat } from "../../../support/client_hello_builder.ts";
import { EchClient, echKey, echSettings, type SealedHello } from "../../../support/ech_client.ts";
import { QuicClient, QuicReader } from "../../../support/quic_client.ts";
import {
  ackFrame,
  connectionCloseFrame,
  cryptoFrame,
  invariantDatagram,
  paddingFrames,
  pingFrame,
  SAMPLE_DCID,
} from "../../../support/quic_initial_builder.ts";

const KEY = echKey();
const ECH = echSettings({ keys: [KEY] });
const RETRY_ID = Uint8Array.fromHex("0102030405060708");
const SERVER_ID = Uint8Array.fromHex("5e5e5e5e");

for (const version of QUIC_VERSIONS) {
  Deno.test(`InitialRewriter puts the inner hello into the packet of the outer one (${version.name})`, () => {
    const { client, inner, rewriter } = rig();
    client.version = version;
    const sent = client.crypto();
    const reader = new QuicReader();
    const [got, ...more] = rewriter.push(sent);
    assert(got !== undefined && more.length === 0);
    reader.read(got);
    assert.deepEqual(reader.stream, inner);
    assert.equal(got.length, sent.length);
    assert.equal(reader.packets[0]?.packetNumber, 0);
  });
}

Deno.test("InitialRewriter keeps all but CRYPTO data: header, token, number, other frames", () => {
  const { client, inner, rewriter } = rig();
  client.token = new Uint8Array(70).fill(9);
  client.packetNumber = 0xabc;
  client.packetNumberLength = 2;
  const [a, b] = [ackFrame(2), connectionCloseFrame()];
  const size = client.stream.length;
  const sent = client.initial([
    a,
    client.frame([100, size]),
    pingFrame(),
    b,
    client.frame([0, 100]),
  ]);
  const got = only(rewriter.push(sent));
  const reader = new QuicReader();
  reader.read(got);
  const numberStart = 1 + 4 + 1 + 8 + 1 + 3 + 2 + 70 + 2;
  assert.deepEqual(got.subarray(1, numberStart), sent.subarray(1, numberStart));
  const [packet] = reader.packets;
  assert.equal(packet?.packetNumber, 0xabc);
  const expected = concat(
    a,
    cryptoFrame(100, inner.subarray(100)),
    pingFrame(),
    b,
    cryptoFrame(0, inner.subarray(0, 100)),
  );
  assert.deepEqual(packet.payload.subarray(0, expected.length), expected);
  assert(packet.payload.subarray(expected.length).every((byte) => byte === 0));
});

Deno.test("InitialRewriter makes a PING of a frame that nothing is left of", () => {
  const { client, inner, rewriter } = rig();
  const sent = client.crypto([inner.length, client.stream.length]);
  const reader = new QuicReader();
  reader.read(only(rewriter.push(sent)));
  assert.deepEqual(reader.packets[0]?.payload.subarray(0, 2), Uint8Array.of(1, 0));
  assert.equal(reader.stream.length, 0);
  reader.read(only(rewriter.push(client.initial([cryptoFrame(5, new Uint8Array(0))]))));
  assert.equal(reader.packets[1]?.payload[0], 1);
});

Deno.test("InitialRewriter leaves Initials without CRYPTO data, and packets beside them, byte for byte", () => {
  const { client, rewriter } = rig();
  for (
    const datagram of [
      client.initial([ackFrame(), pingFrame()]),
      client.initial([connectionCloseFrame()]),
      client.other("zeroRtt"),
      client.other("handshake"),
      client.short(),
      new Uint8Array(0),
      concat(client.other("handshake"), client.short()),
    ]
  ) {
    assert.deepEqual(only(rewriter.push(datagram)), datagram);
  }
  const early = client.other("zeroRtt", new Uint8Array(300).fill(0xee));
  const rest = concat(early, client.short());
  const got = only(rewriter.push(concat(client.crypto(), rest)));
  assert.deepEqual(new QuicReader().read(got), rest);
});

Deno.test("InitialRewriter leaves zeros behind the packets of a datagram", () => {
  const { client, rewriter } = rig();
  const padding = new Uint8Array(50);
  const got = only(rewriter.push(concat(client.crypto(), padding)));
  assert.deepEqual(new QuicReader().read(got), padding);
});

Deno.test("InitialRewriter rewrites retransmissions that are cut differently, and repeated packets", () => {
  const { client, inner, rewriter } = rig();
  const reader = new QuicReader();
  const size = client.stream.length;
  const first = client.crypto([0, 50], [40, 90], [90, size]);
  const datagrams = [first, first, client.crypto([7, 123], [0, 9]), client.crypto([60, size])];
  for (const datagram of datagrams) reader.read(only(rewriter.push(datagram)));
  assert.deepEqual(reader.stream, inner);
});

Deno.test("InitialRewriter lets no packet pass that says other than before", () => {
  const { client, inner, rewriter } = rig();
  const changed = client.stream.slice();
  changed.set([0xff], 60);
  assert.deepEqual(rewriter.push(client.initial([cryptoFrame(0, changed)])), []);
  // Where the inner hello has ended, too.
  changed.set(client.stream);
  changed.set([0xff], client.stream.length - 1);
  assert.deepEqual(rewriter.push(client.initial([cryptoFrame(0, changed)])), []);
  const reader = new QuicReader();
  reader.read(only(rewriter.push(client.crypto())));
  assert.deepEqual(reader.stream, inner);
});

Deno.test("InitialRewriter lets nothing pass that may be an Initial and is not authentic or sound", () => {
  const { client, rewriter } = rig();
  const forged = client.crypto();
  forged.set([0xff], forged.length - 1);
  const server = client.initial([pingFrame()], { sender: "server" });
  const datagrams = [
    forged,
    server,
    concat(client.other("handshake"), forged),
    client.initial([Uint8Array.of(0x1e)]), // HANDSHAKE_DONE
    client.initial([Uint8Array.of(0x06, 0x00, 0x7f)]),
    client.crypto().subarray(0, 700),
    invariantDatagram(0x1a2a3a4a),
    concat(client.other("handshake"), invariantDatagram(0x1a2a3a4a)),
    concat(...Array.from({ length: 9 }, () => client.other("handshake"))),
  ];
  for (const datagram of datagrams) assert.deepEqual(rewriter.push(datagram), []);
});

Deno.test("InitialRewriter only reads the datagrams, and gives others for keeps", () => {
  const { client, rewriter } = rig();
  for (const sent of [client.crypto(), client.initial([pingFrame()]), client.short()]) {
    const copy = sent.slice();
    const got = only(rewriter.push(sent));
    assert.deepEqual(sent, copy);
    assert.notEqual(got.buffer, sent.buffer);
  }
});

Deno.test("InitialRewriter knows the keys of an ID that the server has chosen", () => {
  const { client, inner, rewriter } = rig();
  const reader = new QuicReader();
  client.adopt(SERVER_ID);
  reader.read(only(rewriter.push(client.initial([ackFrame()]))));
  reader.read(only(rewriter.push(client.crypto())));
  assert.deepEqual(reader.stream, inner);
  assert.equal(reader.packets[1]?.dcid, SERVER_ID.toHex());
  client.adopt(new Uint8Array(0));
  assert.equal(rewriter.push(client.crypto()).length, 1);
});

Deno.test("InitialRewriter follows a Retry, with a hello that is cut differently", () => {
  const { client, inner, rewriter } = rig();
  rewriter.push(client.crypto());
  client.retry(RETRY_ID);
  const size = client.stream.length;
  const early = client.other("zeroRtt");
  // As long as it is not whole, nobody knows that it is the same hello.
  assert.deepEqual(rewriter.push(client.crypto([100, size])), []);
  assert.deepEqual(rewriter.push(early), []);
  assert(rewriter.heldBytes >= 1200 + early.length);
  const released = rewriter.push(client.crypto([0, 100]));
  assert.equal(released.length, 3);
  assert.equal(rewriter.heldBytes, 0);
  const reader = new QuicReader([RETRY_ID]);
  for (const datagram of released) reader.read(datagram);
  assert.deepEqual(reader.stream, inner);
  assert.deepEqual(reader.packets.map(({ packetNumber }) => packetNumber), [1, 2]);
  assert.deepEqual(released[1], early);

  // Then the server chooses an ID: keys stay those of the Retry's.
  client.adopt(SERVER_ID);
  reader.read(only(rewriter.push(client.crypto([0, 60]))));
});

Deno.test("InitialRewriter follows the Retry that the client obeys, and rewrites what went before", () => {
  const { client, inner, rewriter } = rig();
  const before = client.crypto([0, 50]);
  client.retry(RETRY_ID);
  rewriter.push(client.crypto());
  client.retry(Uint8Array.fromHex("0807060504030201"));
  const reader = new QuicReader([client.keyDcid, SAMPLE_DCID]);
  reader.read(only(rewriter.push(client.crypto())));
  reader.read(only(rewriter.push(before)));
  assert.deepEqual(reader.stream, inner);
});

Deno.test("InitialRewriter keeps the keys of each version apart when it is changed compatibly", () => {
  const { client, inner, rewriter } = rig();
  const reader = new QuicReader();
  client.version = QUIC_V1;
  reader.read(only(rewriter.push(client.crypto([0, 80]))));
  client.version = QUIC_V2;
  client.adopt(SERVER_ID);
  reader.read(only(rewriter.push(client.crypto([80, client.stream.length]))));
  assert.deepEqual(reader.stream, inner);
});

Deno.test("InitialRewriter reads packet numbers by the largest so far", () => {
  const { client, inner, rewriter } = rig();
  const reader = new QuicReader();
  client.packetNumber = 250;
  client.packetNumberLength = 1;
  for (let packet = 0; packet < 40; packet++) {
    reader.read(only(rewriter.push(client.crypto([0, 10 + packet * 3]))));
  }
  assert.equal(reader.packets.at(-1)?.packetNumber, 289);
  client.crypto(); // lost
  reader.read(only(rewriter.push(client.crypto())));
  assert.deepEqual(reader.stream, inner);
});

Deno.test("InitialRewriter holds a second hello until it is whole, and puts it behind the first", () => {
  const { client, inner, first, rewriter, ech } = rig();
  const reader = new QuicReader();
  reader.read(only(rewriter.push(client.crypto())));
  const second = ech.hello({ isSecond: true, inner: { keyShareLength: 1216 } });
  client.stream = concat(client.stream, second.outer);
  client.adopt(SERVER_ID);
  const start = first.outer.length;
  const end = client.stream.length;

  // Straddling both hellos, and the end before the beginning.
  assert.deepEqual(rewriter.push(client.crypto([start + 500, end])), []);
  assert.equal(rewriter.push(client.initial([ackFrame()])).length, 1, "who does not wait for it");
  assert.equal(rewriter.push(client.crypto([0, start])).length, 1);
  const released = rewriter.push(client.crypto([start - 40, start + 600]));
  assert.equal(released.length, 2);
  for (const datagram of released) reader.read(datagram);
  assert.deepEqual(reader.stream, concat(inner, second.inner));

  reader.read(only(rewriter.push(client.crypto([start - 9, start + 9], [start + 5, end]))));
  assert.deepEqual(reader.stream, concat(inner, second.inner));
  assert.equal(rewriter.drop, null);
});

Deno.test("InitialRewriter lets nothing pass that follows on the second hello, or differs from it", () => {
  const { client, first, rewriter, ech } = rig();
  const second = ech.hello({ isSecond: true });
  const start = first.outer.length;
  client.stream = concat(client.stream, second.outer);
  assert.equal(rewriter.push(client.crypto()).length, 1);
  const end = client.stream.length;
  assert.deepEqual(rewriter.push(client.initial([cryptoFrame(end, Uint8Array.of(1))])), []);
  const changed = client.stream.slice(start);
  changed.set([0xff], 50);
  assert.deepEqual(rewriter.push(client.initial([cryptoFrame(start, changed)])), []);
  assert.equal(rewriter.push(client.crypto([start, end])).length, 1);
});

Deno.test("InitialRewriter takes a second hello after a Retry, with the hellos of both in one flight", () => {
  const { client, inner, rewriter, ech } = rig();
  rewriter.push(client.crypto());
  client.retry(RETRY_ID);
  const second = ech.hello({ isSecond: true });
  client.stream = concat(client.stream, second.outer);
  const end = client.stream.length;
  assert.deepEqual(rewriter.push(client.crypto([200, end])), []);
  const reader = new QuicReader([RETRY_ID]);
  for (const datagram of rewriter.push(client.crypto([0, 200]))) reader.read(datagram);
  assert.deepEqual(reader.stream, concat(inner, second.inner));
});

Deno.test("InitialRewriter ends the flow when the second hello breaks a rule, with the alert for the client", () => {
  const cases: [string, (ech: EchClient<Uint8Array>) => Uint8Array, number][] = [
    ["without ECH", () => buildClientHello({ serverName: KEY.publicName }), ALERT.missingExtension],
    ["not sealed", (ech) => flipped(ech.hello({ isSecond: true })), ALERT.decryptError],
    ["another key", (ech) => ech.hello({}).outer, ALERT.illegalParameter],
    ["no hello", () => Uint8Array.of(11, 0, 0, 1, 0), ALERT.unexpectedMessage],
  ];
  for (const [name, build, alert] of cases) {
    const { client, rewriter, ech } = rig();
    client.version = QUIC_V2;
    assert.equal(rewriter.push(client.crypto()).length, 1);
    const start = client.stream.length;
    client.stream = concat(client.stream, build(ech));
    client.adopt(SERVER_ID);
    assert.deepEqual(rewriter.push(client.crypto([start, client.stream.length])), [], name);
    const { drop } = rewriter;
    assert.equal(drop?.outcome.reason, "ech_fault");
    const reader = new QuicReader([SAMPLE_DCID], "server");
    reader.read(drop.reply ?? new Uint8Array(0));
    const [packet] = reader.packets;
    assert.equal(packet?.dcid, client.scid.toHex());
    const close = Uint8Array.of(0x1c, 0x41, alert, 0x06, 0x00);
    assert.deepEqual(packet.payload.subarray(0, close.length), close, name);
    assert.deepEqual(rewriter.push(client.short()), []);
  }
});

Deno.test("InitialRewriter opens another hello anew, and takes it when it may have the same target", () => {
  const other = EchClient.seeded(KEY, undefined, new Uint8Array(32).fill(5));
  const hello = other.hello({ inner: { serverName: "other.example" } });
  const { client, rewriter } = rig((found) => swapOf(found.message, found));
  rewriter.push(client.crypto());
  const again = new QuicClient(hello.outer);
  again.version = QUIC_V2;
  again.retry(RETRY_ID);
  assert.deepEqual(rewriter.push(again.crypto([0, 60])), []);
  const reader = new QuicReader([RETRY_ID]);
  for (const datagram of rewriter.push(again.crypto([60, hello.outer.length]))) {
    reader.read(datagram);
  }
  assert.deepEqual(reader.stream, hello.inner);
  assert.equal(rewriter.push(client.crypto()).length, 1);
});

Deno.test("InitialRewriter follows the rest of a flow that came from elsewhere", () => {
  const { outer, inner } = rigHello();
  const rewriter = new InitialRewriter({ first: null, open: ({ message }) => swapOf(message) });
  const client = new QuicClient(outer);
  client.adopt(SERVER_ID);
  assert.deepEqual(rewriter.push(client.crypto()), [], "of which the keys are not known");
  assert.equal(rewriter.push(client.short()).length, 1);
  client.retry(RETRY_ID);
  const reader = new QuicReader([RETRY_ID]);
  reader.read(only(rewriter.push(client.crypto())));
  assert.deepEqual(reader.stream, inner);
});

Deno.test("InitialRewriter lets no other hello pass that is not to have the target", () => {
  const { client, rewriter } = rig();
  rewriter.push(client.crypto());
  const again = new QuicClient(buildClientHello({ serverName: "elsewhere.example" }));
  again.retry(RETRY_ID);
  for (let time = 0; time < 3; time++) assert.deepEqual(rewriter.push(again.crypto()), []);
  assert.deepEqual(rewriter.push(again.other("zeroRtt")), []);
  assert.equal(rewriter.heldBytes, 0);
  assert.equal(rewriter.push(client.crypto()).length, 1);
});

Deno.test("InitialRewriter opens few hellos anew, and follows few attempts", () => {
  let opened = 0;
  const { client, rewriter } = rig(() => {
    opened++;
    return null;
  });
  for (let id = 0; id < 4 * MAX_QUIC_ATTEMPTS; id++) {
    const again = new QuicClient(buildClientHello({ serverName: `${id}.example` }));
    again.retry(new Uint8Array(8).fill(id));
    assert.deepEqual(rewriter.push(again.crypto()), []);
    const half = new QuicClient(client.stream);
    half.retry(new Uint8Array(9).fill(id));
    assert.deepEqual(rewriter.push(half.crypto([0, 60])), []);
  }
  assert(opened < MAX_QUIC_ATTEMPTS);
  assert(rewriter.heldBytes < MAX_QUIC_ATTEMPTS * 1200);
  assert.equal(rewriter.push(client.crypto()).length, 1);
  client.retry(RETRY_ID);
  assert.equal(rewriter.push(client.crypto()).length, 1, "a Retry is still followed");
});

Deno.test("InitialRewriter holds a bounded number of datagrams and bytes", () => {
  for (const size of [1200, 9000]) {
    const { client, rewriter } = rig();
    client.stream = new Uint8Array(60_000);
    client.stream.set(rigHello().outer);
    for (let packet = 0; packet < 2 * MAX_HELD_DATAGRAMS; packet++) {
      const start = 2_000 + 10 * packet;
      const frames = [client.frame([start, start + 10]), paddingFrames(size)];
      assert.deepEqual(rewriter.push(client.initial(frames)), []);
      assert(rewriter.heldBytes <= MAX_HELD_DATAGRAM_BYTES);
    }
    assert(rewriter.heldBytes > MAX_HELD_DATAGRAM_BYTES / 2);
    assert.equal(rewriter.push(client.crypto([0, 60])).length, 1);
  }
});

Deno.test("InitialRewriter counts what CRYPTO frames take that wait, beside their datagram", () => {
  const { client, rewriter } = rig();
  client.stream = new Uint8Array(60_000);
  const pieces = (count: number) =>
    client.crypto(
      ...Array.from({ length: count }, (_, i) => [9_000 + 2 * i, 9_001 + 2 * i] as const),
    );
  assert.deepEqual(rewriter.push(pieces(100)), []);
  assert(rewriter.heldBytes > 100 * 200);
  rewriter.forgetHeld();
  assert.deepEqual(rewriter.push(pieces(1000)), []);
  assert.equal(rewriter.heldBytes, 0);
});

Deno.test("InitialRewriter forgets what waits, and takes it when it comes again", () => {
  const { client, inner, rewriter, ech } = rig();
  const reader = new QuicReader([SAMPLE_DCID, RETRY_ID]);
  reader.read(only(rewriter.push(client.crypto())));
  const second = ech.hello({ isSecond: true });
  const start = client.stream.length;
  client.stream = concat(client.stream, second.outer);
  assert.deepEqual(rewriter.push(client.crypto([start + 50, client.stream.length])), []);
  rewriter.forgetHeld();
  assert.equal(rewriter.heldBytes, 0);
  assert.deepEqual(rewriter.push(client.crypto([start, start + 50])), []);
  const released = rewriter.push(client.crypto([start + 50, client.stream.length]));
  assert.equal(released.length, 2);
  for (const datagram of released) reader.read(datagram);
  assert.deepEqual(reader.stream, concat(inner, second.inner));
});

Deno.test("InitialRewriter lets go of hellos at rest, and opens few more before the next", () => {
  const hellos = Array.from(
    { length: 9 },
    (_, i) => EchClient.seeded(KEY, undefined, new Uint8Array(32).fill(50 + i)).hello(),
  );
  const { client, rewriter } = rig(({ message }) => swapOf(message));
  rewriter.push(client.crypto());
  rewriter.rest();
  assert.equal(rewriter.push(client.initial([ackFrame()])).length, 1, "it was in use until now");
  rewriter.rest();
  rewriter.rest();
  client.adopt(SERVER_ID);
  assert.deepEqual(rewriter.push(client.initial([ackFrame()])), []);
  const passed = hellos.filter(({ outer }, i) => {
    const again = new QuicClient(outer);
    again.retry(new Uint8Array(8).fill(i));
    return rewriter.push(again.crypto()).length > 0;
  });
  assert.equal(passed.length, MAX_QUIC_ATTEMPTS - 1);
});

Deno.test("InitialRewriter sees what may be an Initial, for good", () => {
  const { client, rewriter } = rig();
  assert.deepEqual([0x7f, 0x80, 0xff, undefined].map((first) => rewriter.sees(first)), [
    ...[false, true, true, false],
  ]);
  for (let packet = 0; packet < 100; packet++) rewriter.push(client.other("handshake"));
  assert.equal(rewriter.sees(client.crypto()[0]), true);
});

Deno.test("InitialRewriter ends no flow for a second hello when the handshake has gone on without one", () => {
  const { client, rewriter } = rig();
  rewriter.push(client.crypto());
  const start = client.stream.length;
  client.adopt(SERVER_ID);
  const handshake = client.other("handshake");
  assert.equal(rewriter.push(concat(client.initial([ackFrame()]), handshake)).length, 1);
  // As anyone may send who has seen the first Initial.
  client.stream = concat(client.stream, Uint8Array.of(11, 0, 0, 1, 0));
  assert.deepEqual(rewriter.push(client.crypto([start, start + 5])), []);
  assert.equal(rewriter.drop, null);
  assert.deepEqual(only(rewriter.push(handshake)), handshake);
});

Deno.test("InitialRewriter lets no datagram pass whose packets are for several connections", () => {
  const { client, rewriter } = rig();
  const here = client.other("handshake");
  client.adopt(SERVER_ID);
  assert.deepEqual(rewriter.push(concat(here, client.crypto())), []);
  assert.deepEqual(rewriter.push(concat(here, client.other("zeroRtt"))), []);
  assert.equal(rewriter.push(concat(client.crypto(), client.other("handshake"))).length, 1);
});

/** A client whose first hello is accepted, and what rewrites its Initials. */
function rig(open: (hello: CryptoHello) => HelloSwap | null = () => null) {
  const ech = EchClient.seeded(KEY);
  const first = ech.hello();
  const swap = swapOf(first.outer);
  assert(swap !== null);
  const rewriter = new InitialRewriter({ first: { dcid: SAMPLE_DCID, swap }, open });
  return { ech, first, inner: first.inner, rewriter, client: new QuicClient(first.outer) };
}

function rigHello(): SealedHello {
  return EchClient.seeded(KEY).hello();
}

function swapOf(message: Uint8Array, known?: CryptoHello): HelloSwap | null {
  const hello = parseClientHello(message);
  assert(hello.kind === "match");
  if (known !== undefined) assert.deepEqual(known.hello, hello.value);
  const opening = openClientHello(message, hello.value, ECH);
  return opening.kind === "accepted"
    ? new HelloSwap(message, opening.inner, opening.context)
    : null;
}

function flipped({ outer, payloadStart }: SealedHello): Uint8Array {
  const changed = outer.slice();
  changed[payloadStart] = (changed[payloadStart] ?? 0) ^ 1;
  return changed;
}

function only(datagrams: readonly Uint8Array[]): Uint8Array {
  const [datagram] = datagrams;
  assert(datagram !== undefined && datagrams.length === 1, `${datagrams.length} datagrams`);
  return datagram;
}
