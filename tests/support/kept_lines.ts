/**
 * Log lines, kept for the test that caused them.
 *
 * @module
 */

import type { LineSink } from "../../src/ops/line_sink.ts";

/** Takes whatever is logged. */
export class KeptLines implements LineSink {
  text = "";

  write(bytes: Uint8Array): Promise<number> {
    this.text += new TextDecoder().decode(bytes);
    return Promise.resolve(bytes.length);
  }

  reopen(): Promise<void> {
    return Promise.resolve();
  }

  isFinal(): boolean {
    return false;
  }

  close(): void {}
}
