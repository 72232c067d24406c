/**
 * Events of a directory.
 *
 * @module
 */

/** Events of one directory, by its identity: a new directory of the same name is another. */
export class DirectoryWatch implements AsyncDisposable {
  readonly #path: string;
  readonly #inode: number | null;
  readonly #watcher: Deno.FsWatcher;
  readonly #finished: Promise<void>;
  #failed = false;

  private constructor(path: string, onEvent: () => void) {
    this.#path = path;
    this.#inode = inodeOf(path);
    this.#watcher = Deno.watchFs(path, { recursive: false });
    this.#finished = this.#run(onEvent);
  }

  /** Null where the directory is not there or the system has no watches left; looking at intervals must do then. */
  static open(path: string, onEvent: () => void): DirectoryWatch | null {
    try {
      return new DirectoryWatch(path, onEvent);
    } catch {
      return null;
    }
  }

  /** Whether the watch stands on a directory that is no longer at its path. */
  isLost(): boolean {
    return this.#failed || inodeOf(this.#path) !== this.#inode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#failed) this.#watcher.close();
    await this.#finished;
  }

  async #run(onEvent: () => void): Promise<void> {
    try {
      for await (const event of this.#watcher) {
        if (event.kind !== "access") onEvent();
      }
    } catch {
      this.#failed = true;
      this.#watcher.close();
    }
  }
}

function inodeOf(path: string): number | null {
  try {
    return Deno.statSync(path).ino;
  } catch {
    return null;
  }
}
