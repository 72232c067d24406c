/**
 * The access log: a line when a flow starts to be relayed and one when it ended, each with what the proxy knows of it.
 *
 * @module
 */

import type { SocketAddress } from "../model/address.ts";
import type { EchFacts } from "../model/ech.ts";
import type { FlowEnd, FlowRecord } from "../model/flow.ts";
import { MAX_LOGGED_VALUE } from "../model/limits.ts";
import { formatJsonString, formatList, formatValue } from "./escape.ts";
import type { LineWriter } from "./line_writer.ts";
import { formatTimestamp } from "./timestamp.ts";

/** Value of `access_log_format`; `none` writes no lines. */
export type AccessLogFormat = "text" | "json" | "none";

/** What an access log is made of. */
export interface AccessLogOptions {
  readonly writer: LineWriter;
  readonly format: AccessLogFormat;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** Writes a line for the start and one for the end of each flow. Never blocks, never throws. */
export class AccessLog {
  readonly #writer: LineWriter;
  readonly #now: () => number;
  #formatter: Formatter | null;

  constructor({ writer, format, now = Date.now }: AccessLogOptions) {
    this.#writer = writer;
    this.#now = now;
    this.#formatter = FORMATTERS[format];
  }

  /** Changes the format of the lines from now on. */
  setFormat(format: AccessLogFormat): void {
    this.#formatter = FORMATTERS[format];
  }

  /** Whether lines are written at all. */
  get enabled(): boolean {
    return this.#formatter !== null;
  }

  /** The flow has a target and is about to be relayed. */
  started(record: FlowRecord): void {
    if (this.#formatter === null) return;
    this.#writer.write(this.#formatter.event(this.#now(), record, null));
  }

  /** The flow ended, whether or not it had started. */
  finished(record: FlowRecord, end: FlowEnd): void {
    if (this.#formatter === null) return;
    this.#writer.write(this.#formatter.event(this.#now(), record, end));
  }

  /** The line that stands for `count` lines which were lost, in the format of the others. */
  describeDrops(count: number): string {
    return (this.#formatter ?? FORMATTERS.text).drops(this.#now(), count);
  }
}

/**
 * Writes one event as a line without its line end; `end` is null for the start of a flow. The form is that of
 * rpxy-l4, then the facts as `key=value`:
 * `2026-11-22T18:00:00.123Z [finish] tcp:tls: 192.0.2.1:5000 -> 10.0.0.1:443 id=7 service=web sni=example.com …`
 */
export function formatTextEvent(time: number, record: FlowRecord, end: FlowEnd | null): string {
  const { detected, service, ech } = record;
  const event = end === null ? "[start]" : "[finish]";
  let line = `${formatTimestamp(time)} ${event} ${formatProtocol(record)}: ` +
    `${formatAddress(record.source)} -> ${formatAddress(shownAddress(record))} id=${record.id}`;
  if (service !== null) line += " service=" + formatValue(service.name);
  if (detected !== null) {
    if (detected.sni !== null) line += " sni=" + formatValue(shorten(detected.sni));
    if (detected.alpn.length > 0) line += " alpn=" + formatList(shortenList(detected.alpn));
    if (detected.fields?.ja4 !== undefined) line += " ja4=" + detected.fields.ja4;
  }
  if (ech !== undefined) line += formatEch(ech);
  const target = shownTarget(record);
  if (target !== null) line += " target=" + formatValue(target);
  if (end === null) return line;
  line += ` bytes_up=${end.bytesUp} bytes_down=${end.bytesDown}` +
    ` duration_ms=${Math.round(end.durationMs)} reason=${end.outcome.reason}`;
  return end.outcome.error === undefined ? line : line + " error=" + end.outcome.error;
}

/** Writes the same facts as one JSON object without a line end; what is not known is left out. */
export function formatJsonEvent(time: number, record: FlowRecord, end: FlowEnd | null): string {
  const { detected, service, ech } = record;
  const event = end === null ? "start" : "finish";
  let line = `{"time":"${formatTimestamp(time)}","event":"${event}"` +
    `,"protocol":"${formatProtocol(record)}"` +
    `,"source":${formatJsonString(formatAddress(record.source))}`;
  const address = shownAddress(record);
  if (address !== null) line += ',"target_address":' + formatJsonString(formatAddress(address));
  line += ',"id":' + record.id;
  if (service !== null) line += ',"service":' + formatJsonString(service.name);
  if (detected !== null) {
    if (detected.sni !== null) line += ',"sni":' + formatJsonString(shorten(detected.sni));
    if (detected.alpn.length > 0) {
      line += `,"alpn":[${shortenList(detected.alpn).map(formatJsonString).join(",")}]`;
    }
    if (detected.fields?.ja4 !== undefined) line += `,"ja4":"${detected.fields.ja4}"`;
  }
  if (ech !== undefined) line += formatJsonEch(ech);
  const target = shownTarget(record);
  if (target !== null) line += ',"target":' + formatJsonString(target);
  if (end !== null) {
    line += `,"bytes_up":${end.bytesUp},"bytes_down":${end.bytesDown}` +
      `,"duration_ms":${Math.round(end.durationMs)},"reason":"${end.outcome.reason}"`;
    if (end.outcome.error !== undefined) line += `,"error":"${end.outcome.error}"`;
  }
  return line + "}";
}

interface Formatter {
  readonly event: (time: number, record: FlowRecord, end: FlowEnd | null) => string;
  readonly drops: (time: number, count: number) => string;
}

const FORMATTERS = {
  text: {
    event: formatTextEvent,
    drops: (time, count) => `${formatTimestamp(time)} [dropped] lines=${count}`,
  },
  json: {
    event: formatJsonEvent,
    drops: (time, count) =>
      `{"time":"${formatTimestamp(time)}","event":"dropped","lines":${count}}`,
  },
  none: null,
} as const satisfies Readonly<Record<AccessLogFormat, Formatter | null>>;

/** `tcp:tls`, or the transport alone for a protocol that was not recognised. */
function formatProtocol({ transport, detected }: FlowRecord): string {
  return detected === null ? transport : `${transport}:${detected.protocol}`;
}

/** What became of ECH. The server name of the outer hello is a public name only where the hello was sealed for one. */
function formatEch({ status, publicName, configId, innerName }: EchFacts): string {
  let facts = ` ech=${status}`;
  if (publicName !== null && isSealedForUs(status)) {
    facts += " ech_public_name=" + formatValue(shorten(publicName));
  }
  if (configId !== null) facts += ` ech_config_id=${configId}`;
  if (innerName !== null) facts += " ech_inner_name=" + formatValue(shorten(innerName));
  return facts;
}

function formatJsonEch({ status, publicName, configId, innerName }: EchFacts): string {
  let facts = `,"ech":"${status}"`;
  if (publicName !== null && isSealedForUs(status)) {
    facts += ',"ech_public_name":' + formatJsonString(shorten(publicName));
  }
  if (configId !== null) facts += `,"ech_config_id":${configId}`;
  if (innerName !== null) facts += ',"ech_inner_name":' + formatJsonString(shorten(innerName));
  return facts;
}

function isSealedForUs(status: EchFacts["status"]): boolean {
  return status === "accepted" || status === "rejected";
}

/** The target as configured, or no more than that it is private: its name or address would tell the inner name. */
function shownTarget({ service, target }: FlowRecord): string | null {
  if (target === null) return null;
  return service?.isPrivate ? "private" : target.label;
}

function shownAddress({ service, address }: FlowRecord): SocketAddress | null {
  return service?.isPrivate ? null : address;
}

/** `192.0.2.1:443`, `[2001:db8::1]:443`, or `-` where there is none. Of its own, as `ops` knows `model` alone. */
function formatAddress(address: SocketAddress | null): string {
  if (address === null) return "-";
  return address.host.includes(":")
    ? `[${address.host}]:${address.port}`
    : `${address.host}:${address.port}`;
}

/** Cuts what a client chose to the length that a log line has room for. */
function shorten(text: string): string {
  return text.length <= MAX_LOGGED_VALUE ? text : text.slice(0, MAX_LOGGED_VALUE) + "...";
}

/** As many of the names as there is room for; `...` stands for the rest. */
function shortenList(names: readonly string[]): readonly string[] {
  let room = MAX_LOGGED_VALUE;
  for (const [index, name] of names.entries()) {
    room -= name.length + 1;
    if (room < 0) return [...names.slice(0, index), "..."];
  }
  return names;
}
