/**
 * The identification string of SSH (RFC 4253 §4.2).
 *
 * @module
 */

import type { Detected } from "../../model/protocol.ts";
import type { Verdict } from "../../model/verdict.ts";
import { NEED_MORE, NO_MATCH } from "../../model/verdict.ts";
import { latin1 } from "../bytes.ts";
import { plainMatch, type TcpProtocolSpec } from "../detector.ts";

// Only a server may send other lines first, so a client's first bytes are these. 1.99 is a client that also speaks 1.x
// (§5.1), 1.5 one that speaks nothing newer.
const VERSIONS = ["SSH-2.0", "SSH-1.99", "SSH-1.5"] as const;
const LONGEST = Math.max(...VERSIONS.map((version) => version.length + 1));

/** SSH. */
export const SSH: TcpProtocolSpec = {
  name: "ssh",
  certainty: "strong",
  bound: LONGEST,
  fields: [],
  versions: VERSIONS,
  prepare: () => () => detectSsh,
};

/** Recognises a client by protocol name and version; the software version behind the second hyphen is not waited for. */
export function detectSsh(head: Uint8Array): Verdict<Detected> {
  const text = latin1(head.subarray(0, LONGEST));
  for (const version of VERSIONS) {
    const start = `${version}-`;
    if (text.startsWith(start)) return plainMatch("ssh", version, start.length);
    if (start.startsWith(text)) return NEED_MORE;
  }
  return NO_MATCH;
}
