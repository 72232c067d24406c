/**
 * The samples of all protocols.
 *
 * @module
 */

import type { FieldNeeds, Transport } from "../../src/model/protocol.ts";
import type { TcpProtocolSpec, UdpProtocolSpec } from "../../src/proto/detector.ts";
import { TCP_SPECS, UDP_SPECS } from "../../src/proto/registry.ts";
import { ADB_SAMPLES } from "./adb.ts";
import { AMQP_SAMPLES } from "./amqp.ts";
import { BITTORRENT_TCP_SAMPLES, BITTORRENT_UDP_SAMPLES } from "./bittorrent.ts";
import { DNS_TCP_SAMPLES, DNS_UDP_SAMPLES } from "./dns.ts";
import { DTLS_SAMPLES } from "./dtls.ts";
import { HTTP_SAMPLES } from "./http.ts";
import { MINECRAFT_SAMPLES } from "./minecraft.ts";
import { MONGODB_SAMPLES } from "./mongodb.ts";
import { MQTT_SAMPLES } from "./mqtt.ts";
import { NATS_SAMPLES } from "./nats.ts";
import { NTP_SAMPLES } from "./ntp.ts";
import { OPENVPN_TCP_SAMPLES, OPENVPN_UDP_SAMPLES } from "./openvpn.ts";
import { POSTGRES_SAMPLES } from "./postgres.ts";
import { PROXY_PROTOCOL_SAMPLES } from "./proxy_protocol.ts";
import { QUIC_SAMPLES } from "./quic.ts";
import { RDP_SAMPLES } from "./rdp.ts";
import { REDIS_SAMPLES } from "./redis.ts";
import { REGEX_TCP_SAMPLES, REGEX_UDP_SAMPLES } from "./regex.ts";
import type { ProtocolSamples } from "./samples.ts";
import { RTP_SAMPLES } from "./rtp.ts";
import { RTSP_SAMPLES } from "./rtsp.ts";
import { SIP_TCP_SAMPLES, SIP_UDP_SAMPLES } from "./sip.ts";
import { SNMP_SAMPLES } from "./snmp.ts";
import { SOCKS4_SAMPLES } from "./socks4.ts";
import { SOCKS5_SAMPLES } from "./socks5.ts";
import { SSH_SAMPLES } from "./ssh.ts";
import { STUN_TCP_SAMPLES, STUN_UDP_SAMPLES } from "./stun.ts";
import { SYSLOG_SAMPLES } from "./syslog.ts";
import { TEAMSPEAK_TCP_SAMPLES, TEAMSPEAK_UDP_SAMPLES } from "./teamspeak.ts";
import { TINC_SAMPLES } from "./tinc.ts";
import { TLS_SAMPLES } from "./tls.ts";
import { VALVE_A2S_SAMPLES } from "./valve_a2s.ts";
import { WINBOX_SAMPLES } from "./winbox.ts";
import { WIREGUARD_SAMPLES } from "./wireguard.ts";
import { XMPP_SAMPLES } from "./xmpp.ts";

/** Samples of each protocol over each of its transports. */
export const ALL_SAMPLES: readonly ProtocolSamples[] = [
  ADB_SAMPLES,
  AMQP_SAMPLES,
  BITTORRENT_TCP_SAMPLES,
  BITTORRENT_UDP_SAMPLES,
  DNS_TCP_SAMPLES,
  DNS_UDP_SAMPLES,
  DTLS_SAMPLES,
  HTTP_SAMPLES,
  MINECRAFT_SAMPLES,
  MONGODB_SAMPLES,
  MQTT_SAMPLES,
  NATS_SAMPLES,
  NTP_SAMPLES,
  OPENVPN_TCP_SAMPLES,
  OPENVPN_UDP_SAMPLES,
  POSTGRES_SAMPLES,
  PROXY_PROTOCOL_SAMPLES,
  QUIC_SAMPLES,
  RDP_SAMPLES,
  REDIS_SAMPLES,
  REGEX_TCP_SAMPLES,
  REGEX_UDP_SAMPLES,
  RTP_SAMPLES,
  RTSP_SAMPLES,
  SIP_TCP_SAMPLES,
  SIP_UDP_SAMPLES,
  SNMP_SAMPLES,
  SOCKS4_SAMPLES,
  SOCKS5_SAMPLES,
  SSH_SAMPLES,
  STUN_TCP_SAMPLES,
  STUN_UDP_SAMPLES,
  SYSLOG_SAMPLES,
  TEAMSPEAK_TCP_SAMPLES,
  TEAMSPEAK_UDP_SAMPLES,
  TINC_SAMPLES,
  TLS_SAMPLES,
  VALVE_A2S_SAMPLES,
  WINBOX_SAMPLES,
  WIREGUARD_SAMPLES,
  XMPP_SAMPLES,
];

/** Those over one transport. */
export function samplesOver(transport: Transport): readonly ProtocolSamples[] {
  return ALL_SAMPLES.filter((samples) => samples.transport === transport);
}

/** `dns_udp` for a protocol that has both transports, else its name. */
export function targetName({ protocol, transport }: ProtocolSamples): string {
  const both = ALL_SAMPLES.filter((samples) => samples.protocol === protocol).length > 1;
  return both ? `${protocol}_${transport}` : protocol;
}

/** What is known of the protocol of some samples. */
export function specOver(transport: "tcp", samples: ProtocolSamples): TcpProtocolSpec;
export function specOver(transport: "udp", samples: ProtocolSamples): UdpProtocolSpec;
export function specOver(transport: Transport, { protocol }: ProtocolSamples) {
  const specs = transport === "tcp" ? TCP_SPECS : UDP_SPECS;
  const spec = specs.find(({ name }) => name === protocol);
  if (spec === undefined) throw new Error(`${protocol} is not in the registry`);
  return spec;
}

/** No rule for any field, but the values that detection itself may rest on. */
export function baseNeeds({ values = [] }: ProtocolSamples): FieldNeeds {
  return { fields: new Set(), values };
}

/** A rule for each field that the protocol has. */
export function allNeeds(samples: ProtocolSamples): FieldNeeds {
  const spec = samples.transport === "tcp" ? specOver("tcp", samples) : specOver("udp", samples);
  return { fields: new Set(spec.fields), values: samples.values ?? [] };
}
