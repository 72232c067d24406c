/**
 * What HTTPS and SVCB records hold: where a service is and how it is spoken to (RFC 9460), and the keys for Encrypted Client
 * Hello (RFC 9848).
 *
 * @module
 */

import { latin1, Reader } from "../bytes.ts";
import { formatIp } from "../ip.ts";
import { readDnsName } from "./name.ts";

/** An HTTPS or SVCB record (RFC 9460 §2.2). */
export interface ServiceBinding {
  /** 0 for AliasMode: all else but `target` is then of no meaning. */
  readonly priority: number;
  /** In lower case, without a dot at its end; empty for `.`, which is the record's own name, or in AliasMode none. */
  readonly target: string;
  /** Keys of parameters without which a client cannot use the record. */
  readonly mandatory: readonly number[];
  /** Beside the default; each byte as a character. */
  readonly alpn: readonly string[];
  /** Whether http/1.1 is not offered unless `alpn` says so. */
  readonly noDefaultAlpn: boolean;
  /** Null: that of the record's name. */
  readonly port: number | null;
  readonly ipv4Hints: readonly string[];
  /** ECHConfigList, not looked into; null where there is none. */
  readonly ech: Uint8Array | null;
  readonly ipv6Hints: readonly string[];
  /** Keys of all other parameters. */
  readonly otherKeys: readonly number[];
}

/** Keys of parameters (RFC 9460 §14.3.2). */
export const SVC_PARAM = {
  mandatory: 0,
  alpn: 1,
  noDefaultAlpn: 2,
  port: 3,
  ipv4hint: 4,
  ech: 5,
  ipv6hint: 6,
} as const;

/**
 * Reads the data of a record; null for a malformed one, which clients refuse together with all others of its name
 * (RFC 9460 §2.2).
 */
export function parseServiceBinding(data: Uint8Array): ServiceBinding | null {
  const reader = new Reader(data);
  const priority = reader.u16();
  // Names in it are not compressed (RFC 9460 §2.2).
  const target = readDnsName(data, reader.offset, { mayPoint: false });
  if (target === null) return null;
  reader.skip(target.end - reader.offset);
  const params = readParams(reader);
  return params === null ? null : interpret(priority, target.name, params);
}

type Params = ReadonlyMap<number, Uint8Array>;

/** Keys ascend, so that none is there twice. */
function readParams(reader: Reader): Params | null {
  const params = new Map<number, Uint8Array>();
  let last = -1;
  while (reader.remaining > 0) {
    const key = reader.u16();
    const value = reader.take(reader.u16());
    if (reader.overrun || key <= last) return null;
    params.set(key, value);
    last = key;
  }
  return reader.overrun ? null : params;
}

function interpret(priority: number, target: string, params: Params): ServiceBinding | null {
  const mandatory = readNumbers(params.get(SVC_PARAM.mandatory));
  const alpn = readAlpn(params.get(SVC_PARAM.alpn));
  const noDefaultAlpn = params.get(SVC_PARAM.noDefaultAlpn);
  const port = readNumbers(params.get(SVC_PARAM.port));
  const ipv4Hints = readAddresses(params.get(SVC_PARAM.ipv4hint), 4);
  const ipv6Hints = readAddresses(params.get(SVC_PARAM.ipv6hint), 16);
  if (mandatory === null || alpn === null || port === null) return null;
  if (ipv4Hints === null || ipv6Hints === null) return null;
  if (port.length > 1) return null;
  // Without alpn nothing would be left to speak (RFC 9460 §7.1.1).
  if (noDefaultAlpn !== undefined && (noDefaultAlpn.length > 0 || alpn.length === 0)) return null;
  const areMandatoryThere = mandatory.every((key, index) =>
    key > (mandatory[index - 1] ?? SVC_PARAM.mandatory) && params.has(key)
  );
  if (!areMandatoryThere) return null;
  const known: readonly number[] = Object.values(SVC_PARAM);
  return {
    priority,
    target,
    mandatory,
    alpn,
    noDefaultAlpn: noDefaultAlpn !== undefined,
    port: port[0] ?? null,
    ipv4Hints,
    ech: params.get(SVC_PARAM.ech) ?? null,
    ipv6Hints,
    otherKeys: [...params.keys()].filter((key) => !known.includes(key)),
  };
}

// A parameter that is there is not empty, one that is not there has no values.

function readNumbers(value: Uint8Array | undefined): number[] | null {
  if (value === undefined) return [];
  if (value.length === 0 || value.length % 2 !== 0) return null;
  const reader = new Reader(value);
  const numbers: number[] = [];
  while (reader.remaining > 0) numbers.push(reader.u16());
  return numbers;
}

function readAlpn(value: Uint8Array | undefined): string[] | null {
  if (value === undefined) return [];
  const reader = new Reader(value);
  const names: string[] = [];
  while (reader.remaining > 0) {
    const name = reader.take(reader.u8());
    if (name.length === 0) return null;
    names.push(latin1(name));
  }
  return names.length > 0 ? names : null;
}

function readAddresses(value: Uint8Array | undefined, length: 4 | 16): string[] | null {
  if (value === undefined) return [];
  if (value.length === 0 || value.length % length !== 0) return null;
  const reader = new Reader(value);
  const addresses: string[] = [];
  while (reader.remaining > 0) addresses.push(formatIp(reader.take(length)));
  return addresses;
}
