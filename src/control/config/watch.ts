/**
 * Tells when the content of a configuration file has changed, however it was replaced: written in place, renamed over
 * by an editor, deleted and made again, or swapped with its directory by a symbolic link, as Kubernetes does with a
 * mounted ConfigMap.
 *
 * Events of the file's directory say when to look; what is found by looking decides. Where there are no events (network
 * file systems, a symbolic link into another directory, a directory that was replaced), looking every few seconds finds
 * the same.
 *
 * @module
 */

import { dirname } from "node:path";
import { Pulse } from "./pulse.ts";

/** What {@linkcode watchConfig} reports to and how it ends. Durations are milliseconds. */
export interface WatchOptions {
  /** Ends the watch. */
  readonly signal?: AbortSignal;
  /** Called with the new text, only when it differs from the text before. Must not throw. */
  readonly onChange: (text: string) => void;
  /** Called once when the file cannot be read any more, for whatever reason. Must not throw. */
  readonly onUnreadable?: (error: unknown) => void;
  /** The text that is in use; what the file holds now where it is left out. */
  readonly baseline?: string;
  /** How long the directory must be quiet before the file is read: editors write in several steps. */
  readonly settleMs?: number;
  /** How often the file is read without any event. */
  readonly pollMs?: number;
}

const SETTLE = 100;
const POLL = 3_000;

/** Longest time that a directory which is never quiet can put off the reading. */
const MAX_SETTLE_FACTOR = 10;

/** Watches until disposed or aborted; disposing waits until nothing will be called any more. */
export function watchConfig(path: string, options: WatchOptions): AsyncDisposable {
  return new ConfigWatch(path, options);
}

class ConfigWatch implements AsyncDisposable {
  readonly #path: string;
  readonly #options: WatchOptions;
  readonly #pulse = new Pulse();
  readonly #finished: Promise<void>;
  #ended = false;
  #text: string | null;
  #readable = true;
  #directory: DirectoryWatch | null = null;

  constructor(path: string, options: WatchOptions) {
    this.#path = path;
    this.#options = options;
    this.#watchDirectory();
    this.#text = options.baseline ?? readNow(path);
    options.signal?.addEventListener("abort", this.#end, { once: true });
    if (options.signal?.aborted) this.#end();
    this.#finished = this.#run();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end();
    await this.#finished;
  }

  readonly #end = () => {
    this.#ended = true;
    this.#options.signal?.removeEventListener("abort", this.#end);
    this.#pulse.beat();
  };

  async #run(): Promise<void> {
    const { pollMs = POLL } = this.#options;
    await this.#look(); // what changed since the baseline was read
    while (!this.#ended) {
      const happened = await this.#pulse.wait(pollMs);
      // What is found without an event may be half written, too.
      if (happened || await this.#hasChanged()) await this.#settle();
      if (!this.#ended) await this.#look();
    }
    await this.#directory?.[Symbol.asyncDispose]();
  }

  async #settle(): Promise<void> {
    const { settleMs = SETTLE } = this.#options;
    const latest = performance.now() + settleMs * MAX_SETTLE_FACTOR;
    // By the clock, not by the number of events: one save alone may make a dozen.
    while (!this.#ended && performance.now() < latest) {
      if (!await this.#pulse.wait(settleMs)) return;
    }
  }

  async #look(): Promise<void> {
    if (this.#directory?.isLost() ?? true) {
      await this.#directory?.[Symbol.asyncDispose]();
      this.#watchDirectory();
    }
    // Times of modification are too coarse on some file systems to be trusted, and the file is small: always read it.
    let text: string;
    try {
      text = await Deno.readTextFile(this.#path);
    } catch (error) {
      if (this.#readable && !this.#ended) this.#options.onUnreadable?.(error);
      this.#readable = false;
      return;
    }
    this.#readable = true;
    if (this.#ended || text === this.#text) return;
    this.#text = text;
    this.#options.onChange(text);
  }

  async #hasChanged(): Promise<boolean> {
    try {
      return await Deno.readTextFile(this.#path) !== this.#text;
    } catch {
      return false;
    }
  }

  #watchDirectory(): void {
    this.#directory = DirectoryWatch.open(dirname(this.#path), () => this.#pulse.beat());
  }
}

/** Events of one directory, by its identity: a new directory of the same name is another. */
class DirectoryWatch implements AsyncDisposable {
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

function readNow(path: string): string | null {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return null;
  }
}
