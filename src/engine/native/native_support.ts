/**
 * Whether the native engine can be had here.
 *
 * @module
 */

import { NativeUnavailable, openLibc } from "./sys/libc.ts";
import { selfTest } from "./sys/self_test.ts";

/**
 * Asks for permissions without a prompt, opens the C library and tries the system calls that the engine is built on.
 *
 * @returns null where it can; else why it cannot, to end a sentence such as `Cannot use the native engine: `
 */
export function nativeSupport(): string | null {
  try {
    using libc = openLibc();
    const fault = selfTest(libc);
    if (fault !== null) return `this system does not do what it needs (${fault})`;
  } catch (error) {
    if (error instanceof NativeUnavailable) return error.reason;
    throw error;
  }
  return canReadModules() ? null : "not permitted by --allow-read to load its threads";
}

/** The end of this file's URL, unless all modules were made one file. */
const OWN_PATH = "/engine/native/native_support.ts";

/** Threads read the modules that they run, unlike the program, whose modules Deno reads without asking. */
function canReadModules(): boolean {
  const { url } = import.meta;
  const path = url.endsWith(OWN_PATH) ? new URL("../..", url) : new URL(url);
  if (path.protocol !== "file:") return true;
  const { state, partial } = Deno.permissions.querySync({ name: "read", path });
  // Partial: granted but for what --deny-read lists.
  return state === "granted" && !partial;
}
