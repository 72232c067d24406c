import assert from "node:assert/strict";
import {
  detectTeamSpeakTcp,
  detectTeamSpeakUdp,
  TEAMSPEAK_TCP,
} from "../../../../src/proto/protocols/teamspeak.ts";
import { matched } from "../../../support/chunks.ts";
import { latin1 } from "../../../support/client_hello_builder.ts";

const tcp = (text: string) => detectTeamSpeakTcp(latin1(text));
const udp = (datagram: Uint8Array) => detectTeamSpeakUdp([datagram]);

const INIT = Uint8Array.fromHex(
  "545333494e4954310065000088" + "09838ccf" + "00" + "6553f100" + "1a2b3c4d" + "00".repeat(8),
);
const LOGIN = Uint8Array.fromHex(
  `f4be0300${"00".repeat(8)}010000003278ba85${latin1("\x09TeamSpeak").toHex()}${"00".repeat(150)}`,
);

Deno.test("detectTeamSpeakTcp() knows commands that select a server or log in, to the end of the line", () => {
  for (
    const line of [
      "use port=9987\n",
      "use sid=1\r",
      "use sid=1 -virtual\n",
      "login client_login_name=serveradmin client_login_password=s%cret\n",
      "auth apikey=AAAA-BBBB\r",
    ]
  ) {
    const found = matched(tcp(`${line}serverinfo\n`));
    assert.deepEqual([found.version, found.consumed], ["TeamSpeak 3", line.length]);
    assert.equal(tcp(line.slice(0, -1)).kind, "needMore");
  }
});

Deno.test("detectTeamSpeakTcp() takes nothing that other text protocols have", () => {
  for (
    const line of [
      "use 1\n", // of beanstalkd, a tube
      "use port=1 HTTP/1.1\r\n",
      "use port=1  SIP/2.0\r\n",
      "use port=1\0\n",
      "login serveradmin secret\n",
      "auth default secret\n",
      "AUTH apikey=a\n",
      "version\n",
      "help\n",
      "\n",
    ]
  ) assert.equal(tcp(line).kind, "noMatch", JSON.stringify(line));
});

Deno.test("detectTeamSpeakTcp() takes the port of a server of TeamSpeak 2", () => {
  for (const line of ["sel 1\n", "sel 8767\r", "sel 65535\n"]) {
    const found = matched(tcp(line));
    assert.deepEqual([found.version, found.consumed], ["TeamSpeak 2", line.length]);
  }
  for (const line of ["sel \n", "sel a", "sel 1 ", "sel 100000", "sell"]) {
    assert.equal(tcp(line).kind, "noMatch", line);
  }
});

Deno.test("detectTeamSpeakTcp() gives up on a line at its bound", () => {
  const line = `auth apikey=${"a".repeat(TEAMSPEAK_TCP.bound)}`;
  assert.equal(tcp(line.slice(0, TEAMSPEAK_TCP.bound - 1)).kind, "needMore");
  assert.equal(tcp(line.slice(0, TEAMSPEAK_TCP.bound)).kind, "noMatch");
});

Deno.test("detectTeamSpeakUdp() takes the client's steps of a handshake", () => {
  for (let step = 0; step < 256; step++) {
    const expected = step === 0 || step === 2 || step === 4 ? "match" : "noMatch";
    assert.equal(udp(INIT.with(17, step)).kind, expected, `${step}`);
  }
  assert.equal(matched(udp(INIT)).version, "TeamSpeak 3");
  assert.equal(udp(INIT.subarray(0, 17)).kind, "noMatch", "no step");
});

Deno.test("detectTeamSpeakUdp() asks for each byte of a header of TeamSpeak 3", () => {
  for (let i = 0; i < 13; i++) {
    assert.equal(udp(INIT.with(i, (INIT[i] ?? 0) ^ 1)).kind, "noMatch", `byte ${i}`);
  }
});

Deno.test("detectTeamSpeakUdp() asks of a login to TeamSpeak 2 that it opens a session", () => {
  assert.equal(matched(udp(LOGIN)).version, "TeamSpeak 2");
  for (const offset of [0, 1, 2, 3, 4, 8, 11, 20, 21, 29]) {
    assert.equal(udp(LOGIN.with(offset, (LOGIN[offset] ?? 0) ^ 1)).kind, "noMatch", `${offset}`);
  }
  assert.equal(udp(LOGIN.with(12, 2)).kind, "match", "sent again");
  assert.equal(udp(LOGIN.subarray(0, 29)).kind, "noMatch");
});

Deno.test("detectTeamSpeakUdp() judges by the first datagram alone", () => {
  assert.equal(detectTeamSpeakUdp([]).kind, "needMore");
  assert.equal(detectTeamSpeakUdp([Uint8Array.of(1), INIT]).kind, "noMatch");
});
