/**
 * Handshakes and pings of Minecraft.
 *
 * @module
 */

import corpus from "../corpus/minecraft.json" with { type: "json" };
import { concat, latin1, u16 } from "../support/client_hello_builder.ts";
import { u32 } from "../support/quic_initial_builder.ts";
import { captured, type ProtocolSamples } from "./samples.ts";

/** What a proxy of players puts behind the host: their address, their ID, and much more than a host may be long. */
const FORWARDED = `\0${"192.0.2.1"}\0${"069a79f444e94726a5befca90e38aaf5"}\0${"x".repeat(2000)}`;

/** Java Edition. */
export const MINECRAFT_SAMPLES: ProtocolSamples = {
  protocol: "minecraft",
  transport: "tcp",
  flights: [
    ...captured(corpus),
    {
      name: "a status by a client that states no version",
      parts: [handshake({ version: -1, intent: 1 })],
      expected: { version: null },
      fields: { host: "mc.example.com" },
    },
    {
      name: "a host with Forge's mark of 1.13",
      parts: [handshake({ host: "mc.example.com\0FML2\0" })],
      expected: { version: "protocol 765", consumed: 20 },
      fields: { host: "mc.example.com" },
    },
    {
      name: "what a proxy forwards",
      parts: [handshake({ host: `mc.example.com${FORWARDED}` })],
      expected: { version: "protocol 765" },
      fields: { host: "mc.example.com" },
    },
    {
      name: "a host of a SRV record, with its dot",
      parts: [handshake({ host: "Node1.Example.COM." })],
      fields: { host: "node1.example.com" },
    },
    {
      name: "an address of version 6, which is no host name",
      parts: [handshake({ host: "2001:db8::1" })],
      expected: { version: "protocol 765" },
    },
    {
      name: "a ping of 1.6",
      parts: [ping({})],
      expected: { version: "protocol 78", consumed: 64 },
      fields: { host: "mc.example.com" },
    },
  ],
  lookalikes: [
    { name: "a handshake longer than its parts", parts: [handshake({ excess: 1 })] },
    { name: "an intent that there is not", parts: [handshake({ intent: 4 })] },
    { name: "another packet", parts: [handshake({ packetId: 1 })] },
    { name: "a host with a space", parts: [handshake({ host: "mc example" })] },
    { name: "a ping whose lengths disagree", parts: [ping({ excess: 2 })] },
  ],
  generate: (random) => [
    random.oneIn(4)
      ? ping({
        version: random.pick([73, 74, 78, 127, 255]),
        host: random.pick(["mc.example.com", "", "x".repeat(255), "x".repeat(256)]),
        excess: random.pick([0, 0, 0, 1]),
      })
      : handshake({
        packetId: random.pick([0, 0, 0, 0, 1]),
        version: random.pick([0, 4, 47, 765, -1, 0x40000001, 0x7fffffff]),
        host: random.pick([
          "mc.example.com",
          "",
          "localhost\0FML\0",
          "x".repeat(255),
          "x".repeat(256),
          `x${FORWARDED}`,
          "é",
          "\0",
        ]),
        intent: random.pick([1, 2, 3, 0, 4]),
        excess: random.pick([0, 0, 0, -1, 1]),
      }),
  ],
};

interface Handshake {
  readonly packetId?: number;
  readonly version?: number;
  readonly host?: string;
  readonly intent?: number;
  /** By how much the packet says to be longer than it is. */
  readonly excess?: number;
}

function handshake(
  { packetId = 0, version = 765, host = "mc.example.com", intent = 2, excess = 0 }: Handshake,
): Uint8Array {
  const text = latin1(host);
  const packet = concat(
    Uint8Array.of(packetId),
    varint(version),
    varint(text.length),
    text,
    u16(25_565),
    Uint8Array.of(intent),
  );
  return concat(varint(packet.length + excess), packet);
}

interface Ping {
  readonly version?: number;
  readonly host?: string;
  readonly excess?: number;
}

function ping({ version = 78, host = "mc.example.com", excess = 0 }: Ping): Uint8Array {
  const rest = concat(Uint8Array.of(version), utf16(host), u32(25_565));
  return concat(
    Uint8Array.of(0xfe, 1, 0xfa),
    utf16("MC|PingHost"),
    u16(rest.length + excess),
    rest,
  );
}

/** A text with the number of its characters before it. */
function utf16(text: string): Uint8Array {
  return concat(u16(text.length), ...[...text].map((character) => u16(character.charCodeAt(0))));
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value >>> 0;
  for (; rest > 0x7f; rest >>>= 7) bytes.push(rest & 0x7f | 0x80);
  return Uint8Array.of(...bytes, rest);
}
