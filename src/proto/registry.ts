/**
 * All protocols that can be recognised, in the order in which they are asked.
 *
 * @module
 */

import type {
  FieldNeeds,
  Protocol,
  TcpProtocol,
  Transport,
  UdpProtocol,
} from "../model/protocol.ts";
import {
  NO_NEEDS,
  type ProtocolSpec,
  type TcpDetector,
  type TcpProtocolSpec,
  type UdpDetector,
  type UdpProtocolSpec,
} from "./detector.ts";
import { ADB } from "./protocols/adb.ts";
import { AMQP } from "./protocols/amqp.ts";
import { BITTORRENT_TCP, BITTORRENT_UDP } from "./protocols/bittorrent.ts";
import { DNS_TCP, DNS_UDP } from "./protocols/dns.ts";
import { DTLS } from "./protocols/dtls.ts";
import { HTTP } from "./protocols/http.ts";
import { MINECRAFT } from "./protocols/minecraft.ts";
import { MONGODB } from "./protocols/mongodb.ts";
import { MQTT } from "./protocols/mqtt.ts";
import { NATS } from "./protocols/nats.ts";
import { NTP } from "./protocols/ntp.ts";
import { OPENVPN_TCP, OPENVPN_UDP } from "./protocols/openvpn.ts";
import { POSTGRES } from "./protocols/postgres.ts";
import { PROXY_PROTOCOL } from "./protocols/proxy_protocol.ts";
import { RDP } from "./protocols/rdp.ts";
import { REDIS } from "./protocols/redis.ts";
import { REGEX_TCP, REGEX_UDP } from "./protocols/regex.ts";
import { RTP } from "./protocols/rtp.ts";
import { RTSP } from "./protocols/rtsp.ts";
import { SIP_TCP, SIP_UDP } from "./protocols/sip.ts";
import { SNMP } from "./protocols/snmp.ts";
import { SOCKS4 } from "./protocols/socks4.ts";
import { SOCKS5 } from "./protocols/socks5.ts";
import { SSH } from "./protocols/ssh.ts";
import { STUN_TCP, STUN_UDP } from "./protocols/stun.ts";
import { SYSLOG } from "./protocols/syslog.ts";
import { TEAMSPEAK_TCP, TEAMSPEAK_UDP } from "./protocols/teamspeak.ts";
import { TINC } from "./protocols/tinc.ts";
import { VALVE_A2S } from "./protocols/valve_a2s.ts";
import { WINBOX } from "./protocols/winbox.ts";
import { WIREGUARD } from "./protocols/wireguard.ts";
import { XMPP } from "./protocols/xmpp.ts";
import { QUIC } from "./quic/detect.ts";
import { TLS } from "./tls/detect.ts";

/** Protocols over TCP in detection order. */
export const TCP_SPECS: readonly TcpProtocolSpec[] = inDetectionOrder([
  ADB,
  AMQP,
  BITTORRENT_TCP,
  DNS_TCP,
  HTTP,
  MINECRAFT,
  MONGODB,
  MQTT,
  NATS,
  OPENVPN_TCP,
  POSTGRES,
  PROXY_PROTOCOL,
  RDP,
  REDIS,
  REGEX_TCP,
  RTSP,
  SIP_TCP,
  SOCKS4,
  SOCKS5,
  SSH,
  STUN_TCP,
  SYSLOG,
  TEAMSPEAK_TCP,
  TINC,
  TLS,
  WINBOX,
  XMPP,
]);

/** Protocols over UDP in detection order. */
export const UDP_SPECS: readonly UdpProtocolSpec[] = inDetectionOrder([
  BITTORRENT_UDP,
  DNS_UDP,
  DTLS,
  NTP,
  OPENVPN_UDP,
  QUIC,
  REGEX_UDP,
  RTP,
  SIP_UDP,
  SNMP,
  STUN_UDP,
  TEAMSPEAK_UDP,
  VALVE_A2S,
  WIREGUARD,
]);

/** Their names, in the same order. */
export const TCP_PROTOCOLS: readonly TcpProtocol[] = TCP_SPECS.map(({ name }) => name);

/** Their names, in the same order. */
export const UDP_PROTOCOLS: readonly UdpProtocol[] = UDP_SPECS.map(({ name }) => name);

/** Each name once, in alphabetical order. */
export const PROTOCOLS: readonly Protocol[] = [
  ...new Set<Protocol>([...TCP_PROTOCOLS, ...UDP_PROTOCOLS]),
].sort();

/** What is known of a protocol, over each transport that it has. */
export function specsOf(protocol: Protocol): readonly (TcpProtocolSpec | UdpProtocolSpec)[] {
  return [...TCP_SPECS, ...UDP_SPECS].filter(({ name }) => name === protocol);
}

/** The transports that a protocol is recognised over. */
export function transportsOf(protocol: Protocol): readonly Transport[] {
  const transports: Transport[] = [];
  if (TCP_SPECS.some(({ name }) => name === protocol)) transports.push("tcp");
  if (UDP_SPECS.some(({ name }) => name === protocol)) transports.push("udp");
  return transports;
}

/** A detector for one connection. For many with the same needs, keep what the spec's `prepare` gives. */
export function tcpDetector(protocol: TcpProtocol, needs: FieldNeeds = NO_NEEDS): TcpDetector {
  return detectorOf(TCP_SPECS, protocol, needs);
}

/** A detector for one flow, likewise. */
export function udpDetector(protocol: UdpProtocol, needs: FieldNeeds = NO_NEEDS): UdpDetector {
  return detectorOf(UDP_SPECS, protocol, needs);
}

function detectorOf<Name extends Protocol, Detector>(
  specs: readonly ProtocolSpec<Name, Detector>[],
  protocol: Name,
  needs: FieldNeeds,
): Detector {
  const spec = specs.find(({ name }) => name === protocol);
  if (spec === undefined) throw new Error(`There is no detector for ${protocol}`);
  return spec.prepare(needs)();
}

/**
 * The strong before the weak, and then who decides sooner first. A detector's match counts only when all before it have
 * said no, so a flow is held up only by those that know sooner.
 */
function inDetectionOrder<Name extends Protocol, Detector>(
  specs: readonly ProtocolSpec<Name, Detector>[],
): readonly ProtocolSpec<Name, Detector>[] {
  return specs.toSorted((a, b) => rank(a) - rank(b) || a.bound - b.bound);
}

function rank({ certainty }: { readonly certainty: "strong" | "weak" }): number {
  return certainty === "strong" ? 0 : 1;
}
