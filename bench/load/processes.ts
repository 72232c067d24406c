/**
 * Starting the programs of a benchmark.
 *
 * @module
 */

import { cpuSeconds, descendantsOf, isOpen, residentBytes } from "./procfs.ts";

/** System programs live in folders, too, that a login shell of an ordinary user does not search. */
const PATH = `${Deno.env.get("PATH") ?? ""}:/usr/local/sbin:/usr/sbin:/sbin`;

/** How long a program may take to open its port, and to end after it was asked to, in milliseconds. */
const START_TIMEOUT = 10_000;
const END_TIMEOUT = 1_000;

/** Characters of a program's errors that are kept for a message. */
const KEPT_ERRORS = 2_000;

/** A program with its arguments, and where it runs. */
export interface Command {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** CPUs it is tied to, as `taskset --cpu-list` takes them; null = any. */
  readonly cpus: string | null;
}

/** Where a server can be seen to be ready. */
export interface Endpoint {
  readonly port: number;
  readonly transport: "tcp" | "udp";
}

/** The full path of a program, or null where it is not installed. */
export async function findProgram(name: string): Promise<string | null> {
  for (const folder of PATH.split(":")) {
    const path = `${folder}/${name}`;
    if (await Deno.stat(path).then((info) => info.isFile, () => false)) return path;
  }
  return null;
}

/** A running server; disposing of it ends it and what it has started. */
export class Running implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  #errors = "";

  private constructor(child: Deno.ChildProcess) {
    this.#child = child;
    void this.#keepErrors();
  }

  /** Starts a server and waits until its port is open. */
  static async start(command: Command, { port, transport }: Endpoint): Promise<Running> {
    const running = new Running(spawn(command, { stdin: "null", stdout: "null" }));
    let ended = false;
    void running.#child.status.then(() => ended = true);
    const deadline = Date.now() + START_TIMEOUT;
    while (!await isOpen(port, transport)) {
      if (ended || Date.now() > deadline) {
        await running[Symbol.asyncDispose]();
        const problem = ended ? "it ended" : `port ${port} does not open`;
        const errors = running.#errors.trim();
        throw new Error(`Cannot start ${nameOf(command)}: ${problem}\n${errors}`.trim());
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return running;
  }

  /** CPU seconds used so far. */
  cpuSeconds(): Promise<number> {
    return cpuSeconds(this.#child.pid);
  }

  /** Memory held now. */
  residentBytes(): Promise<number> {
    return residentBytes(this.#child.pid);
  }

  /** Asks it to end; what is left of it and its children after a second is killed. */
  async [Symbol.asyncDispose](): Promise<void> {
    const below = await descendantsOf(this.#child.pid);
    kill(this.#child.pid, "SIGTERM");
    const timer = setTimeout(() => kill(this.#child.pid, "SIGKILL"), END_TIMEOUT);
    await this.#child.status;
    clearTimeout(timer);
    for (const pid of below) kill(pid, "SIGKILL");
  }

  async #keepErrors(): Promise<void> {
    for await (const text of this.#child.stderr.pipeThrough(new TextDecoderStream())) {
      this.#errors = (this.#errors + text).slice(-KEPT_ERRORS);
    }
  }
}

/** Runs a program to its end and returns what it printed. One that takes longer than `timeoutMs` is killed. */
export async function run(command: Command, timeoutMs: number): Promise<string> {
  const child = spawn(command, { stdin: "null", stdout: "piped" });
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    kill(child.pid, "SIGKILL");
  }, timeoutMs);
  const { stdout, stderr, success } = await child.output();
  clearTimeout(timer);
  const output = new TextDecoder().decode(stdout);
  if (success) return output;
  const problem = late ? `not done after ${timeoutMs / 1_000} s` : "it failed";
  const errors = `${new TextDecoder().decode(stderr)}${output}`.trim().slice(-KEPT_ERRORS);
  throw new Error(`Cannot run ${nameOf(command)}: ${problem}\n${errors}`.trim());
}

/** A program that answers each line that it is given with a line. */
export class Dialogue implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #output: ReadableStreamDefaultReader<string>;

  constructor(command: Command) {
    this.#child = spawn(command, { stdin: "piped", stdout: "piped", stderr: "null" });
    this.#input = this.#child.stdin.getWriter();
    this.#output = this.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** Says a line and waits for the answer; kills the program when that takes longer than `timeoutMs`. */
  async ask(line: string, timeoutMs: number): Promise<string> {
    const timer = setTimeout(() => kill(this.#child.pid, "SIGKILL"), timeoutMs);
    try {
      await this.#input.write(new TextEncoder().encode(`${line}\n`));
      let answer = "";
      while (!answer.endsWith("\n")) {
        const { value, done } = await this.#output.read();
        if (done) throw new Error(`No answer to "${line}" within ${timeoutMs / 1_000} s`);
        answer += value;
      }
      return answer.trim();
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends the program. */
  async [Symbol.asyncDispose](): Promise<void> {
    kill(this.#child.pid, "SIGKILL");
    await this.#child.status;
    await this.#output.cancel();
    await this.#input.abort().catch(() => {});
  }
}

/** A port that is free now, for TCP and UDP, below those that the system gives out by itself. */
export function freePort(): number {
  while (true) {
    const port = 10_000 + Math.floor(Math.random() * 20_000);
    try {
      using _tcp = Deno.listen({ hostname: "0.0.0.0", port });
      Deno.listenDatagram({ transport: "udp", hostname: "0.0.0.0", port }).close();
      return port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
}

function spawn({ args, env, cpus }: Command, stdio: Deno.CommandOptions): Deno.ChildProcess {
  const [program = "", ...rest] = cpus === null ? args : ["taskset", "--cpu-list", cpus, ...args];
  return new Deno.Command(program, { stderr: "piped", ...stdio, args: rest, env: { PATH, ...env } })
    .spawn();
}

/** A program of ours by its file, another by its name. */
function nameOf({ args }: Command): string {
  const path = args.find((arg) => arg.endsWith(".ts")) ?? args[0] ?? "";
  return `"${path.slice(path.lastIndexOf("/") + 1)}"`;
}

function kill(pid: number, signal: Deno.Signal): void {
  try {
    Deno.kill(pid, signal);
  } catch {
    // It has ended by itself.
  }
}
