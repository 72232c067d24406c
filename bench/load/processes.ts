/**
 * Starting programs for a benchmark and reading what they cost.
 *
 * @module
 */

/** Where system programs live that a login shell of an ordinary user does not search. */
const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Clock ticks a second in `/proc/PID/stat`: fixed by the Linux ABI. */
const TICKS_PER_SECOND = 100;

/** The full path of a program, or null where it is not installed. */
export async function findProgram(name: string): Promise<string | null> {
  for (const folder of PATH.split(":")) {
    const path = `${folder}/${name}`;
    if (await Deno.stat(path).then((info) => info.isFile, () => false)) return path;
  }
  return null;
}

/** A running program; disposing of it ends it. */
export class Running implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;

  private constructor(child: Deno.ChildProcess) {
    this.#child = child;
  }

  /** Starts `command` and waits until it listens on `port`. */
  static async start(command: readonly string[], port: number): Promise<Running> {
    const [program = "", ...args] = command;
    const child = new Deno.Command(program, {
      args,
      env: { PATH },
      stdout: "null",
      stderr: "null",
    }).spawn();
    const running = new Running(child);
    const deadline = Date.now() + 10_000;
    while (!await listens(port)) {
      if (Date.now() > deadline) {
        await running[Symbol.asyncDispose]();
        throw new Error(`Cannot start "${command.join(" ")}": port ${port} does not open`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return running;
  }

  /** CPU seconds used so far by the program and its children (nginx and HAProxy fork workers). */
  async cpuSeconds(): Promise<number> {
    let ticks = 0;
    for (const pid of [this.#child.pid, ...await childrenOf(this.#child.pid)]) {
      const stat = await Deno.readTextFile(`/proc/${pid}/stat`).catch(() => "");
      // The command name is in brackets and may hold spaces: count fields from behind it.
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      ticks += Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
    }
    return ticks / TICKS_PER_SECOND;
  }

  /** Asks it to end, which takes its workers along; what is left after a second is killed. */
  async [Symbol.asyncDispose](): Promise<void> {
    const workers = await childrenOf(this.#child.pid);
    kill(this.#child.pid, "SIGTERM");
    const timer = setTimeout(() => {
      for (const pid of [this.#child.pid, ...workers]) kill(Number(pid), "SIGKILL");
    }, 1_000);
    await this.#child.status;
    clearTimeout(timer);
  }
}

/** Runs a program to its end and returns what it printed. */
export async function run(program: string, args: readonly string[]): Promise<string> {
  const { stdout, stderr, success } = await new Deno.Command(program, {
    args: [...args],
    env: { PATH },
  }).output();
  if (!success) {
    throw new Error(`Cannot run "${program}": ${new TextDecoder().decode(stderr).trim()}`);
  }
  return new TextDecoder().decode(stdout);
}

/** A TCP port that was free a moment ago. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** Asked of the system, because a trial connection would reach the backend and keep iperf3 busy. */
async function listens(port: number): Promise<boolean> {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  const table = await Deno.readTextFile("/proc/net/tcp");
  return new RegExp(`^ *\\d+: [0-9A-F]{8}:${hex} 0{8}:0000 0A `, "m").test(table);
}

async function childrenOf(pid: number): Promise<string[]> {
  const text = await Deno.readTextFile(`/proc/${pid}/task/${pid}/children`).catch(() => "");
  return text.split(" ").filter((child) => child !== "");
}

function kill(pid: number, signal: Deno.Signal): void {
  try {
    Deno.kill(pid, signal);
  } catch {
    // It ended by itself.
  }
}
