/**
 * Real programs as peers of the proxy: found, run to their end, or kept running until disposed of.
 *
 * @module
 */

/** Where Debian keeps programs; servers live in `sbin`, which is not on every person's PATH, and Go in a place of its own. */
export const SEARCH_PATH = [
  ...(Deno.env.get("PATH") ?? "").split(":"),
  "/usr/local/sbin",
  "/usr/local/go/bin",
  "/usr/sbin",
  "/sbin",
].join(":");

/** How long a program may run, and how long one may take to say what it is waited for. */
const DEFAULT_TIMEOUT_MS = 60_000;

/** Full path of a program, or null where it is not installed. */
export function findProgram(name: string): string | null {
  if (name.includes("/")) return name;
  for (const folder of SEARCH_PATH.split(":")) {
    try {
      if (folder !== "" && Deno.statSync(`${folder}/${name}`).isFile) return `${folder}/${name}`;
    } catch {
      // Not there: look in the next folder.
    }
  }
  return null;
}

/** What a program that has ended left. */
export interface ProgramOutput {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How to run a program to its end. */
export interface RunOptions {
  readonly stdin?: string | Uint8Array<ArrayBuffer>;
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

/** Runs a program to its end; kills it when the time is up. */
export async function run(
  name: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<ProgramOutput> {
  const child = new Deno.Command(requireProgram(name), {
    args: [...args],
    env: { PATH: SEARCH_PATH, ...options.env },
    stdin: options.stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const timer = setTimeout(
    () => tryKill(child, "SIGKILL"),
    options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
  );
  try {
    const [output] = await Promise.all([
      child.output(),
      options.stdin === undefined ? null : writeStdin(child, options.stdin),
    ]);
    const decoder = new TextDecoder();
    return {
      code: output.code,
      stdout: decoder.decode(output.stdout),
      stderr: decoder.decode(output.stderr),
    };
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Runs a program to its end and returns its standard output.
 *
 * @throws {Error} with all of its output when it ends with another code than 0
 */
export async function runOk(
  name: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const { code, stdout, stderr } = await run(name, args, options);
  if (code === 0) return stdout;
  throw new Error(`${name} ${args.join(" ")} ended with code ${code}\n${stdout}\n${stderr}`);
}

/** A program that runs until it is disposed of: SIGTERM first, SIGKILL when it does not listen. */
export class RunningProgram implements AsyncDisposable {
  /** Lines of standard output and standard error, as they came. */
  readonly lines: string[] = [];
  /** Settles when the program has ended and all of its output is in {@linkcode RunningProgram.lines}. */
  readonly ended: Promise<Deno.CommandStatus>;
  readonly #child: Deno.ChildProcess;
  readonly #title: string;
  readonly #watchers = new Set<() => void>();
  #hasEnded = false;

  private constructor(child: Deno.ChildProcess, title: string) {
    this.#child = child;
    this.#title = title;
    this.ended = Promise.all([child.status, this.#read(child.stdout), this.#read(child.stderr)])
      .then(([status]) => {
        this.#hasEnded = true;
        this.#wake();
        return status;
      });
  }

  /** Starts a program. */
  static start(
    name: string,
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): RunningProgram {
    const child = new Deno.Command(requireProgram(name), {
      args: [...args],
      env: { PATH: SEARCH_PATH, ...env },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    return new RunningProgram(child, `${name} ${args.join(" ")}`);
  }

  get pid(): number {
    return this.#child.pid;
  }

  /**
   * Waits for `count` lines of output that fit `pattern`, and returns the last of them.
   *
   * @throws {Error} when the program ends before, or the time is up
   */
  async waitForLine(
    pattern: RegExp,
    { count = 1, timeoutMs = DEFAULT_TIMEOUT_MS } = {},
  ): Promise<string> {
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      this.#wake();
    }, timeoutMs);
    try {
      while (true) {
        const found = this.lines.filter((line) => pattern.test(line))[count - 1];
        if (found !== undefined) return found;
        if (this.#hasEnded || timedOut) {
          const what = timedOut ? `${timeoutMs} ms passed` : "it ended";
          throw new Error(
            `${this.#title}: ${what} before line ${count} of ${pattern}\n${this.lines.join("\n")}`,
          );
        }
        await new Promise<void>((resolve) => this.#watchers.add(resolve));
      }
    } finally {
      clearTimeout(timer);
    }
  }

  kill(signal: Deno.Signal): void {
    tryKill(this.#child, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill("SIGTERM");
    const timer = setTimeout(() => this.kill("SIGKILL"), 5_000);
    await this.ended;
    clearTimeout(timer);
  }

  async #read(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    let rest = "";
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      this.lines.push(...lines);
      this.#wake();
    }
    if (rest !== "") this.lines.push(rest);
  }

  #wake(): void {
    for (const resolve of this.#watchers) resolve();
    this.#watchers.clear();
  }
}

function requireProgram(name: string): string {
  const path = findProgram(name);
  if (path === null) throw new Error(`${name} is not installed`);
  return path;
}

async function writeStdin(
  child: Deno.ChildProcess,
  input: string | Uint8Array<ArrayBuffer>,
): Promise<void> {
  const writer = child.stdin.getWriter();
  try {
    await writer.write(typeof input === "string" ? new TextEncoder().encode(input) : input);
    await writer.close();
  } catch {
    // The program ended without reading all of its input; its exit code tells whether that was right.
  }
}

function tryKill(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch {
    // It has ended already.
  }
}
