/**
 * A network namespace with nothing but a loopback device: every port in it is free, and nothing leads out.
 *
 * @module
 */

import { runOk } from "./programs.ts";

/** The namespace. Needs `root`, `network namespaces` and `ip`. */
export class LoopbackNamespace implements AsyncDisposable {
  /** Command words that run what follows them in it. */
  readonly inside: readonly string[];
  readonly #name: string;

  private constructor(name: string) {
    this.#name = name;
    this.inside = ["ip", "netns", "exec", name];
  }

  static async make(): Promise<LoopbackNamespace> {
    const name = `rpxy-l-${crypto.randomUUID().slice(0, 6)}`;
    await runOk("ip", ["netns", "add", name]);
    const namespace = new LoopbackNamespace(name);
    try {
      await runOk("ip", ["-netns", name, "link", "set", "lo", "up"]);
    } catch (error) {
      await namespace[Symbol.asyncDispose]();
      throw error;
    }
    return namespace;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await runOk("ip", ["netns", "delete", this.#name]);
  }
}
