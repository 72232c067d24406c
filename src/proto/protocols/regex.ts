/**
 * What a person describes by regular expressions.
 *
 * @module
 */

import type { Detected, FieldNeeds } from "../../model/protocol.ts";
import { NEED_MORE, NO_MATCH, type Verdict } from "../../model/verdict.ts";
import {
  plainMatch,
  type TcpDetector,
  type TcpProtocolSpec,
  type UdpProtocolSpec,
} from "../detector.ts";
import { type BytePattern, compilePattern, type PatternState } from "../pattern.ts";

/** Bytes that patterns are tried on. */
const MAX_BYTES = 1024;

/** Patterns for the first bytes of a TCP connection. */
export const REGEX_TCP: TcpProtocolSpec = {
  name: "regex",
  certainty: "weak",
  bound: MAX_BYTES,
  fields: ["pattern"],
  versions: [],
  prepare: (needs) => {
    const patterns = compileAll(needs);
    return () => streamDetector(patterns);
  },
};

/** Patterns for the first datagram of a UDP flow. */
export const REGEX_UDP: UdpProtocolSpec = {
  name: "regex",
  certainty: "weak",
  bound: 1,
  fields: ["pattern"],
  versions: [],
  prepare: (needs) => {
    const patterns = compileAll(needs);
    return () => (held) => {
      const first = held[0];
      if (first === undefined) return NEED_MORE;
      for (const named of patterns) {
        if (fitsStart(named.pattern, first)) return match(named, 1);
      }
      return NO_MATCH;
    };
  },
};

interface Named {
  readonly pattern: BytePattern;
  /** Null where no rule asks which one it was. */
  readonly text: string | null;
}

function compileAll({ fields, values }: FieldNeeds): readonly Named[] {
  const isWanted = fields.has("pattern");
  return values.map((text) => ({ pattern: compilePattern(text), text: isWanted ? text : null }));
}

function match({ text }: Named, consumed: number): Verdict<Detected> {
  return plainMatch("regex", null, consumed, text === null ? undefined : { pattern: text });
}

/** Shows each byte to all patterns that may still fit. The first in the file that fits is the one. */
function streamDetector(patterns: readonly Named[]): TcpDetector {
  const states: PatternState[] = patterns.map(({ pattern }) => pattern.start);
  let first = 0;
  let position = 0;
  return (head) => {
    if (head.length === 0) return NEED_MORE;
    const end = Math.min(head.length, MAX_BYTES);
    for (;;) {
      while (states[first] === "fails") first++;
      const named = patterns[first];
      if (named === undefined) return NO_MATCH;
      if (states[first] === "fits") return match(named, position);
      if (position === MAX_BYTES) {
        // What could still fit had its chance: one behind it may have fitted long ago.
        const fitting = patterns.find((_, i) => states[i] === "fits");
        return fitting === undefined ? NO_MATCH : match(fitting, position);
      }
      if (position >= end) return NEED_MORE;
      step(patterns, states, first, head[position++] ?? 0);
    }
  };
}

function step(
  patterns: readonly Named[],
  states: PatternState[],
  first: number,
  byte: number,
): void {
  for (let i = first; i < states.length; i++) {
    const state = states[i];
    const next = typeof state === "object" ? patterns[i]?.pattern.step(state, byte) : state;
    if (next !== undefined) states[i] = next;
  }
}

function fitsStart(pattern: BytePattern, bytes: Uint8Array): boolean {
  const end = Math.min(bytes.length, MAX_BYTES);
  let state = pattern.start;
  for (let i = 0; typeof state === "object" && i < end; i++) {
    state = pattern.step(state, bytes[i] ?? 0);
  }
  return state === "fits";
}
