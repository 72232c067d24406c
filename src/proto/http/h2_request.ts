/**
 * The first request of an HTTP/2 connection: the frames up to its header, and what that says (RFC 9113 §4, §6, §8.3).
 *
 * @module
 */

import { NEED_MORE } from "../../model/verdict.ts";
import { latin1, Reader } from "../bytes.ts";
import { HpackDecoder } from "./hpack.ts";
import type { RequestFields } from "./request_fields.ts";
import { hostOf, MAX_TARGET, pathOf } from "./request_target.ts";

const FRAME_HEADER = 9;

/** Longest payload before the server allows more (RFC 9113 §6.5.2). */
const MAX_PAYLOAD = 16_384;

const DATA = 0;
const HEADERS = 1;
const RST_STREAM = 3;
const SETTINGS = 4;
const PUSH_PROMISE = 5;
const GOAWAY = 7;
const CONTINUATION = 9;

/** Frames that cannot come before the first request, or make it the last thing that matters. */
const OUT_OF_PLACE: ReadonlySet<number> = new Set([
  DATA,
  RST_STREAM,
  PUSH_PROMISE,
  GOAWAY,
  CONTINUATION,
]);

type Said = Omit<RequestFields, "consumed">;

const NOTHING: Said = { host: null, path: null };

const END_HEADERS = 0x04;
const PADDED = 0x08;
const PRIORITY = 0x20;

interface Frame {
  readonly kind: "frame";
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Uint8Array;
  /** Behind the payload. */
  readonly end: number;
}

/** There is no frame that can be waited for. */
interface NoFrame {
  readonly kind: "none";
  /** Bytes that this rests on. */
  readonly end: number;
}

/** Looks for the header in frames that come in pieces. Each frame is looked at once. */
export class H2RequestSearch {
  readonly #start: number;
  #position: number;
  /** Stream of the header block, once it has begun. */
  #stream: number | null = null;
  /** Where the pieces of the block are. */
  readonly #fragments: { readonly start: number; readonly end: number }[] = [];

  /** @param start where the first frame begins, behind the preface */
  constructor(start: number) {
    this.#start = start;
    this.#position = start;
  }

  /**
   * The search ends with the first header block, and at anything that the protocol does not allow before.
   *
   * @param bound where it ends at the latest
   */
  find(head: Uint8Array, bound: number): RequestFields | typeof NEED_MORE {
    for (;;) {
      const frame = readFrame(head, this.#position, bound);
      if (frame.kind === "needMore") return NEED_MORE;
      const consumed = frame.end;
      if (frame.kind === "none" || !this.#isExpected(frame)) return { ...NOTHING, consumed };
      if (frame.type === HEADERS || frame.type === CONTINUATION) {
        if (!this.#addFragment(frame)) return { ...NOTHING, consumed };
        if ((frame.flags & END_HEADERS) !== 0) {
          return { ...readBlock(this.#block(head)), consumed };
        }
      }
      this.#position = frame.end;
    }
  }

  #isExpected({ type, stream }: Frame): boolean {
    if (this.#position === this.#start) return type === SETTINGS; // RFC 9113 §3.4
    if (this.#stream !== null) return type === CONTINUATION && stream === this.#stream; // §6.10
    return !OUT_OF_PLACE.has(type);
  }

  /** Notes where the piece of the block in a frame is, without padding and priority (§6.2); false if these do not fit. */
  #addFragment({ type, flags, stream, payload, end }: Frame): boolean {
    const reader = new Reader(payload);
    const isFirst = type === HEADERS;
    const padding = isFirst && (flags & PADDED) !== 0 ? reader.u8() : 0;
    if (isFirst && (flags & PRIORITY) !== 0) reader.skip(5);
    const length = reader.remaining - padding;
    if (reader.overrun || length < 0) return false;
    const start = end - reader.remaining;
    this.#stream = stream;
    this.#fragments.push({ start, end: start + length });
    return true;
  }

  #block(head: Uint8Array): Uint8Array {
    const length = this.#fragments.reduce((sum, { start, end }) => sum + end - start, 0);
    const block = new Uint8Array(length);
    let offset = 0;
    for (const { start, end } of this.#fragments) {
      block.set(head.subarray(start, end), offset);
      offset += end - start;
    }
    return block;
  }
}

function readFrame(
  head: Uint8Array,
  position: number,
  bound: number,
): Frame | NoFrame | typeof NEED_MORE {
  const start = position + FRAME_HEADER;
  if (start > bound) return { kind: "none", end: position };
  if (head.length < start) return NEED_MORE;
  const length = (head[position] ?? 0) << 16 | (head[position + 1] ?? 0) << 8 |
    (head[position + 2] ?? 0);
  const end = start + length;
  if (length > MAX_PAYLOAD || end > bound) return { kind: "none", end: start };
  if (head.length < end) return NEED_MORE;
  const reader = new Reader(head, position + 3);
  const type = reader.u8();
  const flags = reader.u8();
  const stream = reader.u32() & 0x7fff_ffff;
  return { kind: "frame", type, flags, stream, payload: reader.take(length), end };
}

/** What a block says; nothing where it is broken. */
function readBlock(block: Uint8Array): Said {
  let authority: string | null = null;
  let target: string | null = null;
  let host: string | null = null;
  const isSound = new HpackDecoder().decode(block, ({ name, value }) => {
    const text = () => latin1(value.subarray(0, MAX_TARGET));
    switch (name.length <= ":authority".length ? latin1(name) : "") {
      case ":authority":
        authority ??= text();
        break;
      case ":path":
        target ??= text();
        break;
      case "host": // where there is no authority (RFC 9113 §8.3.1)
        host ??= text();
        break;
    }
    return authority === null || target === null ? "more" : "enough";
  });
  if (!isSound) return NOTHING;
  const asked: string | null = authority ?? host;
  return {
    host: asked === null ? null : hostOf(asked),
    path: target === null ? null : pathOf(target),
  };
}
