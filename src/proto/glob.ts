/**
 * Patterns of text in which a star stands for any text.
 *
 * @module
 */

/** Whether a text fits a pattern, in time linear in the text for each piece between two stars. */
export function matchesGlob(pattern: string, text: string): boolean {
  const star = pattern.indexOf("*");
  if (star < 0) return pattern === text;
  if (!text.startsWith(pattern.slice(0, star))) return false;
  const pieces = pattern.slice(star + 1).split("*");
  const last = pieces.pop() ?? "";
  // The leftmost place is as good as any for each piece, as a star behind it takes what is left.
  let position = star;
  for (const piece of pieces) {
    const found = text.indexOf(piece, position);
    if (found < 0) return false;
    position = found + piece.length;
  }
  return text.length - last.length >= position && text.endsWith(last);
}
