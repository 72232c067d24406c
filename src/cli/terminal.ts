/**
 * What commands say to people, and to programs that read it.
 *
 * @module
 */

/** Writes all of `text` to standard output. */
export function out(text: string): void {
  writeAll(Deno.stdout, text);
}

/** Writes all of `text` to standard error. */
export function err(text: string): void {
  writeAll(Deno.stderr, text);
}

/** Whether what is written to `stream` may hold colours: a person reads it, and has not asked for none. */
export function hasColour(stream: { isTerminal(): boolean }): boolean {
  return stream.isTerminal() && !Deno.noColor;
}

function writeAll(stream: { writeSync(bytes: Uint8Array): number }, text: string): void {
  const bytes = new TextEncoder().encode(text);
  for (let written = 0; written < bytes.length;) {
    written += stream.writeSync(bytes.subarray(written));
  }
}
