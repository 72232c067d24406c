/**
 * Builds records for answers of name servers: HTTPS (RFC 9460 §2.2) and CNAME.
 *
 * @module
 */

import { type ServiceBinding, SVC_PARAM } from "../../src/proto/dns/service_binding.ts";
import { parseIp } from "../../src/proto/ip.ts";
import { latin1 } from "./client_hello_builder.ts";
import { dnsName } from "./dns_builder.ts";

/** A binding that says nothing: priority 1, at the name of the record itself. */
export const PLAIN_BINDING: ServiceBinding = {
  priority: 1,
  target: "",
  mandatory: [],
  alpn: [],
  noDefaultAlpn: false,
  port: null,
  ipv4Hints: [],
  ech: null,
  ipv6Hints: [],
  otherKeys: [],
};

/** Writes the data of a record; other keys get a value of one byte. */
export function encodeServiceBinding(binding: ServiceBinding): Uint8Array {
  const params = new Map<number, readonly number[]>();
  const add = (key: number, bytes: readonly number[]) => bytes.length > 0 && params.set(key, bytes);
  add(SVC_PARAM.mandatory, binding.mandatory.flatMap(u16));
  add(SVC_PARAM.alpn, binding.alpn.flatMap((name) => [name.length, ...latin1(name)]));
  if (binding.noDefaultAlpn) params.set(SVC_PARAM.noDefaultAlpn, []);
  add(SVC_PARAM.port, binding.port === null ? [] : u16(binding.port));
  add(SVC_PARAM.ipv4hint, binding.ipv4Hints.flatMap(ipBytes));
  if (binding.ech !== null) params.set(SVC_PARAM.ech, [...binding.ech]);
  add(SVC_PARAM.ipv6hint, binding.ipv6Hints.flatMap(ipBytes));
  for (const key of binding.otherKeys) params.set(key, [key & 0xff]);
  const sorted = [...params].sort(([a], [b]) => a - b);
  return Uint8Array.from([
    ...u16(binding.priority),
    ...dnsName(binding.target),
    ...sorted.flatMap(([key, value]) => [...u16(key), ...u16(value.length), ...value]),
  ]);
}

/** An HTTPS record for the answers of `dnsMessage()`. */
export function httpsRecord(owner: string, data: Uint8Array, ttl = 300): number[] {
  return record(dnsName(owner), 65, ttl, [...data]);
}

/** A CNAME record, likewise. */
export function cnameRecord(owner: string, target: string, ttl = 300): number[] {
  return record(dnsName(owner), 5, ttl, dnsName(target));
}

/** Any record of class IN, likewise. */
export function record(
  owner: readonly number[],
  type: number,
  ttl: number,
  data: readonly number[],
): number[] {
  const time = [...u16(ttl >>> 16), ...u16(ttl & 0xffff)];
  return [...owner, ...u16(type), 0, 1, ...time, ...u16(data.length), ...data];
}

function ipBytes(address: string): number[] {
  return [...parseIp(address) ?? []];
}

function u16(value: number): number[] {
  return [value >> 8, value & 0xff];
}
