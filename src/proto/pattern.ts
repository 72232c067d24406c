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

/** A set of places in the program at once. */
export interface LiveState {
  /** Instructions that read the next byte, in ascending order. */
  readonly places: readonly number[];
  /** The state behind each byte; undefined where it has not been asked for. */
  readonly next: (PatternState | undefined)[];
}

/**
 * A compiled pattern. It fits a stream as soon as it fits what the stream begins with: there is no need to write `^`, and a
 * pattern that may begin anywhere is written `(?s).*` first. A character stands for a byte.
 */
export class BytePattern {
  readonly #program: Program;
  readonly #states = new Map<string, LiveState>();
  /** Before the first byte. */
  readonly start: PatternState;

  constructor(program: Program) {
    this.#program = program;
    this.start = this.#stateOf([program.start], true);
  }

  /** The state behind one more byte. */
  step(state: LiveState, byte: number): PatternState {
    const known = state.next[byte];
    if (known !== undefined) return known;
    const followers: number[] = [];
    for (const place of state.places) {
      const instruction = this.#program.instructions[place];
      if (instruction?.kind === "byte" && instruction.bytes[byte] === 1) {
        followers.push(instruction.out);
      }
    }
    const next = this.#stateOf(followers, false);
    state.next[byte] = next;
    return next;
  }

  /** Follows what reads nothing, to the places that read a byte. */
  #stateOf(from: readonly number[], atStart: boolean): PatternState {
    const seen = new Set<number>();
    const open = [...from];
    const places: number[] = [];
    for (let place = open.pop(); place !== undefined; place = open.pop()) {
      if (seen.has(place)) continue;
      seen.add(place);
      const instruction = this.#program.instructions[place];
      switch (instruction?.kind) {
        case "fit":
          return "fits";
        case "byte":
          places.push(place);
          break;
        case "start":
          if (atStart) open.push(instruction.out);
          break;
        case "fork":
          open.push(...instruction.outs);
          break;
      }
    }
    if (places.length === 0) return "fails";
    return this.#kept(places.sort((a, b) => a - b));
  }

  #kept(places: readonly number[]): LiveState {
    const id = places.join();
    const known = this.#states.get(id);
    if (known !== undefined) return known;
    // States that flows are in stay alive with them; the others are worked out again when they are needed.
    if (this.#states.size >= MAX_STATES) this.#forget();
    const state: LiveState = { places, next: [] };
    this.#states.set(id, state);
    return state;
  }

  #forget(): void {
    for (const state of this.#states.values()) state.next.length = 0;
    this.#states.clear();
  }
}

/**
 * Compiles a pattern.
 *
 * @throws {PatternError} when it is no expression of RE2, asks for what is not known of a stream, or fits everything
 */
export function compilePattern(text: string): BytePattern {
  const pattern = new BytePattern(compile(text));
  if (pattern.start === "fits") {
    throw new PatternError("it fits every flow", "Such flows go to the default target");
  }
  if (pattern.start === "fails") throw new PatternError("it fits no flow");
  return pattern;
}

type Instruction =
  | { readonly kind: "byte"; readonly bytes: Uint8Array; readonly out: number }
  | { readonly kind: "fork"; readonly outs: readonly number[] }
  | { readonly kind: "start"; readonly out: number }
  | { readonly kind: "fit" }
  | { readonly kind: "fail" };

interface Program {
  readonly instructions: readonly Instruction[];
  readonly start: number;
}

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

function compile(text: string): Program {
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
  return { instructions: source.inst.map(readInstruction), start: source.start };
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
