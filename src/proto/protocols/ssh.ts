/**
 * The identification string of SSH (RFC 4253 §4.2).
 *
 * @module
 */

import type { Detected } from "../../model/protocol.ts";
import type { Verdict } from "../../model/verdict.ts";
import { NEED_MORE, NO_MATCH } from "../../model/verdict.ts";
import { commonLength, latin1 } from "../bytes.ts";
import { plainMatch, type TcpProtocolSpec } from "../detector.ts";

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const DELETE = 0x7f;

// Only a server may send other lines first, so a client's first bytes are these. 1.99 is a client that also speaks 1.x
// (§5.1), 1.5 one that speaks nothing newer.
const VERSIONS = ["SSH-2.0", "SSH-1.99", "SSH-1.5"] as const;

const STARTS = VERSIONS.map((version) => ({
  version,
  mark: new TextEncoder().encode(`${version}-`),
}));

/** Longest identification string, line end included. */
const MAX_IDENTIFICATION = 255;

/** SSH. */
export const SSH: TcpProtocolSpec = {
  name: "ssh",
  certainty: "strong",
  bound: MAX_IDENTIFICATION,
  fields: ["clientSoftware"],
  versions: VERSIONS,
  prepare: ({ fields }) => {
    const wantsSoftware = fields.has("clientSoftware");
    const detector = (head: Uint8Array) => detectSsh(head, wantsSoftware);
    return () => detector;
  },
};

/** Recognises a client by protocol name and version; the software version behind them is waited for only if wanted. */
export function detectSsh(head: Uint8Array, wantsSoftware = false): Verdict<Detected> {
  for (const { version, mark } of STARTS) {
    const common = commonLength(head, mark);
    if (common === mark.length) {
      return wantsSoftware
        ? readSoftware(head, version, common)
        : plainMatch("ssh", version, common);
    }
    if (common === head.length) return NEED_MORE;
  }
  return NO_MATCH;
}

/**
 * The software version reaches to the space before a comment, or to the line end. One that is empty, too long or not of
 * printable ASCII is none, but the client speaks SSH all the same.
 */
function readSoftware(head: Uint8Array, version: string, start: number): Verdict<Detected> {
  for (let i = start; i < MAX_IDENTIFICATION; i++) {
    const byte = head[i];
    if (byte === undefined) return NEED_MORE;
    if (byte > SPACE && byte < DELETE) continue;
    const isWhole = i > start && (byte === SPACE || byte === CR || byte === LF);
    const software = isWhole ? { clientSoftware: latin1(head.subarray(start, i)) } : undefined;
    return plainMatch("ssh", version, i + 1, software);
  }
  return plainMatch("ssh", version, MAX_IDENTIFICATION);
}
