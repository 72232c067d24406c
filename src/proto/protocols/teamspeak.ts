/**
 * Clients of TeamSpeak: the first datagram of a voice connection, and the text commands of the query port.
 *
 * No specification of the voice protocols is published. What stands here is told alike by free clients of TeamSpeak 3
 * (TS3INIT1) and by Wireshark's dissector of TeamSpeak 2; commands are from the "TeamSpeak 3 Server Query Manual".
 *
 * @module
 */

import type { Detected } from "../../model/protocol.ts";
import { NEED_MORE, NO_MATCH, type Verdict } from "../../model/verdict.ts";
import { plainMatch, type TcpProtocolSpec, type UdpProtocolSpec } from "../detector.ts";
import { asciiMark, findMarkEnd } from "../marks.ts";

const VERSION_2 = "TeamSpeak 2";
const VERSION_3 = "TeamSpeak 3";

/** Commands with which a client can begin, up to a parameter that nothing but a query port knows. */
const COMMANDS_3 = ["use port=", "use sid=", "login client_login_name=", "auth apikey="]
  .map(asciiMark);
/** Longest line of these: a name and a password that are each as long as they can be stay below it. */
const MAX_LINE = 255;

/** Selects a server of TeamSpeak 2 by its port. */
const SELECT_2 = asciiMark("sel ");
const MAX_PORT_DIGITS = 5;

/** What stands for a signature in packets of the handshake; packet ID 101, client ID 0, flag "unencrypted", type Init1. */
const INIT_3 = Uint8Array.of(...asciiMark("TS3INIT1"), 0, 101, 0, 0, 0x88);
const STEP_OFFSET_3 = INIT_3.length + 4;
/** The client's steps of the handshake: 0, 2 and 4. */
const LAST_STEP_3 = 4;

/** Class "connection" and type "login request", session key 0, client ID 0. */
const LOGIN_2 = Uint8Array.of(0xf4, 0xbe, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0);
const NAME_OFFSET_2 = LOGIN_2.length + 4 + 4;
const NAME_2 = asciiMark("\x09TeamSpeak"); // its length, and the name of the program

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const HYPHEN = 0x2d;

/** The query port of TeamSpeak. */
export const TEAMSPEAK_TCP: TcpProtocolSpec = {
  name: "teamspeak",
  certainty: "strong",
  bound: MAX_LINE,
  fields: [],
  versions: [VERSION_2, VERSION_3],
  prepare: () => () => detectTeamSpeakTcp,
};

/** The voice port of TeamSpeak. */
export const TEAMSPEAK_UDP: UdpProtocolSpec = {
  name: "teamspeak",
  certainty: "strong",
  bound: 1,
  fields: [],
  versions: [VERSION_2, VERSION_3],
  prepare: () => () => detectTeamSpeakUdp,
};

/** Recognises the first command of a client that does not wait to be greeted. */
export function detectTeamSpeakTcp(head: Uint8Array): Verdict<Detected> {
  for (const command of COMMANDS_3) {
    const end = findMarkEnd(head, 0, command);
    if (typeof end === "number") return detectParameters(head, end);
    if (end === NEED_MORE) return NEED_MORE;
  }
  const port = findMarkEnd(head, 0, SELECT_2);
  return typeof port === "number" ? detectPort(head, port) : port;
}

/** Recognises a datagram of the handshake (TeamSpeak 3 and later) or a login (TeamSpeak 2). */
export function detectTeamSpeakUdp(held: readonly Uint8Array[]): Verdict<Detected> {
  const first = held[0];
  if (first === undefined) return NEED_MORE;
  if (isAt(first, 0, INIT_3)) {
    const step = first[STEP_OFFSET_3] ?? 1;
    const isClients = step <= LAST_STEP_3 && step % 2 === 0;
    return isClients ? plainMatch("teamspeak", VERSION_3, 1) : NO_MATCH;
  }
  const isLogin = isAt(first, 0, LOGIN_2) && isAt(first, NAME_OFFSET_2, NAME_2);
  return isLogin ? plainMatch("teamspeak", VERSION_2, 1) : NO_MATCH;
}

/**
 * The rest of a line: words, which are parameters or options and so begin with a small letter or a hyphen. The last word of
 * a request line, `HTTP/1.1`, does not.
 */
function detectParameters(head: Uint8Array, start: number): Verdict<Detected> {
  let beginsWord = false;
  for (let i = start; i < MAX_LINE; i++) {
    const byte = head[i];
    if (byte === undefined) return NEED_MORE;
    if (byte === LF || byte === CR) return plainMatch("teamspeak", VERSION_3, i + 1);
    if (byte < SPACE || (beginsWord && !mayBeginWord(byte))) return NO_MATCH;
    beginsWord = byte === SPACE;
  }
  return NO_MATCH;
}

function mayBeginWord(byte: number): boolean {
  return (byte >= 0x61 && byte <= 0x7a) || byte === HYPHEN || byte === SPACE;
}

/** A number that ends with the line. */
function detectPort(head: Uint8Array, start: number): Verdict<Detected> {
  for (let i = start; i <= start + MAX_PORT_DIGITS; i++) {
    const byte = head[i];
    if (byte === undefined) return NEED_MORE;
    if ((byte === LF || byte === CR) && i > start) return plainMatch("teamspeak", VERSION_2, i + 1);
    if (byte < 0x30 || byte > 0x39) return NO_MATCH;
  }
  return NO_MATCH;
}

function isAt(datagram: Uint8Array, offset: number, mark: Uint8Array): boolean {
  return findMarkEnd(datagram, offset, mark) === offset + mark.length;
}
