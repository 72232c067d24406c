/**
 * What of the C library belongs to one thread: its errno, and which signals reach it.
 *
 * @module
 */

import { EIO } from "./errno.ts";
import { SIG_BLOCK, SIGPIPE, SIGSET_SIZE } from "./layout.ts";
import type { LibcLibrary } from "./open_library.ts";

type Symbols = LibcLibrary["symbols"];

/** The thread that makes it. */
export class LibcThread {
  readonly #symbols: Symbols;
  readonly #errno = new Int32Array(new ArrayBuffer(4));
  /** Where `#errno` is: an address as a bigint that is made once costs a call nothing. */
  readonly #copy: bigint;
  /** Where errno is. */
  readonly #location: bigint;

  constructor(symbols: Symbols) {
    this.#symbols = symbols;
    this.#copy = addressOf(symbols, this.#errno.buffer);
    this.#location = symbols.__errno_location();
  }

  /** The error of the call before, which has failed. Never 0, so that a failure is never taken for a success. */
  errno(): number {
    this.#symbols.memcpy(this.#copy, this.#location, 4);
    return this.#errno[0] || EIO;
  }

  /**
   * Keeps the signal of a broken pipe from this thread, which is where the kernel sends it: `splice` to a socket whose
   * connection is gone raises it. Deno ignores it for the whole process, until some code listens for it and stops.
   */
  blockSigpipe(): void {
    const signals = new Uint8Array(new ArrayBuffer(SIGSET_SIZE));
    signals[(SIGPIPE - 1) >> 3] = 1 << ((SIGPIPE - 1) & 7);
    this.#symbols.pthread_sigmask(SIG_BLOCK, signals, null);
  }
}

/** Where a buffer is: `memset` returns where it has written, here nothing at all. */
export function addressOf(symbols: Symbols, buffer: ArrayBuffer): bigint {
  return symbols.memset(new Uint8Array(buffer), 0, 0);
}
