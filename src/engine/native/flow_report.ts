/**
 * Reports of flows as bytes: what a worker tells the main thread of each flow, without a structured clone of it all.
 *
 * @module
 */

import type { SocketAddress } from "../../model/address.ts";
import type { EchFacts, EchStatus } from "../../model/ech.ts";
import { type ErrorCode, ERRORS } from "../../model/errors.ts";
import type { FlowEnd, FlowRecord, TargetFailure } from "../../model/flow.ts";
import type { Detected, MatchFields, Protocol } from "../../model/protocol.ts";
import type { Service, Target } from "../../model/snapshot.ts";
import { ByteReader, ByteWriter } from "./byte_record.ts";
import { END_REASONS } from "./shared_counters.ts";

/** A flow that started, or ended where `end` is not null. */
export interface FlowReport {
  readonly record: FlowRecord;
  readonly end: FlowEnd | null;
}

/** Numbers for services, by which both threads mean the same one. */
export interface ServiceNumbers {
  /** -1 where the other side has no number for it. */
  numberOf(service: Service): number;
}

/** Services by their numbers. */
export interface NumberedServices {
  /** @throws {Error} when nothing has the number */
  serviceOf(number: number): Service;
}

/** Longest report; what is longer, with a hundred long ALPN names perhaps, goes another way. */
export const MAX_REPORT = 16 * 1024;

const ERROR_CODES = Object.keys(ERRORS) as readonly ErrorCode[];

const ECH_STATUSES: readonly EchStatus[] = ["none", "grease", "rejected", "accepted"];

/** A config_id is a byte: this stands for none. */
const NO_CONFIG_ID = 0x100;

/** Stands for an index where there is nothing. */
const NONE = 0xff;

/** Target by position in its service; one of another service cannot be told so. */
const NO_TARGET = 0xffff;

/** Writes reports into one buffer that is used again for each. */
export class FlowReportEncoder {
  readonly #services: ServiceNumbers;
  readonly #writer = new ByteWriter(MAX_REPORT);
  #isTellable = true;

  constructor(services: ServiceNumbers) {
    this.#services = services;
  }

  /** What {@linkcode FlowReportEncoder.encode} wrote last. */
  get bytes(): Uint8Array {
    return this.#writer.bytes;
  }

  /** Returns the length of the report; 0 when it cannot be told in this form. */
  encode(record: FlowRecord, end: FlowEnd | null): number {
    const writer = this.#writer;
    writer.restart();
    this.#isTellable = true;
    writer.float64(record.id);
    writer.float64(record.startedAt);
    writer.uint8(record.transport === "tcp" ? 0 : 1);
    this.#address(record.listener);
    this.#address(record.source);
    this.#address(record.destination);
    this.#service(record.service, record.target);
    this.#address(record.address);
    this.#failures(record.failures);
    this.#detected(record.detected);
    this.#ech(record.ech);
    this.#end(end);
    return this.#isTellable && writer.fits ? writer.length : 0;
  }

  #address(address: SocketAddress | null): void {
    this.#writer.text(address === null ? null : address.host);
    if (address !== null) this.#writer.uint16(address.port);
  }

  #service(service: Service | null, target: Target | null): void {
    const number = service === null ? 0 : this.#services.numberOf(service) + 1;
    const position = target === null ? NO_TARGET : service?.targets.indexOf(target) ?? -1;
    if (service !== null && number === 0 || position < 0) this.#isTellable = false;
    this.#writer.uint32(number);
    this.#writer.uint16(position);
  }

  #failures(failures: readonly TargetFailure[] | undefined): void {
    if (failures === undefined) return this.#writer.uint8(NONE);
    if (failures.length >= NONE) this.#isTellable = false;
    this.#writer.uint8(failures.length);
    for (const { service, target, error } of failures) {
      this.#service(service, target);
      this.#writer.uint8(ERROR_CODES.indexOf(error));
    }
  }

  #detected(detected: Detected | null): void {
    const writer = this.#writer;
    writer.text(detected === null ? null : detected.protocol);
    if (detected === null) return;
    writer.text(detected.sni);
    writer.uint8(detected.alpn.length);
    for (const name of detected.alpn) writer.text(name);
    writer.uint8(detected.ech ? 1 : 0);
    writer.text(detected.version);
    writer.uint32(detected.consumed);
    writer.text(detected.fields === undefined ? null : JSON.stringify(detected.fields));
  }

  #ech(ech: EchFacts | undefined): void {
    const writer = this.#writer;
    writer.uint8(ech === undefined ? NONE : ECH_STATUSES.indexOf(ech.status));
    if (ech === undefined) return;
    writer.text(ech.publicName);
    writer.uint16(ech.configId ?? NO_CONFIG_ID);
    writer.text(ech.innerName);
  }

  #end(end: FlowEnd | null): void {
    const writer = this.#writer;
    writer.uint8(end === null ? NONE : END_REASONS.indexOf(end.outcome.reason));
    if (end === null) return;
    const { error } = end.outcome;
    writer.uint8(error === undefined ? NONE : ERROR_CODES.indexOf(error));
    writer.float64(end.durationMs);
    writer.float64(end.bytesUp);
    writer.float64(end.bytesDown);
  }
}

/**
 * Reads a report.
 *
 * @throws {Error} when a service has no such number any more
 */
export function decodeFlowReport(bytes: Uint8Array, services: NumberedServices): FlowReport {
  const reader = new ByteReader(bytes);
  const id = reader.float64();
  const startedAt = reader.float64();
  const transport = reader.uint8() === 0 ? "tcp" : "udp";
  const listener = readAddress(reader);
  const source = readAddress(reader);
  const destination = readAddress(reader);
  if (listener === null || source === null || destination === null) {
    throw new Error("a report without its addresses");
  }
  const { service, target } = readService(reader, services);
  const address = readAddress(reader);
  const failures = readFailures(reader, services);
  const detected = readDetected(reader);
  const ech = readEch(reader);
  const end = readEnd(reader);
  return {
    record: {
      ...{ id, startedAt, transport, listener, source, destination },
      ...{ service, target, address, detected },
      ...(failures === null ? {} : { failures }),
      ...(ech === null ? {} : { ech }),
    },
    end,
  };
}

function readAddress(reader: ByteReader): SocketAddress | null {
  const host = reader.text();
  return host === null ? null : { host, port: reader.uint16() };
}

function readService(
  reader: ByteReader,
  services: NumberedServices,
): { service: Service | null; target: Target | null } {
  const number = reader.uint32();
  const position = reader.uint16();
  const service = number === 0 ? null : services.serviceOf(number - 1);
  const target = position === NO_TARGET ? null : service?.targets[position] ?? null;
  return { service, target };
}

function readFailures(reader: ByteReader, services: NumberedServices): TargetFailure[] | null {
  const count = reader.uint8();
  if (count === NONE) return null;
  return Array.from({ length: count }, () => {
    const { service, target } = readService(reader, services);
    const error = ERROR_CODES[reader.uint8()];
    if (service === null || target === null || error === undefined) {
      throw new Error("a report of a failure without its target");
    }
    return { service, target, error };
  });
}

function readDetected(reader: ByteReader): Detected | null {
  const protocol = reader.text() as Protocol | null;
  if (protocol === null) return null;
  const sni = reader.text();
  const alpn = Array.from({ length: reader.uint8() }, () => reader.text() ?? "");
  const ech = reader.uint8() === 1;
  const version = reader.text();
  const consumed = reader.uint32();
  const fields = reader.text();
  return {
    ...{ protocol, sni, alpn, ech, version, consumed },
    ...(fields === null ? {} : { fields: JSON.parse(fields) as MatchFields }),
  };
}

function readEch(reader: ByteReader): EchFacts | null {
  const status = ECH_STATUSES[reader.uint8()];
  if (status === undefined) return null;
  const publicName = reader.text();
  const configId = reader.uint16();
  const innerName = reader.text();
  return {
    ...{ status, publicName, innerName },
    configId: configId === NO_CONFIG_ID ? null : configId,
  };
}

function readEnd(reader: ByteReader): FlowEnd | null {
  const reason = END_REASONS[reader.uint8()];
  if (reason === undefined) return null;
  const error = ERROR_CODES[reader.uint8()];
  return {
    outcome: error === undefined ? { reason } : { reason, error },
    durationMs: reader.float64(),
    bytesUp: reader.float64(),
    bytesDown: reader.float64(),
  };
}
