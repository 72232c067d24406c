/**
 * What the proxy wrote to its access log, to tell by it which service took a request.
 *
 * @module
 */

import type { LineSink } from "../../ops/line_sink.ts";

/** Where a flow went. */
export interface AccessRecord {
  readonly service: string;
  /** `host:port`. */
  readonly target: string;
}

/** Takes the proxy's log lines and remembers the `[start]` lines of the access log. */
export class AccessRecords implements LineSink {
  /** Called with each line from when it is set on. */
  onLine: (line: string) => void = () => {};
  readonly #records = new Map<string, AccessRecord>();
  #wake = Promise.withResolvers<void>();
  #rest = "";

  /** The record of the flow from a client's port; waits for it until it is written. */
  async find(transport: "tcp" | "udp", clientPort: number): Promise<AccessRecord> {
    while (true) {
      const record = this.#records.get(`${transport} ${clientPort}`);
      if (record !== undefined) return record;
      await this.#wake.promise;
    }
  }

  write(bytes: Uint8Array): Promise<number> {
    const lines = (this.#rest + new TextDecoder().decode(bytes)).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#take(line);
    this.#wake.resolve();
    this.#wake = Promise.withResolvers();
    return Promise.resolve(bytes.length);
  }

  reopen(): Promise<void> {
    return Promise.resolve();
  }

  isFinal(): boolean {
    return false;
  }

  close(): void {}

  #take(line: string): void {
    const [, transport, port, service = "", target = ""] =
      /\[start\] (tcp|udp)\S*: \S+:(\d+) -> .* service=(\S+) .*target=(\S+)/.exec(line) ?? [];
    if (transport !== undefined) this.#records.set(`${transport} ${port}`, { service, target });
    this.onLine(line);
  }
}
