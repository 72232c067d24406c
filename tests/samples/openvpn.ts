/**
 * Resets of OpenVPN.
 *
 * @module
 */

import overTcp from "../corpus/openvpn_tcp.json" with { type: "json" };
import overUdp from "../corpus/openvpn_udp.json" with { type: "json" };
import type { Random } from "../fuzz/random.ts";
import { concat, u16, vector16 } from "../support/client_hello_builder.ts";
import { u32 } from "../support/quic_initial_builder.ts";
import { captured, type Flight, type ProtocolSamples } from "./samples.ts";

const SESSION = Uint8Array.fromHex("24b92eacc02198af");
const TIME = 0x6553f100;

const RESENT = packet({ hmac: 20, replayId: 3 });
const VERSION_1 = packet({ opcode: 1, hmac: 16 });

const LOOKALIKES: readonly (readonly [string, Uint8Array])[] = [
  ["a reset of the server", packet({ opcode: 8 })],
  ["another key ID", packet({ keyId: 1 })],
  ["a packet ID that is not the first", packet({ packetId: 1 })],
  ["an acknowledgement", packet({ acknowledgements: 1 })],
  ["no HMAC that there is", packet({ hmac: 24 })],
  ["a replay ID of zero", packet({ hmac: 20, replayId: 0 })],
];

/** OpenVPN over TCP. */
export const OPENVPN_TCP_SAMPLES: ProtocolSamples = {
  protocol: "openvpn",
  transport: "tcp",
  flights: [
    ...captured(overTcp),
    flight("a reset that was sent again", vector16(RESENT), 44),
    flight("a reset of version 1", vector16(VERSION_1), 40),
  ],
  lookalikes: LOOKALIKES.map(([name, bytes]) => ({ name, parts: [vector16(bytes)] })),
  generate: (random) => [framed(random, randomPacket(random))],
};

/** OpenVPN over UDP. */
export const OPENVPN_UDP_SAMPLES: ProtocolSamples = {
  protocol: "openvpn",
  transport: "udp",
  flights: [
    ...captured(overUdp),
    flight("a reset that was sent again", RESENT, 1),
    flight("a reset of version 1", VERSION_1, 1),
  ],
  lookalikes: [
    ...LOOKALIKES.map(([name, bytes]) => ({ name, parts: [bytes] })),
    { name: "a wrapped key of another length", parts: [packet({ wrappedKey: 299, excess: 1 })] },
  ],
  generate: (random) => random.list(1, 2, () => randomPacket(random)),
};

interface Packet {
  readonly opcode?: number;
  readonly keyId?: number;
  /** Size of the HMAC of tls-auth. */
  readonly hmac?: number;
  /** Size of the wrapped key of tls-crypt-v2. */
  readonly wrappedKey?: number;
  /** By how much the wrapped key says to be longer than it is. */
  readonly excess?: number;
  readonly replayId?: number;
  readonly acknowledgements?: number;
  readonly packetId?: number;
}

function packet(
  { opcode, keyId = 0, hmac = 0, wrappedKey, excess = 0, replayId = 1, ...trailer }: Packet,
): Uint8Array {
  const { acknowledgements = 0, packetId = 0 } = trailer;
  const start = Uint8Array.of((opcode ?? (wrappedKey === undefined ? 7 : 10)) << 3 | keyId);
  const replay = concat(u32(replayId), u32(TIME));
  if (wrappedKey !== undefined) {
    const encrypted = new Uint8Array(32 + 5 + wrappedKey - 2).fill(0x9a);
    return concat(start, SESSION, replay, encrypted, u16(wrappedKey + excess));
  }
  const authentication = hmac === 0 ? [] : [new Uint8Array(hmac).fill(0x9a), replay];
  return concat(start, SESSION, ...authentication, Uint8Array.of(acknowledgements), u32(packetId));
}

function randomPacket(random: Random): Uint8Array {
  return packet({
    opcode: random.pick([7, 7, 7, 1, 10, 8, 4]),
    keyId: random.pick([0, 0, 0, 1]),
    hmac: random.pick([0, 16, 20, 28, 32, 48, 64, 1]),
    ...(random.oneIn(3) ? { wrappedKey: random.pick([289, 290, 299, 1024, 1025, 2]) } : {}),
    replayId: random.pick([1, 2, 0x0f000001, 0, 255, 256, 0x0e000001]),
    acknowledgements: random.pick([0, 0, 0, 1]),
    packetId: random.pick([0, 0, 0, 1]),
  });
}

function framed(random: Random, bytes: Uint8Array): Uint8Array {
  const rest = random.oneIn(3) ? vector16(bytes) : new Uint8Array(0);
  return concat(random.oneIn(10) ? u16(random.below(2000)) : u16(bytes.length), bytes, rest);
}

function flight(name: string, bytes: Uint8Array, consumed: number): Flight {
  return { name, parts: [bytes], expected: { version: null, consumed } };
}
