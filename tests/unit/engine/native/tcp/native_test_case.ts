/**
 * Tests that make system calls: skipped where the native engine cannot run.
 *
 * @module
 */

import { SocketsRig } from "./sockets_rig.ts";

/** Registers a test that gets sockets. */
export function nativeTest(name: string, run: (rig: SocketsRig) => void): void {
  Deno.test({
    name,
    ignore: Deno.build.os !== "linux",
    fn: () => {
      using rig = new SocketsRig();
      run(rig);
    },
  });
}
