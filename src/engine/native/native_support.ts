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

/** Threads read the modules that they run, unlike the program, whose modules Deno reads without asking. */
function canReadModules(): boolean {
  const path = new URL(import.meta.url);
  return path.protocol !== "file:" ||
    Deno.permissions.querySync({ name: "read", path }).state === "granted";
}
