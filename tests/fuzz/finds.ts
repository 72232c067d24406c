/**
 * What fuzzing has found: inputs that once broke a law, by name.
 *
 * @module
 */

import { latin1 } from "../support/client_hello_builder.ts";

/** One find. */
export interface Find {
  readonly name: string;
  /** Name of the target whose laws it broke. */
  readonly target: string;
  /** The input's parts in hexadecimal. */
  readonly parts: readonly string[];
}

/** All finds, the oldest first. */
export const FINDS: readonly Find[] = [
  {
    name: "an identification string whose comment ends as a request line does",
    target: "ssh",
    parts: [latin1("SSH-2.0-OpenSSH_9.2p1 a HTTP/1.1\r\n").toHex()],
  },
  {
    name: "an identification string whose comment is a URI and the version of SIP",
    target: "ssh",
    parts: [latin1("SSH-2.0-A sip:a@b.example SIP/2.0\r\n").toHex()],
  },
  {
    name: "a long line that RTSP gave up before HTTP did",
    target: "rtsp",
    parts: [latin1(`\nSETUP rtsp://a/${"c".repeat(5_000)} RTSP/1.0\r\n`).toHex()],
  },
  {
    name: "a long StartupMessage that was gone over whole to look at its first bytes",
    target: "postgres",
    parts: [latin1(`\0\0\x04\0\0\x03\0\0user\0${"a".repeat(1_009)}\0\0`).toHex()],
  },
  {
    name: "a message of syslog that ends as a request line does, its length as the method",
    target: "syslog",
    parts: [latin1("99 <191>1 2026-11-22 HTTP/1.1\r\n").toHex()],
  },
  {
    name: "a command of TeamSpeak's query port that ends as a request line does",
    target: "teamspeak_tcp",
    parts: [latin1("use port=1 a HTTP/1.1\r\n").toHex()],
  },
  {
    name: "a long name of a tinc daemon that was gone over whole to look at its first bytes",
    target: "tinc",
    parts: [latin1(`0 ${"n".repeat(255)} 17.7\n`).toHex()],
  },
  {
    name: "a request of SOCKS4 to port 20480 that is shorter than what tells it from OpenVPN",
    target: "socks4",
    parts: ["040150000a00000100"],
  },
  {
    name: "a long user ID of SOCKS4a that was copied for each byte of the name behind it",
    target: "socks4",
    parts: [latin1(`\x04\x01\x00\x50\0\0\0\x01${"u".repeat(255)}\0${"n".repeat(250)}`).toHex()],
  },
  {
    name: "a long target that was read for its path when its line was whole, in front of a header",
    target: "http",
    parts: [latin1(`GET /${"a".repeat(1_100)} HTTP/1.1\r\na: ${"b".repeat(10_000)}`).toHex()],
  },
  {
    name: "a message of 1,331 bytes that begins like a greeting of SOCKS5 with 51 methods",
    target: "dns_tcp",
    parts: [
      "05330001010000010000000000030000060001c00c0001000100000000000401020304c0ff00001c0100000016" +
      "0303000101000000000029100000000000000401020304",
    ],
  },
  {
    name:
      "a fragment of a hello that is a message of NTP, too, which DTLS holds up until it breaks",
    target: "dtls",
    parts: [
      "1601000000000000000000004701000077000000000000003bfeff" + "5a".repeat(32) +
      "000000141a1a560000ff130113011301130113011301130101",
      "1601000000000000000001004801000077000000003b00003c000039001000020000002b000504030403030033" +
      "00260024001d0020" + "33".repeat(32),
    ],
  },
  {
    name:
      "a message of 54 bytes, as long as a reset of OpenVPN, with an ID that begins as its opcode",
    target: "dns_tcp",
    parts: [
      "0036085d2800000100000002000000002100030161076578616d706b65000029100000000000000401020304c0" +
      "0c00010001000000001603010000ffff",
    ],
  },
  {
    name: "a pattern with a line separator, which the message repeated as it was",
    target: "config",
    parts: [
      latin1(
        'listen_port = 1\n[protocols.a]\nprotocol = "regex"\ntarget = ["a:1"]\npatterns = ["\\u2028"]\n',
      ).toHex(),
    ],
  },
];
