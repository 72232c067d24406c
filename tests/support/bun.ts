/**
 * Bun as a peer that knows ECH: its TLS and QUIC are BoringSSL's, which takes inner hellos without any key of its own.
 *
 * It comes as one program from npm, pinned in tests/programs. `deno task test:programs` fetches it; tests that find it
 * missing are ignored, as with any other program.
 *
 * @module
 */

/** Path of the program, which may not be there: `needs("bun")`. */
export const BUN = new URL(
  "../programs/node_modules/@oven/bun-linux-x64/bin/bun",
  import.meta.url,
).pathname;
