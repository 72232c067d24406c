/**
 * Where log lines go: standard output, or a file that may be rotated away at any time.
 *
 * @module
 */

/** The lowest layer of a log: takes bytes, keeps nothing. */
export interface LineSink {
  /** Writes some of `bytes` and says how many. Rejects when none could be written. */
  write(bytes: Uint8Array): Promise<number>;
  /** Lets go of the open file and opens what its path stands for now; nothing to do where there is no path. */
  reopen(): Promise<void>;
  /** Whether no later write can succeed after this error. */
  isFinal(error: unknown): boolean;
  /** Lets go of what is open. No write follows. */
  close(): void;
}

/** Standard output of the process. */
export class StdoutSink implements LineSink {
  write(bytes: Uint8Array): Promise<number> {
    return Deno.stdout.write(bytes);
  }

  reopen(): Promise<void> {
    return Promise.resolve();
  }

  /** A reader that went away (EPIPE) does not come back. */
  isFinal(error: unknown): boolean {
    return error instanceof Deno.errors.BrokenPipe || error instanceof Deno.errors.BadResource;
  }

  /** Standard output belongs to the process, not to a log. */
  close(): void {}
}

/** How often a file's path is looked at for a rotation, in milliseconds. */
const ROTATION_CHECK_INTERVAL = 1_000;

/**
 * A file, opened for appending: what `copytruncate` of logrotate cuts off is then really gone, and lines go on at the
 * new end. A file that was renamed or removed is noticed by its device and inode and opened anew.
 */
export class FileSink implements LineSink {
  readonly #path: string;
  readonly #now: () => number;
  #file: Deno.FsFile;
  #identity: string;
  #checkedAt: number;
  /** The last write or re-opening failed: the file must be opened before the next write. */
  #failed = false;

  private constructor(path: string, file: Deno.FsFile, identity: string, now: () => number) {
    this.#path = path;
    this.#now = now;
    this.#file = file;
    this.#identity = identity;
    this.#checkedAt = now();
  }

  /**
   * Opens the file, which is made where it is missing.
   *
   * @throws {Error} as the system reports it when the file cannot be opened
   */
  static async open(path: string, now: () => number = Date.now): Promise<FileSink> {
    const { file, identity } = await openForAppend(path);
    return new FileSink(path, file, identity, now);
  }

  async write(bytes: Uint8Array): Promise<number> {
    if (this.#failed || this.#now() - this.#checkedAt >= ROTATION_CHECK_INTERVAL) {
      if (this.#failed || await identityAt(this.#path) !== this.#identity) await this.reopen();
      this.#checkedAt = this.#now();
    }
    try {
      return await this.#file.write(bytes);
    } catch (error) {
      this.#failed = true;
      throw error;
    }
  }

  async reopen(): Promise<void> {
    this.#failed = true;
    const { file, identity } = await openForAppend(this.#path);
    this.#file.close();
    this.#file = file;
    this.#identity = identity;
    this.#failed = false;
  }

  /** Space is freed, directories come back: a file is worth another try after any error. */
  isFinal(): boolean {
    return false;
  }

  close(): void {
    this.#file.close();
  }
}

async function openForAppend(path: string): Promise<{ file: Deno.FsFile; identity: string }> {
  const file = await Deno.open(path, { append: true, create: true });
  try {
    return { file, identity: identityOf(await file.stat()) };
  } catch (error) {
    file.close();
    throw error;
  }
}

/** Identity of the file at a path, or null where there is none. */
async function identityAt(path: string): Promise<string | null> {
  try {
    return identityOf(await Deno.stat(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

function identityOf(info: Deno.FileInfo): string {
  return `${info.dev}:${info.ino}`;
}
