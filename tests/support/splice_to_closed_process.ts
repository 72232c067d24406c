/**
 * Splices into a socket whose other side is gone, in a process that SIGPIPE would end, and prints what came of it.
 *
 * @module
 */

import { errnoName } from "../../src/engine/native/sys/errno.ts";
import { AF_UNIX, SIGPIPE, SOCK_STREAM } from "../../src/engine/native/sys/layout.ts";
import { openLibc } from "../../src/engine/native/sys/libc.ts";
import { permittedLibrary } from "../../src/engine/native/sys/open_library.ts";

const SIG_DFL = 0n;

if (import.meta.main) {
  // Deno ignores the signal from its start: undo that.
  const library = Deno.dlopen(permittedLibrary() ?? "", {
    signal: { parameters: ["i32", "usize"], result: "usize" },
  });
  library.symbols.signal(SIGPIPE, SIG_DFL);

  using libc = openLibc();
  const pair = new Int32Array(2);
  const pipe = new Int32Array(2);
  libc.socketpair(AF_UNIX, SOCK_STREAM, pair);
  libc.pipe2(pipe);
  const [near = -1, far = -1] = pair;
  const [read = -1, write = -1] = pipe;
  libc.send(near, new Uint8Array(4), 4, 0);
  libc.splice(far, write, 4, 0);
  libc.close(near);
  console.log(errnoName(-libc.splice(read, far, 4, 0)), errnoName(-libc.splice(read, far, 4, 0)));
}
