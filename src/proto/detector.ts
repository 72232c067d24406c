/**
 * What a detector of a protocol is, and what is to be known of a protocol to ask it.
 *
 * @module
 */

import type {
  Certainty,
  Detected,
  FieldNeeds,
  MatchField,
  MatchFields,
  Protocol,
  TcpProtocol,
  UdpProtocol,
} from "../model/protocol.ts";
import type { Verdict } from "../model/verdict.ts";

/**
 * Says whether a TCP connection's first bytes are of one protocol. `head` is everything so far: each call of one
 * detector gets the head of the call before with more bytes behind it. No verdict but `needMore` changes with more
 * bytes, and `needMore` ends at a bound of each protocol's own.
 */
export type TcpDetector = (head: Uint8Array) => Verdict<Detected>;

/** Says the same of a UDP flow. `held` is all datagrams so far, oldest first; only those that are new are worked on. */
export interface UdpDetector {
  (held: readonly Uint8Array[]): Verdict<Detected>;
  /**
   * The verdict on a flow that was `needMore` when no more comes; never `needMore` itself. Left out where it is `noMatch`:
   * by all that need more to tell the protocol, and not just what rules look at.
   */
  readonly atEnd?: () => Verdict<Detected>;
}

/** Everything that is to be known of a protocol over one transport. Each protocol's file has one for each transport. */
export interface ProtocolSpec<Name extends Protocol, Detector> {
  readonly name: Name;
  readonly certainty: Certainty;
  /** Bytes (TCP) or datagrams (UDP) at which the detector needs no more at the latest, whatever fields are wanted. */
  readonly bound: number;
  /** Match fields that the detector can fill. */
  readonly fields: readonly MatchField[];
  /** All that `Detected.version` can be, for rules with `versions`; a star at the end stands for any more text. */
  readonly versions: readonly string[];
  /**
   * Prepares what is the same for all flows, once for a configuration. The function that comes back gives the detector of
   * one flow: a new one where it remembers something, the same one otherwise.
   */
  readonly prepare: (needs: FieldNeeds) => () => Detector;
}

/** A protocol over TCP. */
export type TcpProtocolSpec = ProtocolSpec<TcpProtocol, TcpDetector>;

/** A protocol over UDP. */
export type UdpProtocolSpec = ProtocolSpec<UdpProtocol, UdpDetector>;

/** No rule looks at any field. */
export const NO_NEEDS: FieldNeeds = Object.freeze({ fields: new Set<MatchField>(), values: [] });

const NO_NAMES: readonly string[] = Object.freeze([]);

/** A match of a protocol that names neither servers nor application protocols. */
export function plainMatch(
  protocol: Protocol,
  version: string | null,
  consumed: number,
  fields?: MatchFields,
): Verdict<Detected> {
  const value = { protocol, sni: null, alpn: NO_NAMES, ech: false, version, consumed };
  return { kind: "match", value: fields === undefined ? value : { ...value, fields } };
}
