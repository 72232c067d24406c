/**
 * Whole lines and whole blocks from a connection that gives bytes as they come.
 *
 * @module
 */

/** Writes all of a text. */
export async function writeText(conn: Deno.Conn, text: string): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  for (let sent = 0; sent < bytes.length;) sent += await conn.write(bytes.subarray(sent));
}

/** Reads a line, without its end; null when the connection has ended. */
export async function readLine(conn: Deno.Conn): Promise<string | null> {
  const byte = new Uint8Array(1);
  let line = "";
  while (!line.endsWith("\n") && await conn.read(byte) !== null) {
    line += String.fromCharCode(byte[0] ?? 0);
  }
  return line === "" ? null : line.trimEnd();
}

/**
 * Reads exactly `length` bytes.
 *
 * @throws {Error} when the connection ends before
 */
export async function readExactly(conn: Deno.Conn, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  for (let filled = 0; filled < length;) {
    const count = await conn.read(bytes.subarray(filled));
    if (count === null) throw new Error("The connection was closed too early");
    filled += count;
  }
  return bytes;
}

/** Reads to the end. */
export async function readText(conn: Deno.Conn): Promise<string> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(4096);
  let text = "";
  for (let count; (count = await conn.read(buffer)) !== null;) {
    text += decoder.decode(buffer.subarray(0, count), { stream: true });
  }
  return text;
}
