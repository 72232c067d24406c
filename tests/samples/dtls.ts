/**
 * ClientHellos of DTLS.
 *
 * @module
 */

import captures from "../corpus/dtls.json" with { type: "json" };
import { helloMessage } from "../fuzz/hello_inputs.ts";
import type { Random } from "../fuzz/random.ts";
import { buildClientHello, concat } from "../support/client_hello_builder.ts";
import { dtlsFragment, dtlsRecord, toDtlsHello, toDtlsRecords } from "../support/dtls_builder.ts";
import { captured, type Flight, type ProtocolSamples } from "./samples.ts";

const HELLO = toDtlsHello(buildClientHello({
  serverName: "dtls.example",
  alpn: ["webrtc"],
  supportedVersions: [0xfefc, 0xfefd],
  keyShareLength: 1216,
}));
const VERSION_1_3 = { sni: "dtls.example", alpn: ["webrtc"], version: "DTLS 1.3" };
const FINGERPRINT = { ja4: "dd2d0204wc_c1929292aa6b_a56c5b993250" };

const BUILT: readonly Flight[] = [
  {
    name: "DTLS 1.3 in one datagram",
    parts: toDtlsRecords(HELLO),
    expected: { ...VERSION_1_3, consumed: 1 },
    fields: FINGERPRINT,
  },
  {
    name: "DTLS 1.3 with a post-quantum key, the second fragment first",
    parts: toDtlsRecords(HELLO, { sizes: [700] }).reverse(),
    expected: { ...VERSION_1_3, consumed: 2 },
    fields: FINGERPRINT,
  },
  {
    name: "fragments of one datagram, with early data behind them",
    parts: [concat(...toDtlsRecords(HELLO, { sizes: [100, 300] }), Uint8Array.of(0x2e, 1, 2, 3))],
    expected: { ...VERSION_1_3, consumed: 1 },
    fields: FINGERPRINT,
  },
];

/** DTLS. */
export const DTLS_SAMPLES: ProtocolSamples = {
  protocol: "dtls",
  transport: "udp",
  flights: [...captured(captures), ...BUILT],
  lookalikes: [
    { name: "an alert", parts: [dtlsRecord(Uint8Array.of(2, 40), { type: 21 })] },
    { name: "a ServerHello", parts: [dtlsRecord(dtlsFragment(HELLO, { type: 2 }))] },
    { name: "an encrypted handshake record", parts: toDtlsRecords(HELLO).map(encrypted) },
    { name: "a record of TLS", parts: toDtlsRecords(HELLO, { version: 0x0303 }) },
    { name: "a record cut short", parts: toDtlsRecords(HELLO).map((all) => all.subarray(0, -1)) },
  ],
  generate: dtlsFlight,
};

/** The same record of the next epoch. */
function encrypted(record: Uint8Array): Uint8Array {
  return record.with(4, 1);
}

/** A hello in fragments, in any order, with what may come between and behind them. */
function dtlsFlight(random: Random): Uint8Array[] {
  const body = toDtlsHello(helloMessage(random), {
    version: random.pick([0xfefd, 0xfefd, 0xfeff, 0x0100, 0xfefc, 0x0303]),
    cookie: random.bytes(random.pick([0, 0, 20, 32, 255])),
  });
  const sizes = random.list(
    1,
    4,
    () => random.pick([body.length, 1200, 200, 64, body.length >> 1]),
  );
  const version = random.pick([0xfefd, 0xfeff, 0x0100, 0xfefc]);
  const sequence = random.pick([0, 0, 1, 65_535]);
  let records = toDtlsRecords(body, { version, sequence, sizes });
  if (random.oneIn(3)) records = random.shuffled(records);
  if (random.oneIn(4)) records.push(random.pick(records));
  if (random.oneIn(8)) records.splice(random.below(records.length), 0, oddRecord(random, body));

  const datagrams: Uint8Array[][] = [[]];
  for (const record of records) {
    if (random.oneIn(2)) datagrams.push([]);
    datagrams.at(-1)?.push(record);
  }
  return datagrams.filter((all) => all.length > 0).map((all) => concat(...all));
}

function oddRecord(random: Random, body: Uint8Array): Uint8Array {
  const { length } = body;
  const offset = random.below(length);
  const piece = body.subarray(offset, offset + random.below(40));
  return random.pick([
    () => random.bytes(random.below(60)),
    () => dtlsRecord(dtlsFragment(piece, { length, offset: random.below(length) })),
    () => dtlsRecord(dtlsFragment(piece, { length, offset, sequence: 1 })),
    () => dtlsRecord(dtlsFragment(piece, { length: length + 1, offset })),
    () => dtlsRecord(concat(...[0, 1].map(() => dtlsFragment(piece, { length, offset })))),
    () => dtlsRecord(dtlsFragment(piece, { length, offset }), { epoch: 1 }),
    () => dtlsRecord(dtlsFragment(piece, { length, offset }), { size: random.below(100) }),
  ])();
}
