/**
 * Three network namespaces in a row, client, proxy and server, each pair joined by a link of its own.
 *
 * @module
 */

import { RunningProgram, runOk, type RunOptions } from "./programs.ts";

/** Addresses in the order of the row: the proxy has one on each link. */
export const V4 = {
  client: "10.213.1.2",
  front: "10.213.1.1",
  back: "10.213.2.1",
  server: "10.213.2.2",
} as const;

/** The same for IPv6. */
export const V6 = {
  client: "fd13:1::2",
  front: "fd13:1::1",
  back: "fd13:2::1",
  server: "fd13:2::2",
} as const;

/** The row. The outer two reach each other only through the one between. Needs root and `ip`. */
export class NamespaceRow implements AsyncDisposable {
  /** Random part of all names. */
  readonly id = crypto.randomUUID().slice(0, 6);
  /** Names of the namespaces. */
  readonly client = `rpxy-c-${this.id}`;
  readonly proxy = `rpxy-p-${this.id}`;
  readonly server = `rpxy-s-${this.id}`;
  readonly #made: string[] = [];

  private constructor() {}

  static async make(): Promise<NamespaceRow> {
    const row = new NamespaceRow();
    try {
      await row.#build();
    } catch (error) {
      await row[Symbol.asyncDispose]();
      throw error;
    }
    return row;
  }

  /** Command words that run what follows them in a namespace. */
  inside(namespace: string): string[] {
    return ["ip", "netns", "exec", namespace];
  }

  /** Runs a program in a namespace to its end and returns its standard output. */
  run(
    namespace: string,
    command: readonly string[],
    options: RunOptions = {},
  ): Promise<string> {
    const [program = "", ...args] = [...this.inside(namespace), ...command];
    return runOk(program, args, options);
  }

  /** Starts a program in a namespace. */
  start(namespace: string, command: readonly string[]): RunningProgram {
    const [program = "", ...args] = [...this.inside(namespace), ...command];
    return RunningProgram.start(program, args, { NO_COLOR: "1" });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const name of this.#made) await runOk("ip", ["netns", "delete", name]);
  }

  async #build(): Promise<void> {
    const { client, proxy, server } = this;
    for (const name of [client, proxy, server]) {
      await runOk("ip", ["netns", "add", name]);
      this.#made.push(name);
      await runOk("ip", ["-netns", name, "link", "set", "lo", "up"]);
    }
    await this.#join(client, [V4.client, V6.client], "front", [V4.front, V6.front]);
    await this.#join(server, [V4.server, V6.server], "back", [V4.back, V6.back]);
  }

  /** Joins the device `up0` of an outer namespace to a device of the one between. */
  async #join(
    outer: string,
    outerAddresses: readonly [string, string],
    device: string,
    innerAddresses: readonly [string, string],
  ): Promise<void> {
    const peer = ["peer", "name", device, "netns", this.proxy];
    await runOk("ip", ["-netns", outer, "link", "add", "up0", "type", "veth", ...peer]);
    for (
      const [name, link, [v4, v6]] of [
        [outer, "up0", outerAddresses],
        [this.proxy, device, innerAddresses],
      ] as const
    ) {
      const add = ["-netns", name, "address", "add"];
      await runOk("ip", [...add, `${v4}/24`, "dev", link]);
      // Nobody else can have the address, and looking for somebody takes a second.
      await runOk("ip", [...add, `${v6}/64`, "dev", link, "nodad"]);
      await runOk("ip", ["-netns", name, "link", "set", link, "up"]);
    }
  }
}
