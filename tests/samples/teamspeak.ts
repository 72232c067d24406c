/**
 * What clients of TeamSpeak begin with.
 *
 * @module
 */

import overTcp from "../corpus/teamspeak_tcp.json" with { type: "json" };
import { concat, latin1 } from "../support/client_hello_builder.ts";
import { u32 } from "../support/quic_initial_builder.ts";
import { captured, type Flight, type ProtocolSamples } from "./samples.ts";

/** The query port. */
export const TEAMSPEAK_TCP_SAMPLES: ProtocolSamples = {
  protocol: "teamspeak",
  transport: "tcp",
  flights: [
    ...captured(overTcp),
    command("use sid=1\n", { version: "TeamSpeak 3", consumed: 10 }),
    command("login client_login_name=serveradmin client_login_password=secret\n", {
      version: "TeamSpeak 3",
      consumed: 65,
    }),
    command("auth apikey=AAAA-BBBB-CCCC-DDDD-EEEE-FFFF\n", {
      version: "TeamSpeak 3",
      consumed: 42,
    }),
    command("sel 8767\r\n", { version: "TeamSpeak 2", consumed: 9 }),
  ],
  lookalikes: [
    "use 1\n",
    "login serveradmin secret\n",
    "sel\n",
    "sel x\n",
    "sel 123456\n",
    "Use sid=1\n",
  ]
    .map((text) => command(text)),
  generate: (random) => [
    latin1(
      random.pick([
        "use port=",
        "use sid=",
        "sel ",
        "login ",
        "login client_login_name=",
        "auth ",
      ]) +
        random.pick([
          "1",
          "8767",
          "123456",
          "apikey=",
          "",
          "1 -virtual",
          "1 HTTP/1.1",
          "x".repeat(250),
        ]) +
        random.pick(["\n", "\r\n", " x\n", ""]),
    ),
  ],
};

/** The voice port. */
export const TEAMSPEAK_UDP_SAMPLES: ProtocolSamples = {
  protocol: "teamspeak",
  transport: "udp",
  flights: [
    datagram("the first packet of TeamSpeak 3", init({}), "TeamSpeak 3"),
    datagram("a third one, of a client that has moved", init({ step: 2 }), "TeamSpeak 3"),
    datagram("a login to TeamSpeak 2", login({}), "TeamSpeak 2"),
  ],
  lookalikes: [
    datagram("an answer of a server", init({ step: 1 })),
    datagram("another packet ID", init({ packetId: 102 })),
    datagram("another type", init({ type: 0x82 })),
    datagram("a login to something else", login({ program: "Teamspeak" })),
    datagram("a ping of TeamSpeak 2", login({ type: 1 })),
  ],
  generate: (random) => [
    random.oneIn(3)
      ? login({ type: random.pick([3, 3, 1, 4]), session: random.pick([0, 0, 1]) })
      : init({
        packetId: random.pick([101, 101, 101, 0]),
        type: random.pick([0x88, 0x88, 0x88, 0x08]),
        step: random.pick([0, 2, 4, 1, 5, 255]),
      }).subarray(0, random.pick([34, 34, 18, 17])),
  ],
};

interface Init {
  readonly packetId?: number;
  readonly type?: number;
  readonly step?: number;
}

function init({ packetId = 101, type = 0x88, step = 0 }: Init): Uint8Array {
  return concat(
    latin1("TS3INIT1"),
    Uint8Array.of(0, packetId, 0, 0, type),
    u32(0x09_83_8c_cf), // the version, as seconds since 2013
    Uint8Array.of(step),
    u32(0x65_53_f1_00),
    u32(0x1a_2b_3c_4d),
    new Uint8Array(8),
  );
}

interface Login {
  readonly type?: number;
  readonly session?: number;
  readonly program?: string;
}

function login({ type = 3, session = 0, program = "TeamSpeak" }: Login): Uint8Array {
  return concat(
    Uint8Array.of(0xf4, 0xbe, type, 0),
    u32(session),
    u32(0), // client ID
    Uint8Array.of(1, 0, 0, 0), // sequence number
    u32(0x32_78_ba_85), // checksum
    text(program),
    text("Windows XP"),
    new Uint8Array(100),
  );
}

/** A text in a field of thirty bytes. */
function text(value: string): Uint8Array {
  const field = new Uint8Array(30);
  field.set([value.length, ...latin1(value)]);
  return field;
}

function command(line: string, expected?: Flight["expected"]): Flight {
  const flight = { name: JSON.stringify(line), parts: [latin1(line)] };
  return expected === undefined ? flight : { ...flight, expected };
}

function datagram(name: string, bytes: Uint8Array, version?: string): Flight {
  const flight = { name, parts: [bytes] };
  return version === undefined ? flight : { ...flight, expected: { version, consumed: 1 } };
}
