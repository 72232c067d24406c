/**
 * The detectors of protocols over UDP.
 *
 * @module
 */

import type { UdpProtocol } from "../model/protocol.ts";
import type { UdpDetector } from "./detector.ts";
import { QuicDetector } from "./quic/detect.ts";
import { detectWireGuard } from "./wireguard.ts";

/** The order in which to ask, the cheapest first. No datagram fits two of them. */
export const UDP_DETECTION_ORDER: readonly UdpProtocol[] = ["wireguard", "quic"];

/** A detector for one flow. */
export function udpDetector(protocol: UdpProtocol): UdpDetector {
  switch (protocol) {
    case "quic": {
      const detector = new QuicDetector();
      return (held) => detector.detect(held);
    }
    case "wireguard":
      return detectWireGuard;
  }
}
