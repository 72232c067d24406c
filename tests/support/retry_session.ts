/**
 * A server of retry configurations and its client, without a network between them.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { StreamFilter } from "../../src/model/flow.ts";
import { encodeRecord } from "../../src/proto/tls13/record.ts";
import { CONTENT } from "../../src/proto/tls/record_layer.ts";
import { RetryServer, type RetryStep } from "../../src/proto/tls13/retry_server.ts";
import { concat } from "./client_hello_builder.ts";
import {
  fixedRandom,
  PUBLIC_KEY,
  publicKeyOf,
  RETRY,
  type RetryRejection,
} from "./retry_rejection.ts";
import { type OfferSpec, type ServerSaid, Tls13Client } from "./tls13_client.ts";

/** A server with a client, and what that has sent. */
export class RetrySession {
  readonly client = new Tls13Client();
  readonly server: RetryServer;
  /** All that the client has sent. */
  head: Uint8Array = new Uint8Array(0);

  constructor(ech: RetryRejection = RETRY) {
    this.server = new RetryServer({ ech, random: fixedRandom() });
  }

  /** Sends more. */
  push(...parts: readonly Uint8Array[]): RetryStep {
    this.head = concat(this.head, ...parts);
    return this.server.push(this.head);
  }

  /** What the server answers to bytes that it needs more after. */
  reply(...parts: readonly Uint8Array[]): Uint8Array {
    const step = this.push(...parts);
    assert.ok(step.kind === "needMore" && step.reply !== null, step.kind);
    return step.reply;
  }
}

/** A session up to the server's flight. */
export function shakeHands(spec: OfferSpec = {}, ech: RetryRejection = RETRY): {
  readonly session: RetrySession;
  readonly client: Tls13Client;
  readonly reply: Uint8Array;
  readonly said: ServerSaid;
} {
  const session = new RetrySession(ech);
  const { client } = session;
  const reply = session.reply(client.helloRecord(spec));
  const key = ech === RETRY ? PUBLIC_KEY : publicKeyOf(ech);
  return { session, client, reply, said: client.takeFlight(reply, key) };
}

/** A session whose client has begun to talk; the channel is yet to be given `first`, its records so far. */
export function connect(...said: readonly Uint8Array[]): {
  readonly client: Tls13Client;
  readonly channel: StreamFilter;
  readonly first: Uint8Array;
} {
  const { session, client } = shakeHands();
  const step = session.push(client.finished(), ...said.map((bytes) => client.data(bytes)));
  assert.ok(step.kind === "connected", step.kind);
  return { client, channel: step.channel, first: session.head.slice(step.consumed) };
}

/** The alert of a fault that is told in the clear. */
export function clearAlertOf(step: RetryStep): number | undefined {
  assert.ok(step.kind === "fault" && step.reply !== null, step.kind);
  assert.equal(step.reply.subarray(0, 6).toHex(), "150303000202");
  return step.reply[6];
}

/** The alert of a fault that is told by a sealed record, and by nothing else. */
export function sealedAlert(client: Tls13Client, step: RetryStep): number | undefined {
  assert.ok(step.kind === "fault" && step.reply !== null, step.kind);
  const [alert, ...others] = client.open(step.reply);
  assert.equal(others.length, 0);
  assert.equal(alert?.type, CONTENT.alert);
  assert.equal(alert?.content[0], 2, "fatal");
  return alert?.content[1];
}

/** Records of application data that nobody has sealed. */
export function sealedByNobody(count: number, length: number): Uint8Array {
  const record = encodeRecord(CONTENT.applicationData, new Uint8Array(length).fill(0x99));
  return concat(...Array.from({ length: count }, () => record));
}
