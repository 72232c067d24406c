/**
 * Writes to a connection that takes bytes as it has room.
 *
 * @module
 */

/**
 * Writes all of `bytes`.
 *
 * @throws {Error} as the system reports it
 */
export async function writeAll(conn: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let offset = 0; offset < bytes.length;) {
    offset += await conn.write(bytes.subarray(offset));
  }
}
