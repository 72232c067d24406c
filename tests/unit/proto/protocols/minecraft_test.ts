import assert from "node:assert/strict";
import { detectMinecraft, MINECRAFT } from "../../../../src/proto/protocols/minecraft.ts";
import { matched } from "../../../support/chunks.ts";
import { concat, latin1, u16 } from "../../../support/client_hello_builder.ts";

const detect = (head: Uint8Array) => detectMinecraft(head, true);
const hostOf = (head: Uint8Array) => matched(detect(head)).fields?.host;
const versionOf = (head: Uint8Array) => matched(detect(head)).version;

Deno.test("detectMinecraft() reads a handshake as minecraft.wiki lays it out", () => {
  const status = Uint8Array.of(16, 0, 0xfd, 5, 9, ...latin1("127.0.0.1"), 0x63, 0xdd, 1);
  const found = matched(detect(concat(status, Uint8Array.of(1, 0))));
  assert.deepEqual(found.fields, { host: "127.0.0.1" });
  assert.deepEqual([found.version, found.consumed], ["protocol 765", status.length]);
  assert.equal(matched(detectMinecraft(status)).fields, undefined, "unless nobody asks for it");
});

Deno.test("detectMinecraft() tells the version as the client states it, if it does", () => {
  assert.equal(versionOf(handshake({ version: [0] })), "protocol 0");
  assert.equal(versionOf(handshake({ version: [0x2f] })), "protocol 47");
  assert.equal(
    versionOf(handshake({ version: [0xff, 0xff, 0xff, 0xff, 0x07] })),
    "protocol 2147483647",
  );
  assert.equal(versionOf(handshake({ version: [0xff, 0xff, 0xff, 0xff, 0x0f] })), null, "-1");
  const sixBytes = [0xff, 0xff, 0xff, 0xff, 0xff, 0x0f];
  assert.equal(detect(handshake({ version: sixBytes })).kind, "noMatch");
});

Deno.test("detectMinecraft() takes 1 to 3 for what comes next: status, login, transfer", () => {
  for (const intent of [1, 2, 3]) assert.equal(detect(handshake({ intent })).kind, "match");
  for (const intent of [0, 4, 255]) assert.equal(detect(handshake({ intent })).kind, "noMatch");
});

Deno.test("detectMinecraft() asks for lengths that agree", () => {
  for (const excess of [-2, -1, 1, 2, 100]) {
    assert.equal(detect(handshake({ excess })).kind, "noMatch", `${excess}`);
  }
  assert.equal(detect(Uint8Array.of(0)).kind, "noMatch");
  assert.equal(detect(Uint8Array.of(5)).kind, "noMatch", "shorter than any");
  assert.equal(detect(Uint8Array.of(0xff, 0xff, 0xff)).kind, "noMatch", "longer than any");
  assert.equal(detect(Uint8Array.of(16, 1)).kind, "noMatch", "another packet");
});

Deno.test("detectMinecraft() tells the host as a rule has it", () => {
  assert.equal(hostOf(handshake({ host: "MC.Example.COM." })), "mc.example.com");
  assert.equal(hostOf(handshake({ host: "mc.example.com\0FML\0" })), "mc.example.com");
  assert.equal(hostOf(handshake({ host: "mc.example.com\0FML3\0" })), "mc.example.com");
  assert.equal(hostOf(handshake({ host: "" })), undefined);
  assert.equal(hostOf(handshake({ host: "[2001:db8::1]" })), undefined);
  assert.equal(hostOf(handshake({ host: "b\xfccher.example" })), undefined);
});

Deno.test("detectMinecraft() does not wait for what stands behind the host's zero byte", () => {
  const forwarded = handshake({ host: `mc.example.com\0${"x".repeat(3000)}` });
  const end = forwarded.indexOf(0, 10) + 1;
  assert.equal(matched(detect(forwarded)).consumed, end);
  assert.equal(detect(forwarded.subarray(0, end - 1)).kind, "needMore");
});

Deno.test("detectMinecraft() takes no host with blanks, control characters or more than 255 bytes", () => {
  for (const host of ["a b", "a\nb", "\x7f", "\0", "\0FML\0", "x".repeat(256)]) {
    assert.equal(detect(handshake({ host })).kind, "noMatch", JSON.stringify(host));
  }
  assert.equal(detect(handshake({ host: "x".repeat(255) })).kind, "match");
});

Deno.test("detectMinecraft() reads the ping of 1.6", () => {
  const found = matched(detect(ping({ version: 74 })));
  assert.deepEqual(found.fields, { host: "mc.example.com" });
  assert.equal(found.version, "protocol 74");
  assert.equal(hostOf(ping({ host: "b\u00fccher.example" })), undefined);
  assert.equal(
    hostOf(ping({ host: "\u6d63" })),
    undefined,
    "no letter, though its lower byte is one",
  );
  assert.equal(matched(detect(ping({ host: "x".repeat(255) }))).consumed, MINECRAFT.bound);
  assert.equal(detect(ping({ host: "x".repeat(256) })).kind, "noMatch");
  for (const excess of [-1, 1]) assert.equal(detect(ping({ excess })).kind, "noMatch");
});

Deno.test("detectMinecraft() waits for more of a ping that may be one of 1.5, which is too short to tell", () => {
  assert.equal(detect(Uint8Array.of(0xfe)).kind, "needMore");
  assert.equal(detect(Uint8Array.of(0xfe, 1)).kind, "needMore");
  assert.equal(detect(Uint8Array.of(0xfe, 2)).kind, "noMatch");
});

interface Handshake {
  readonly version?: readonly number[];
  readonly host?: string;
  readonly intent?: number;
  readonly excess?: number;
}

function handshake(
  { version = [0xfd, 5], host = "mc.example.com", intent = 2, excess = 0 }: Handshake,
): Uint8Array {
  const text = latin1(host);
  const packet = Uint8Array.of(0, ...version, ...varint(text.length), ...text, 0x63, 0xdd, intent);
  return Uint8Array.of(...varint(packet.length + excess), ...packet);
}

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [value & 0x7f | 0x80, ...varint(value >> 7)];
}

interface Ping {
  readonly version?: number;
  readonly host?: string;
  readonly excess?: number;
}

function ping({ version = 78, host = "mc.example.com", excess = 0 }: Ping): Uint8Array {
  const rest = concat(Uint8Array.of(version), utf16(host), Uint8Array.of(0, 0, 0x63, 0xdd));
  return concat(
    Uint8Array.of(0xfe, 1, 0xfa),
    utf16("MC|PingHost"),
    u16(rest.length + excess),
    rest,
  );
}

function utf16(text: string): Uint8Array {
  return concat(u16(text.length), ...[...text].map((character) => u16(character.charCodeAt(0))));
}
