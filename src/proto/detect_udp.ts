/**
 * Detectors for the first datagrams of a UDP flow.
 *
 * @module
 */

import type { Detected, UdpProtocol } from "../model/protocol.ts";
import type { Verdict } from "../model/verdict.ts";
import { QuicDetector } from "./quic/detect.ts";
import { detectWireGuard } from "./wireguard.ts";

/**
 * Detects a protocol in one flow. Called with all datagrams so far, oldest first; only those that are new are worked on.
 * All verdicts but `needMore` are final.
 */
export type FlowDetector = (held: readonly Uint8Array[]) => Verdict<Detected>;

/** The order in which detectors are asked, the cheapest first. No datagram fits two of them. */
export const UDP_DETECTION_ORDER: readonly UdpProtocol[] = ["wireguard", "quic"];

/** A detector for one flow. */
export function udpDetector(protocol: UdpProtocol): FlowDetector {
  switch (protocol) {
    case "quic": {
      const detector = new QuicDetector();
      return (held) => detector.detect(held);
    }
    case "wireguard":
      return detectWireGuard;
  }
}
