/**
 * The `explain` command: flows in, one JSON line each; out, what the proxy makes of them.
 *
 * @module
 */

import type { Detected, MatchFields, Protocol } from "../model/protocol.ts";
import type { Service, Snapshot } from "../model/snapshot.ts";
import { allServices } from "../pipeline/services.ts";
import { utf8AsLatin1 } from "../proto/bytes.ts";
import { canonicalHostName } from "../proto/host_name.ts";
import { canonicalHost } from "../proto/ip.ts";
import { PROTOCOLS, transportsOf } from "../proto/registry.ts";
import { type FlowInWords, UsageError } from "./args.ts";
import { explainInnerName, servedBehind } from "./explain_ech.ts";
import {
  explainDetected,
  explainSample,
  type Explanation,
  FIELD_NAMES,
  type FlowSample,
} from "./explain_flow.ts";
import { readLines } from "./read_lines.ts";

/** Longest input line in bytes: well above what a proxy would hold of one flow, in hexadecimal. */
const MAX_LINE = 8 * 1024 * 1024;

/**
 * Answers each line `{"id", "transport", "chunks": [hex], "source"}` of `input` with one line of JSON, in the same order and as
 * they arrive. A line that is no flow is answered with `{"id", "error"}`; `id` is null where it cannot be read.
 */
export async function explainLines(
  input: AsyncIterable<Uint8Array>,
  output: (text: string) => void,
  snapshot: Snapshot | null,
): Promise<void> {
  for await (const lines of readLines(input, MAX_LINE)) {
    let answers = "";
    for (const line of lines) {
      if (line?.trim() !== "") answers += JSON.stringify(answerLine(line, snapshot)) + "\n";
    }
    output(answers);
  }
}

/**
 * Explains where a flow that a person describes would go.
 *
 * @throws {UsageError} when there is no such protocol, field or address
 */
export function explainInWords(flow: FlowInWords, snapshot: Snapshot): Explanation {
  const protocol = parseProtocol(flow.protocol);
  // Of a protocol that has both, the transport that the configuration serves.
  const transports = transportsOf(protocol);
  const transport = transports.find((one) => snapshot[one].sought.includes(protocol)) ??
    transports[0] ?? "tcp";
  const innerName = asName(flow.innerSni);
  const sni = asName(flow.sni) ?? publicNameFor(innerName, protocol, snapshot);
  const detected: Detected = {
    protocol,
    sni,
    alpn: flow.alpn,
    ech: innerName !== null,
    version: flow.fields.find(([name]) => name === "version")?.[1] ?? null,
    consumed: 0,
    fields: parseFields(flow.fields),
  };
  const source = flow.source === null ? null : canonicalHost(flow.source);
  if (flow.source !== null && source === null) {
    throw new UsageError(`"${flow.source}" is not an IP address`);
  }
  // What no service uses is not sought, and so never detected.
  const sought = snapshot[transport].sought.includes(detected.protocol);
  const openEch = (service: Service) => explainInnerName(service, sni, innerName);
  return explainDetected(transport, sought ? detected : null, { snapshot, source, openEch });
}

/** What to say to someone who asks for a name that ECH alone leads to; null where that is not so. */
export function innerNameHint(flow: FlowInWords, snapshot: Snapshot): string | null {
  const name = asName(flow.sni);
  if (name === null || flow.innerSni !== undefined) return null;
  const service = allServices(snapshot).find((service) => servedBehind(service, name));
  return service === undefined
    ? null
    : `Service "${service.name}" has "${name}" as an inner name: ask with --inner-sni ${name} where the ` +
      "client hides it by ECH";
}

/** What clients show who hide a name: the public name of the first key of a service that serves it. */
function publicNameFor(
  innerName: string | null,
  protocol: Protocol,
  snapshot: Snapshot,
): string | null {
  if (innerName === null) return null;
  const services = allServices(snapshot).filter((service) =>
    service.protocol === protocol && service.ech !== undefined
  );
  const service = services.find((service) => servedBehind(service, innerName)) ?? services[0];
  return service?.ech?.keys[0]?.publicName ?? null;
}

function asName(given: string | null | undefined): string | null {
  return given?.toLowerCase().replace(/\.$/, "") ?? null;
}

type Answer = ({ id: Id } & Explanation) | { id: Id; error: string };
type Id = string | number | null;

function answerLine(line: string | null, snapshot: Snapshot | null): Answer {
  if (line === null) return { id: null, error: `Line is longer than ${MAX_LINE} bytes` };
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch (error) {
    return {
      id: null,
      error: `Line is not JSON: ${error instanceof Error ? error.message : error}`,
    };
  }
  const { id, transport, chunks, source } = isRecord(json) ? json : {};
  const known: Id = typeof id === "string" || typeof id === "number" ? id : null;
  const sample = readSample(transport, chunks, source);
  return typeof sample === "string"
    ? { id: known, error: sample }
    : { id: known, ...explainSample(sample, snapshot) };
}

/** The flow, or what is wrong with it. */
function readSample(
  transport: unknown,
  chunks: unknown,
  source: unknown = null,
): FlowSample | string {
  if (transport !== "tcp" && transport !== "udp") return `"transport" must be "tcp" or "udp"`;
  if (!Array.isArray(chunks)) return `"chunks" must be an array of hexadecimal strings`;
  const client = typeof source === "string" ? canonicalHost(source) : null;
  if (source !== null && client === null) return `"source" must be an IP address`;
  const decoded: Uint8Array[] = [];
  for (const [index, chunk] of chunks.entries()) {
    const bytes = typeof chunk === "string" ? fromHex(chunk) : null;
    if (bytes === null) return `"chunks[${index}]" is not a string of hexadecimal digits`;
    decoded.push(bytes);
  }
  return { transport, chunks: decoded, source: client };
}

function fromHex(text: string): Uint8Array | null {
  try {
    return Uint8Array.fromHex(text);
  } catch {
    return null;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function parseFields(given: FlowInWords["fields"]): MatchFields {
  const known = Object.values(FIELD_NAMES);
  const unknown = given.find(([name]) => name !== "version" && !known.includes(name));
  if (unknown !== undefined) {
    throw new UsageError(`Unknown field "${unknown[0]}": known are version, ${known.join(", ")}`);
  }
  const values = new Map(given);
  return Object.fromEntries(
    Object.entries(FIELD_NAMES).flatMap(([field, name]) => {
      const value = values.get(name);
      return value === undefined ? [] : [[field, asDetected(name, value)]];
    }),
  );
}

/** What a detector makes of a value that a client sends. */
function asDetected(name: string, value: string): string {
  const isHost = name === FIELD_NAMES.host || name === FIELD_NAMES.queryName;
  return (isHost ? canonicalHostName(value) : null) ?? utf8AsLatin1(value);
}

function parseProtocol(name: string): Protocol {
  const protocol = PROTOCOLS.find((candidate) => candidate === name);
  if (protocol !== undefined) return protocol;
  throw new UsageError(`Unknown protocol "${name}": known are ${PROTOCOLS.join(", ")}`);
}
