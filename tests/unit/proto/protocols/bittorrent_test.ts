import assert from "node:assert/strict";
import {
  BITTORRENT_TCP,
  detectBitTorrentTcp,
  detectBitTorrentUdp,
} from "../../../../src/proto/protocols/bittorrent.ts";
import { concat, latin1 } from "../../../support/client_hello_builder.ts";

const udp = (datagram: Uint8Array) => detectBitTorrentUdp([datagram]).kind;
const message = (text: string) => udp(latin1(text));

const SYN = Uint8Array.fromHex("4100456706f111c3000000000010000023c60000");
const CONNECT = Uint8Array.fromHex("000004172710198000000000676d28f7");

Deno.test("detectBitTorrentTcp() rests on the name of the protocol, to its last byte", () => {
  const handshake = latin1("\x13BitTorrent protocol");
  assert.equal(handshake.length, BITTORRENT_TCP.bound);
  assert.equal(detectBitTorrentTcp(handshake).kind, "match");
  for (let i = 0; i < handshake.length; i++) {
    assert.equal(detectBitTorrentTcp(handshake.subarray(0, i)).kind, "needMore");
    const other = handshake.with(i, 0x20).subarray(0, i + 1);
    if (handshake[i] !== 0x20) assert.equal(detectBitTorrentTcp(other).kind, "noMatch", `${i}`);
  }
});

Deno.test("detectBitTorrentUdp() asks of a message what its type says to be there (BEP 5)", () => {
  const verdicts: [string, string][] = [
    ["d1:ade1:q4:ping1:t2:aa1:y1:qe", "match"],
    ["d1:rde1:t2:aa1:y1:re", "match"],
    ["d1:ele1:t2:aa1:y1:ee", "match"],
    ["d1:q9:find_node1:rde1:t2:aa1:y1:re", "match"], // a response that repeats the query
    ["d1:t2:aa1:y1:qe", "noMatch"],
    ["d1:ade1:t2:aa1:y1:qe", "noMatch"],
    ["d1:ad2:id0:e1:qi1e1:t2:aa1:y1:qe", "noMatch"],
    ["d1:ale1:q4:ping1:t2:aa1:y1:qe", "noMatch"],
    ["d1:rle1:t2:aa1:y1:re", "noMatch"],
    ["d1:ede1:t2:aa1:y1:ee", "noMatch"],
    ["d1:rde1:y1:re", "noMatch"],
    ["d1:rde1:ti1e1:y1:re", "noMatch"],
    ["d1:rde1:t2:aae", "noMatch"],
    ["d1:rde1:t2:aa1:y2:rre", "noMatch"],
    ["d1:rde1:t2:aa1:y1:xe", "noMatch"],
    ["de", "noMatch"],
    ["d", "noMatch"],
    ["", "noMatch"],
  ];
  for (const [text, expected] of verdicts) assert.equal(message(text), expected, text);
});

Deno.test("detectBitTorrentUdp() takes nothing but bencoding, to the last byte (BEP 3)", () => {
  const holding = (value: string) => message(`d1:rde1:t2:aa1:x${value}1:y1:re`);
  for (const value of ["i0e", "i-5e", "0:", "3:abc", "le", "li1e1:ae", "de", "d1:ali1eee"]) {
    assert.equal(holding(value), "match", value);
  }
  for (
    const value of [
      "ie",
      "i-e",
      "ixe",
      `i${"1".repeat(21)}e`,
      "03:abc",
      "3:ab",
      "99999:a",
      "-1:",
      ":",
      "di1ei1ee",
      "l",
      "x",
    ]
  ) assert.equal(holding(value), "noMatch", value);
  assert.equal(message("d1:rde1:t2:aa1:y1:re\n"), "noMatch");
});

Deno.test("detectBitTorrentUdp() gives up on lists that are too deep", () => {
  const nested = (depth: number) =>
    `d1:rde1:t2:aa1:x${"l".repeat(depth)}${"e".repeat(depth)}1:y1:re`;
  assert.equal(message(nested(7)), "match");
  assert.equal(message(nested(8)), "noMatch");
  assert.equal(message(nested(30_000)), "noMatch");
});

Deno.test("detectBitTorrentUdp() knows the SYN of uTP with any extensions (BEP 29)", () => {
  assert.equal(udp(SYN), "match");
  const extended = (first: number, ...extensions: number[]) =>
    udp(concat(SYN.with(1, first), Uint8Array.from(extensions)));
  assert.equal(extended(2, 0, 2, 9, 9), "match");
  assert.equal(extended(1, 2, 4, 0, 0, 0, 0, 0, 1, 7), "match", "one behind the other");
  assert.equal(extended(2, 0, 0), "match", "empty");
  assert.equal(extended(2), "noMatch", "announced, but not there");
  assert.equal(extended(2, 0), "noMatch");
  assert.equal(extended(2, 0, 3, 9, 9), "noMatch", "cut off");
  assert.equal(extended(2, 0, 1, 9, 9), "noMatch", "data behind it");
  assert.equal(extended(0, 9), "noMatch", "data");
});

Deno.test("detectBitTorrentUdp() takes no packet of uTP that opens nothing", () => {
  for (const first of [0x01, 0x11, 0x21, 0x31, 0x40, 0x42, 0x51]) {
    assert.equal(udp(SYN.with(0, first)), "noMatch", first.toString(16));
  }
  for (const offset of [8, 9, 10, 11, 18, 19]) assert.equal(udp(SYN.with(offset, 1)), "noMatch");
  for (let length = 0; length < SYN.length; length++) {
    assert.equal(udp(SYN.subarray(0, length)), "noMatch");
  }
});

Deno.test("detectBitTorrentUdp() knows a connect to a tracker by its protocol ID and action (BEP 15)", () => {
  assert.equal(udp(CONNECT), "match");
  assert.equal(udp(concat(CONNECT, Uint8Array.of(1))), "match");
  assert.equal(udp(CONNECT.subarray(0, 15)), "noMatch");
  for (let i = 0; i < 12; i++) {
    assert.equal(udp(CONNECT.with(i, (CONNECT[i] ?? 0) ^ 1)), "noMatch", `byte ${i}`);
  }
});

Deno.test("detectBitTorrentUdp() judges by the first datagram alone", () => {
  assert.equal(detectBitTorrentUdp([]).kind, "needMore");
  assert.equal(detectBitTorrentUdp([Uint8Array.of(1), SYN]).kind, "noMatch");
});
