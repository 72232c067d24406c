/**
 * Regular expressions over bytes that come one after the other, in linear time whatever the expression.
 *
 * Parsing and compiling are those of RE2 (npm:re2js), which has no back-references and no look-around, so that every
 * expression has an automaton. Running it is done here, as RE2 looks at whole texts only: bytes of a stream are to be
 * looked at once, and a stream that can no longer fit must be known as such.
 *
 * @module
 */

import { RE2JS } from "re2js";

/** Most instructions of a program: what one byte can cost. */
const MAX_INSTRUCTIONS = 500;

/** States that are kept of one pattern; more are worked out anew. */
const MAX_STATES = 256;

/** A pattern cannot be used; the message says why, without a full stop. */
export class PatternError extends Error {
  override readonly name = "PatternError";
  readonly hint: string | null;

  constructor(message: string, hint: string | null = null) {
    super(message);
    this.hint = hint;
  }
}

/** Where a pattern is in a stream. */
export type PatternState = "fits" | "fails" | LiveState;

/** A set of places at once. */
export interface LiveState {
  /** A bit for each place, 16 to a word. */
  readonly places: Uint16Array;
  /** The state behind each byte that has been asked for; null in a state that is not kept. */
  readonly next: (PatternState | undefined)[] | null;
}

/**
 * A compiled pattern. It fits a stream as soon as it fits what the stream begins with: there is no need to write `^`, and a
 * pattern that may begin anywhere is written `(?s).*` first. A character stands for a byte.
 */
export class BytePattern {
  readonly #places: readonly Place[];
  readonly #states = new Map<string, LiveState>();
  /** A state while it is put together. */
  readonly #draft: Uint16Array;
  /** Before the first byte. */
  readonly start: PatternState;

  constructor({ places, start }: Automaton) {
    this.#places = places;
    this.#draft = new Uint16Array(Math.ceil(places.length / 16));
    this.start = this.#mark(start) ? "fits" : this.#drafted();
  }

  /** The state behind one more byte. */
  step(state: LiveState, byte: number): PatternState {
    const known = state.next?.[byte];
    if (known !== undefined) return known;
    const next = this.#follow(state, byte);
    const isKept = typeof next === "string" || next.next !== null;
    if (state.next !== null && isKept) state.next[byte] = next;
    return next;
  }

  #follow({ places }: LiveState, byte: number): PatternState {
    this.#draft.fill(0);
    for (let word = 0; word < places.length; word++) {
      let bits = places[word] ?? 0;
      while (bits !== 0) {
        const highest = 31 - Math.clz32(bits);
        bits ^= 1 << highest;
        const place = this.#places[word * 16 + highest];
        if (place?.bytes[byte] === 1 && this.#mark(place.behind)) return "fits";
      }
    }
    return this.#drafted();
  }

  /** Adds to the state that is put together; true where there is nothing to add, as the end is reached. */
  #mark(behind: Behind): boolean {
    if (behind === "fits") return true;
    const draft = this.#draft;
    for (const place of behind) draft[place >> 4] = (draft[place >> 4] ?? 0) | 1 << (place & 15);
    return false;
  }

  /** The state that has been put together. Those that come first are kept, and so found again. */
  #drafted(): PatternState {
    const id: string = Reflect.apply(String.fromCharCode, null, this.#draft);
    const known = this.#states.get(id);
    if (known !== undefined) return known;
    if (this.#draft.every((word) => word === 0)) return "fails";
    const isKept = this.#states.size < MAX_STATES;
    const state: LiveState = { places: this.#draft.slice(), next: isKept ? [] : null };
    if (isKept) this.#states.set(id, state);
    return state;
  }
}

/**
 * Compiles a pattern.
 *
 * @throws {PatternError} when it is no expression of RE2, asks for what is not known of a stream, or fits everything
 */
export function compilePattern(text: string): BytePattern {
  // deno-lint-ignore no-control-regex -- the range of ASCII
  const [foreign] = /[^\x00-\x7f]/u.exec(text) ?? [];
  if (foreign !== undefined) {
    throw new PatternError(
      `${JSON.stringify(foreign)} is no byte`,
      `Write the bytes that clients send: in UTF-8 it is ${escapedBytes(foreign)}`,
    );
  }
  const automaton = compile(text);
  if (automaton.start === "fits") {
    throw new PatternError("it fits every flow", "Such flows go to the default target");
  }
  if (!canFit(automaton)) throw new PatternError("it fits no flow");
  return new BytePattern(automaton);
}

function escapedBytes(character: string): string {
  return Array.from(
    new TextEncoder().encode(character),
    (byte) => `\\x${byte.toString(16)}`,
  ).join("");
}

/** A place in an expression that reads a byte. */
interface Place {
  /** 1 for each byte that it reads. */
  readonly bytes: Uint8Array;
  readonly behind: Behind;
}

/** Numbers of the places that come next; `fits` where the expression is at an end. */
type Behind = readonly number[] | "fits";

interface Automaton {
  readonly places: readonly Place[];
  readonly start: Behind;
}

/** An instruction of a program; all but `byte` read nothing. */
type Instruction =
  | { readonly kind: "byte"; readonly bytes: Uint8Array; readonly out: number }
  | { readonly kind: "fork"; readonly outs: readonly number[] }
  | { readonly kind: "start"; readonly out: number }
  | { readonly kind: "fit" }
  | { readonly kind: "fail" };

/** An instruction as RE2 has it. */
interface Re2Instruction {
  readonly op: number;
  readonly out: number;
  readonly arg: number;
  matchRune(rune: number): boolean;
}

/** Codes of RE2's instructions. */
const OP = {
  alt: 1,
  altMatch: 2,
  capture: 3,
  emptyWidth: 4,
  fail: 5,
  match: 6,
  nop: 7,
  rune: 8,
  rune1: 9,
  runeAny: 10,
  runeAnyNotNewline: 11,
} as const;

/** Where an instruction without width wants to be: at the start of the text. */
const BEGIN_TEXT = 4;

const NEWLINE = 0x0a;

function compile(text: string): Automaton {
  let source: { readonly inst: readonly Re2Instruction[]; readonly start: number };
  try {
    source = RE2JS.compile(text).re2().prog;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new PatternError(message.replace(/^error parsing regexp: /, ""));
  }
  if (source.inst.length > MAX_INSTRUCTIONS) {
    throw new PatternError(
      `it is too large: ${source.inst.length} instructions, at most ${MAX_INSTRUCTIONS}`,
      "Repeat less often, or make several patterns of it",
    );
  }
  const instructions = source.inst.map(readInstruction);
  return {
    places: instructions.map((instruction) =>
      instruction.kind === "byte"
        ? { bytes: instruction.bytes, behind: findBehind(instructions, instruction.out, false) }
        : NOWHERE
    ),
    start: findBehind(instructions, source.start, true),
  };
}

/** Stands for an instruction that is no place, so that places have the numbers of their instructions. */
const NOWHERE: Place = { bytes: new Uint8Array(256), behind: [] };

/** Follows what reads nothing, to the places that read a byte. */
function findBehind(instructions: readonly Instruction[], from: number, atStart: boolean): Behind {
  const seen = new Set<number>();
  const open = [from];
  const places: number[] = [];
  for (let index = open.pop(); index !== undefined; index = open.pop()) {
    if (seen.has(index)) continue;
    seen.add(index);
    const instruction = instructions[index];
    switch (instruction?.kind) {
      case "fit":
        return "fits";
      case "byte":
        if (instruction.bytes.includes(1)) places.push(index);
        break;
      case "start":
        if (atStart) open.push(instruction.out);
        break;
      case "fork":
        open.push(...instruction.outs);
        break;
    }
  }
  return places;
}

function canFit({ places, start }: Automaton): boolean {
  const seen = new Set<number>(start === "fits" ? [] : start);
  for (const number of seen) {
    const behind = places[number]?.behind ?? [];
    if (behind === "fits") return true;
    for (const follower of behind) seen.add(follower);
  }
  return start === "fits";
}

function readInstruction(instruction: Re2Instruction): Instruction {
  const { op, out, arg } = instruction;
  switch (op) {
    case OP.alt:
    case OP.altMatch:
      return { kind: "fork", outs: [out, arg] };
    case OP.capture:
    case OP.nop:
      return { kind: "fork", outs: [out] };
    case OP.emptyWidth:
      if (arg === BEGIN_TEXT) return { kind: "start", out };
      throw new PatternError(
        "the ends of lines, of words and of the text cannot be asked for",
        "Write the bytes that follow instead, as in \\r\\n for $",
      );
    case OP.match:
      return { kind: "fit" };
    case OP.fail:
      return { kind: "fail" };
    case OP.rune:
    case OP.rune1:
      return { kind: "byte", bytes: bytesOf((byte) => instruction.matchRune(byte)), out };
    case OP.runeAny:
      return { kind: "byte", bytes: bytesOf(() => true), out };
    case OP.runeAnyNotNewline:
      return { kind: "byte", bytes: bytesOf((byte) => byte !== NEWLINE), out };
    default:
      throw new PatternError("look-behind cannot be asked for");
  }
}

function bytesOf(fits: (byte: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => fits(byte) ? 1 : 0);
}
