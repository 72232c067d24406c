/**
 * Flow records as an engine would make them.
 *
 * @module
 */

import type { FlowEnd, FlowRecord } from "../../src/model/flow.ts";
import type { Detected } from "../../src/model/protocol.ts";
import type { Service, Target } from "../../src/model/snapshot.ts";

/** A target by name. */
export const TARGET: Target = {
  host: "backend",
  port: 443,
  isIp: false,
  label: "backend:443",
};

/** A service with that target. */
export const SERVICE: Service = {
  name: "web",
  transport: "tcp",
  protocol: "tls",
  targets: [TARGET],
  loadBalance: "none",
  sendProxyProtocol: "none",
  idleMs: 0,
  transparent: false,
  order: 0,
};

/** What a ClientHello for example.com is. */
export const DETECTED: Detected = {
  protocol: "tls",
  sni: "example.com",
  alpn: ["h2", "http/1.1"],
  ech: false,
  version: "TLS 1.3",
  consumed: 517,
};

/** A relayed TLS flow, with changes. */
export function flowRecord(changes: Partial<FlowRecord> = {}): FlowRecord {
  return {
    id: 7,
    transport: "tcp",
    listener: { host: "0.0.0.0", port: 8448 },
    startedAt: 0,
    source: { host: "192.0.2.1", port: 5000 },
    destination: { host: "198.51.100.1", port: 8448 },
    service: SERVICE,
    detected: DETECTED,
    target: TARGET,
    address: { host: "10.0.0.1", port: 443 },
    ...changes,
  };
}

/** The end of a flow in order, with changes. */
export function flowEnd(changes: Partial<FlowEnd> = {}): FlowEnd {
  return {
    outcome: { reason: "done" },
    durationMs: 1234.4,
    bytesUp: 517,
    bytesDown: 4096,
    ...changes,
  };
}
