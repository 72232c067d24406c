/**
 * Tells the code of a TypeScript file from its comments and literals, so that a search finds code only.
 *
 * @module
 */

/** A source text taken apart. */
export interface MaskedSource {
  /** The text at its full length, with comments and all that quotes and regular expressions hold blanked out. */
  readonly code: string;
  /** What the strings hold, by the index of their opening quote. */
  readonly strings: ReadonlyMap<number, string>;
}

const COMMENT = /\/\/[^\n]*|\/\*[^]*?\*\//y;
const STRING = /"(?:\\[^]|[^"\\\n])*"|'(?:\\[^]|[^'\\\n])*'/y;
/** A slash begins a regular expression where a value is due; elsewhere it divides. */
const REGEXP =
  /(?<=(?:[=(,:?!&|[{};\n]|=>|\breturn)\s*)\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\//y;
/** From a backtick, or from the end of a `${}`, to the next of either. */
const TEMPLATE_PART = /[`}](?:\\[^]|[^`\\$]|\$(?!\{))*(?:`|\$\{)/y;

/** Masks one file. */
export function maskSource(text: string): MaskedSource {
  const strings = new Map<number, string>();
  const openBraces: number[] = []; // of each `${` that the position is in
  let code = "";
  while (code.length < text.length) {
    const index = code.length;
    const char = text.charAt(index);
    const opaque = matchAt(COMMENT, text, index) ?? matchAt(REGEXP, text, index);
    const string = opaque === null ? matchAt(STRING, text, index) : null;
    const endsSubstitution = char === "}" && openBraces.at(-1) === 0;
    if (opaque !== null) {
      code += blank(opaque);
    } else if (string !== null) {
      strings.set(index, string.slice(1, -1));
      code += char + blank(string.slice(1, -1)) + char;
    } else if (char === "`" || endsSubstitution) {
      const part = matchAt(TEMPLATE_PART, text, index) ?? char;
      if (endsSubstitution) openBraces.pop();
      if (part.endsWith("${")) openBraces.push(0);
      else if (char === "`") strings.set(index, part.slice(1, -1));
      code += blank(part);
    } else {
      const depth = openBraces.pop();
      if (depth !== undefined) {
        openBraces.push(char === "{" ? depth + 1 : char === "}" ? depth - 1 : depth);
      }
      code += char;
    }
  }
  return { code, strings };
}

function matchAt(pattern: RegExp, text: string, index: number): string | null {
  pattern.lastIndex = index;
  return pattern.exec(text)?.[0] ?? null;
}

function blank(text: string): string {
  return text.replace(/[^\n]/g, " ");
}
