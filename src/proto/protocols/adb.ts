/**
 * The first message of a host to the Android Debug Bridge daemon (AOSP, "protocol.txt" of adb).
 *
 * @module
 */

import type { Detected } from "../../model/protocol.ts";
import type { Verdict } from "../../model/verdict.ts";
import { plainMatch, type TcpProtocolSpec } from "../detector.ts";
import { asciiMark, findMarkEnd } from "../marks.ts";

/** CONNECT: the first message of either side. */
const COMMAND = asciiMark("CNXN");

/** Versions have this in their upper half so far: 0x01000000, 0x01000001. Integers are little-endian. */
const VERSION_UPPER_OFFSET = 6;
const VERSION_UPPER = Uint8Array.of(0x00, 0x01);

/** Upper byte of the payload's length: at most 1 MiB. */
const LENGTH_TOP_OFFSET = 15;
const LENGTH_TOP = Uint8Array.of(0);

/** Behind version, greatest payload, length and checksum the command stands again, each bit inverted. */
const MAGIC_OFFSET = 20;
const MAGIC = COMMAND.map((byte) => ~byte);

/** ADB. */
export const ADB: TcpProtocolSpec = {
  name: "adb",
  certainty: "strong",
  bound: MAGIC_OFFSET + MAGIC.length,
  fields: [],
  versions: [],
  prepare: () => () => detectAdb,
};

/** Recognises the header of CONNECT by its command, at the beginning and inverted at the end. */
export function detectAdb(head: Uint8Array): Verdict<Detected> {
  const commandEnd = findMarkEnd(head, 0, COMMAND);
  if (typeof commandEnd !== "number") return commandEnd;
  const versionEnd = findMarkEnd(head, VERSION_UPPER_OFFSET, VERSION_UPPER);
  if (typeof versionEnd !== "number") return versionEnd;
  const lengthEnd = findMarkEnd(head, LENGTH_TOP_OFFSET, LENGTH_TOP);
  if (typeof lengthEnd !== "number") return lengthEnd;
  const end = findMarkEnd(head, MAGIC_OFFSET, MAGIC);
  return typeof end === "number" ? plainMatch("adb", null, end) : end;
}
