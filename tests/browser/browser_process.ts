/**
 * A browser as a program: with all the processes that it starts, so that none of them outlives the test.
 *
 * @module
 */

import { findProgram, SEARCH_PATH } from "../support/programs.ts";

/** A running browser. Disposing of it kills its whole process group. */
export class BrowserProcess implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #output: Promise<unknown>;
  readonly #watchers = new Set<() => void>();
  readonly #lines: string[] = [];
  #text = "";
  #hasEnded = false;

  /**
   * @param program its name
   * @param home a folder of the test's own, which stands for that of a person
   */
  constructor(program: string, args: readonly string[], home: string) {
    this.#child = new Deno.Command(findProgram(program) ?? program, {
      args: [...args],
      clearEnv: true,
      env: { PATH: SEARCH_PATH, HOME: home, LANG: "C.UTF-8" },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
      detached: true, // the leader of a process group
    }).spawn();
    this.#output = Promise.all([
      this.#read(this.#child.stdout, (text) => this.#text += text),
      this.#read(this.#child.stderr, () => {}),
    ]).then(() => {
      this.#hasEnded = true;
      this.#wake();
    });
  }

  /** Its standard output, when it has ended. */
  async output(): Promise<string> {
    await this.#output;
    return this.#text;
  }

  /** Lines of its output and its complaints so far. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  /** Waits for text in a line, and returns the first group of the pattern; null when it ends before. */
  async waitFor(pattern: RegExp): Promise<string | null> {
    while (true) {
      for (const line of this.#lines) {
        const match = pattern.exec(line);
        if (match !== null) return match[1] ?? "";
      }
      if (this.#hasEnded) return null;
      await new Promise<void>((resolve) => this.#watchers.add(resolve));
    }
  }

  kill(): void {
    try {
      Deno.kill(-this.#child.pid, "SIGKILL");
    } catch {
      // All of them have ended.
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill();
    await Promise.all([this.#child.status, this.#output]);
  }

  async #read(stream: ReadableStream<Uint8Array<ArrayBuffer>>, take: (text: string) => void) {
    let rest = "";
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      take(text);
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      this.#lines.push(...lines);
      this.#wake();
    }
  }

  #wake(): void {
    for (const resolve of this.#watchers) resolve();
    this.#watchers.clear();
  }
}
