/**
 * What holds for {@linkcode RetryServer} whatever a client sends.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { StreamFilter } from "../../src/model/flow.ts";
import { MAX_ECH_RETRY_BYTES } from "../../src/model/limits.ts";
import { RetryServer, type RetryStep } from "../../src/proto/tls13/retry_server.ts";
import { concat } from "./client_hello_builder.ts";
import { fixedRandom, RETRY } from "./retry_rejection.ts";

/** What a connection came to. */
interface Course {
  readonly ending: RetryStep["kind"];
  readonly isFinished: boolean;
  /** All that the server has replied. */
  readonly replies: string;
  /** Where the data began. */
  readonly consumed: number | null;
  /** What went to the target, and how the channel ended. */
  readonly said: string;
  readonly next: string;
}

/**
 * Asserts that a client's bytes lead to the same in one piece and in chunks of these sizes, the last one repeated, and that
 * the server's patience has an end.
 *
 * @returns how the handshake ended
 */
export function assertRetryLaws(head: Uint8Array, sizes: readonly number[]): RetryStep["kind"] {
  const whole = follow(head, [head.length]);
  const inChunks = follow(head, sizes);
  assert.deepEqual({ ...inChunks, replies: "" }, { ...whole, replies: "" });
  // What the server still has to say is dropped with the last step of a client that is gone, or does not wait for it; and
  // one KeyUpdate answers as many as have come together.
  const isLost = whole.ending === "closed" || whole.ending === "connected";
  if (isLost || whole.isFinished) assert.ok(inChunks.replies.length >= whole.replies.length);
  else assert.equal(inChunks.replies, whole.replies);
  if (whole.ending === "needMore") {
    const filled = concat(head, new Uint8Array(Math.max(0, MAX_ECH_RETRY_BYTES - head.length)));
    assert.notEqual(follow(filled, [filled.length]).ending, "needMore");
  }
  return whole.ending;
}

function follow(bytes: Uint8Array, sizes: readonly number[]): Course {
  const server = new RetryServer({ ech: RETRY, random: fixedRandom() });
  const ends = chunkEnds(bytes.length, sizes);
  let replies = "";
  for (const [index, end] of ends.entries()) {
    const head = bytes.slice(0, end);
    const step = server.push(head);
    head.fill(0xff); // so that a view which is kept is found out
    if ("reply" in step) replies += step.reply?.toHex() ?? "";
    if (step.kind === "needMore") continue;
    const { isFinished } = server;
    const course = { ending: step.kind, isFinished, replies, consumed: null, said: "", next: "" };
    assert.equal(server.push(bytes.slice()).kind, "closed", "a handshake ends once");
    if (step.kind !== "connected") return course;
    const rest = [step.consumed, end, ...ends.slice(index + 1)];
    return { ...course, consumed: step.consumed, ...talk(step.channel, bytes, rest) };
  }
  const { isFinished } = server;
  return { ending: "needMore", isFinished, replies, consumed: null, said: "", next: "" };
}

/** Gives a channel the bytes between these offsets, and then the client's end. */
function talk(channel: StreamFilter, bytes: Uint8Array, offsets: readonly number[]) {
  let said = "";
  for (let i = 1; i < offsets.length; i++) {
    const chunk = bytes.slice(offsets[i - 1], offsets[i]);
    const { toTarget, next } = channel.fromClient(chunk);
    chunk.fill(0xff);
    said += toTarget?.toHex() ?? "";
    if (typeof next === "object") return { said, next: next.reason };
  }
  assert.equal(channel.clientEnded().toTarget, null);
  return { said, next: "filter" };
}

function chunkEnds(length: number, sizes: readonly number[]): number[] {
  const ends: number[] = [];
  let end = 0;
  for (let i = 0; end < length; i++) {
    end = Math.min(length, end + Math.max(1, sizes[Math.min(i, sizes.length - 1)] ?? 1));
    ends.push(end);
  }
  return ends;
}
