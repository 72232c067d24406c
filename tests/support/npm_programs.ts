/**
 * Programs from npm that know ECH, as peers: BoringSSL is in each of them, which takes inner hellos without any key of its
 * own.
 *
 * They are pinned in tests/programs. `deno task test:programs` fetches them; tests that find one missing are ignored, as
 * with any other program.
 *
 * @module
 */

/** Bun, which may not be there: `needs("bun")`. */
export const BUN = path("@oven/bun-linux-x64/bin/bun");

/** Bindings of quiche for Node, which may not be there: `needs("quiche")`. */
export const QUICHE = path("@matrixai/quic-linux-x64/node.napi.node");

function path(name: string): string {
  return new URL(`../programs/node_modules/${name}`, import.meta.url).pathname;
}
