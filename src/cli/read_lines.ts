/**
 * Lines of a byte stream, as they arrive and within a bound.
 *
 * @module
 */

/** A line without its line feed; null stands for one that was longer than the bound, and was passed over. */
export type Line = string | null;

/**
 * Splits a stream at line feeds. Yields all lines that one read completed together, so that the reader can answer
 * them together. What follows the last line feed is a line too, unless empty.
 */
export async function* readLines(
  stream: AsyncIterable<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<Line[]> {
  const decoder = new TextDecoder();
  let parts: Uint8Array[] = [];
  let held = 0;

  const take = (): Line => {
    const line = held > maxBytes ? null : decoder.decode(concat(parts, held));
    parts = [];
    held = 0;
    return line;
  };

  for await (const chunk of stream) {
    const lines: Line[] = [];
    let start = 0;
    for (let end; (end = chunk.indexOf(LINE_FEED, start)) !== -1; start = end + 1) {
      parts.push(chunk.subarray(start, end));
      held += end - start;
      lines.push(take());
    }
    held += chunk.length - start;
    // Past the bound only the count goes on.
    if (held > maxBytes) parts = [];
    else if (start < chunk.length) parts.push(chunk.slice(start));
    if (lines.length > 0) yield lines;
  }
  if (held > 0) yield [take()];
}

const LINE_FEED = 0x0a;

function concat(parts: readonly Uint8Array[], length: number): Uint8Array {
  if (parts.length === 1 && parts[0] !== undefined) return parts[0];
  const whole = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
