/**
 * A client of NSS's TLS with ECH: `tstclnt`, which Debian packages with `certutil` in libnss3-tools.
 *
 * @module
 */

import { trustAuthority } from "./nss_database.ts";
import { run } from "./programs.ts";
import { TempDir } from "./temp_dir.ts";

/** What it asks for, of 127.0.0.1. */
export interface NssRequest {
  readonly port: number;
  readonly name: string;
  /** ECHConfigList in base64. */
  readonly configList: string;
}

/** What it got. */
export interface NssAnswer {
  /** All that the server said over TLS; empty where there was no connection. */
  readonly response: string;
  /** Where ECH was rejected: the configurations to try again with, in base64. */
  readonly retryConfigs: string | null;
  /** What it complained of. */
  readonly complaint: string;
}

/** The client, with an authority that it trusts. Needs `tstclnt` and `certutil`. */
export class NssClient implements AsyncDisposable {
  readonly #dir: TempDir;

  private constructor(dir: TempDir) {
    this.#dir = dir;
  }

  static async make(authorityPath: string): Promise<NssClient> {
    await using stack = new AsyncDisposableStack();
    const dir = stack.use(await TempDir.make());
    await trustAuthority(`${dir.path}/db`, authorityPath);
    stack.move();
    return new NssClient(dir);
  }

  /** Gets `/` by HTTP/1.1. */
  async get(request: NssRequest, behind: readonly string[] = []): Promise<NssAnswer> {
    const text = `GET / HTTP/1.1\r\nHost: ${request.name}\r\nConnection: close\r\n\r\n`;
    const path = await this.#dir.write(crypto.randomUUID(), text);
    const [program = "", ...args] = [...behind, "tstclnt", ...this.arguments(request), "-A", path];
    const { stdout, stderr } = await run(program, args, { timeoutMs: 30_000 });
    return {
      response: stdout,
      retryConfigs: /^Received ECH retry_configs: \n(\S+)$/m.exec(stderr)?.[1] ?? null,
      complaint: stderr,
    };
  }

  /** The words after `tstclnt`; it then sends what it reads from its standard input. */
  arguments({ port, name, configList }: NssRequest): string[] {
    return [
      ...["-h", "127.0.0.1", "-p", String(port), "-a", name, "-d", `sql:${this.#dir.path}/db`],
      ...["-V", "tls1.3:tls1.3", "-N", configList],
    ];
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#dir[Symbol.asyncDispose]();
  }
}
