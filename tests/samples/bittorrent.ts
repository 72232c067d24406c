/**
 * What clients of BitTorrent begin with.
 *
 * @module
 */

import overTcp from "../corpus/bittorrent_tcp.json" with { type: "json" };
import overUdp from "../corpus/bittorrent_udp.json" with { type: "json" };
import type { Random } from "../fuzz/random.ts";
import { concat, latin1, u16 } from "../support/client_hello_builder.ts";
import { u32 } from "../support/quic_initial_builder.ts";
import { captured, type Flight, type ProtocolSamples } from "./samples.ts";

const ID = "abcdefghij0123456789";

/** Examples of BEP 5. */
const PING = `d1:ad2:id20:${ID}e1:q4:ping1:t2:aa1:y1:qe`;
const RESPONSE = "d1:rd2:id20:mnopqrstuvwxyz123456e1:t2:aa1:y1:re";
const ERROR = "d1:eli201e23:A Generic Error Ocurrede1:t2:aa1:y1:ee";

/** BitTorrent between peers. */
export const BITTORRENT_TCP_SAMPLES: ProtocolSamples = {
  protocol: "bittorrent",
  transport: "tcp",
  flights: captured(overTcp),
  lookalikes: [
    { name: "another protocol name", parts: [latin1("\x13BitTorrent Protocol" + "\0".repeat(48))] },
    {
      name: "another length of the name",
      parts: [latin1("\x14BitTorrent protocol" + "\0".repeat(48))],
    },
    {
      name: "the name without its length",
      parts: [latin1("BitTorrent protocol" + "\0".repeat(48))],
    },
  ],
  generate: (random) => [
    concat(
      latin1(random.oneIn(10) ? "\x13BitTorrent" : "\x13BitTorrent protocol"),
      random.bytes(random.pick([0, 8, 48])),
    ),
  ],
};

/** DHT, uTP, and trackers over UDP. */
export const BITTORRENT_UDP_SAMPLES: ProtocolSamples = {
  protocol: "bittorrent",
  transport: "udp",
  flights: [
    ...captured(overUdp),
    flight("the response of BEP 5", latin1(RESPONSE)),
    flight("the error of BEP 5", latin1(ERROR)),
    flight("connect to a tracker, with more behind it", concat(trackerConnect({}), latin1("more"))),
  ],
  lookalikes: [
    lookalike("a query that is not all there", latin1(PING.slice(0, -1))),
    lookalike("a query with a byte too many", latin1(`${PING}e`)),
    lookalike("a torrent file's dictionary", latin1("d8:announce3:udp4:infod6:lengthi1eee")),
    lookalike("a query without arguments", latin1("d1:q4:ping1:t2:aa1:y1:qe")),
    lookalike("a SYN of uTP with data", concat(utp({}), latin1("data"))),
    lookalike("a SYN of uTP that acknowledges", utp({ acknowledged: 1 })),
    lookalike("announce to a tracker", trackerConnect({ action: 1 })),
  ],
  generate: (random) => [random.pick([randomMessage, randomUtp, randomConnect])(random)],
};

interface Utp {
  readonly first?: number;
  readonly extension?: number;
  readonly extensions?: Uint8Array;
  readonly delay?: number;
  readonly acknowledged?: number;
}

function utp(
  { first = 0x41, extension = 0, extensions, delay = 0, acknowledged = 0 }: Utp,
): Uint8Array {
  return concat(
    Uint8Array.of(first, extension),
    u16(0x4567),
    u32(0x06f111c3),
    u32(delay),
    u32(0x100000),
    u16(1),
    u16(acknowledged),
    extensions ?? new Uint8Array(0),
  );
}

function trackerConnect({ action = 0 }: { readonly action?: number }): Uint8Array {
  return concat(u32(0x417), u32(0x27101980), u32(action), u32(0x676d28f7));
}

function randomMessage(random: Random): Uint8Array {
  const extra = random.pick([
    "",
    "2:roi1e",
    "1:v4:LT\x01\x02",
    "2:ip6:\x7f\0\0\x01\x1a\xe1",
    "1:xi-5e",
  ]);
  const nested = "l".repeat(random.pick([0, 1, 8, 9, 40]));
  const deep = random.oneIn(4) ? `1:z${nested}${"e".repeat(nested.length)}` : "";
  const text = random.pick([PING, RESPONSE, ERROR, "d1:t0:1:y1:re", "d1:t2:aa1:y1:xe"]);
  return latin1(`d${extra}${deep}${text.slice(1)}`);
}

function randomUtp(random: Random): Uint8Array {
  const data = random.bytes(random.pick([0, 4, 8, 255]));
  const extensions = concat(Uint8Array.of(random.pick([0, 0, 1, 2]), data.length), data);
  return utp({
    first: random.pick([0x41, 0x41, 0x41, 0x01, 0x42]),
    delay: random.pick([0, 0, 1]),
    acknowledged: random.pick([0, 0, 1]),
    ...(random.oneIn(2) ? { extension: random.pick([1, 2, 255]), extensions } : {}),
  });
}

function randomConnect(random: Random): Uint8Array {
  return trackerConnect({ action: random.pick([0, 0, 1, 2]) }).subarray(
    0,
    random.pick([16, 16, 15]),
  );
}

function flight(name: string, datagram: Uint8Array): Flight {
  return { name, parts: [datagram], expected: { version: null, consumed: 1 } };
}

function lookalike(name: string, datagram: Uint8Array): Flight {
  return { name, parts: [datagram] };
}
