/**
 * The detectors of protocols over TCP.
 *
 * @module
 */

import type { TcpProtocol } from "../model/protocol.ts";
import type { TcpDetector } from "./detector.ts";
import { httpDetector } from "./http.ts";
import { detectSocks5 } from "./socks.ts";
import { detectSsh } from "./ssh.ts";
import { tlsDetector } from "./tls/detect.ts";

/**
 * The order in which to ask. TLS, SSH and SOCKS5 differ in their first byte and decide soon; `SSH-2.0-…` could also be a
 * method of HTTP, which may have to wait for the end of a line.
 */
export const TCP_DETECTION_ORDER: readonly TcpProtocol[] = ["tls", "ssh", "socks5", "http"];

/** A detector for one connection. Those that need no memory are shared. */
export function tcpDetector(protocol: TcpProtocol): TcpDetector {
  switch (protocol) {
    case "tls":
      return tlsDetector();
    case "ssh":
      return detectSsh;
    case "socks5":
      return detectSocks5;
    case "http":
      return httpDetector();
  }
}
