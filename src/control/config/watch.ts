/**
 * Tells when the content of a configuration file has changed, or of a file that it names, however it was replaced:
 * written in place, renamed over by an editor, deleted and made again, or swapped with its directory by a symbolic link,
 * as Kubernetes does with a mounted ConfigMap.
 *
 * Events of the files' directories say when to look; what is found by looking decides. Where there are no events (network
 * file systems, a symbolic link into another directory, a directory that was replaced), looking every few seconds finds
 * the same.
 *
 * @module
 */

import { dirname } from "node:path";
import { DirectoryWatch } from "./directory_watch.ts";
import { Pulse } from "./pulse.ts";
import { readNamedFile } from "./read_file.ts";

/** What {@linkcode ConfigWatch} reports to and how it ends. Durations are milliseconds. */
export interface WatchOptions {
  /** Ends the watch. */
  readonly signal?: AbortSignal;
  /** Called with the new text, only when it differs from the text before. Must not throw. */
  readonly onChange: (text: string) => void;
  /** Called when a file that the configuration names has changed, come or gone. Must not throw. */
  readonly onNamedChange?: () => void;
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

/** A watch that goes on until it is disposed of or aborted; disposing waits until nothing will be called any more. */
export class ConfigWatch implements AsyncDisposable {
  readonly #path: string;
  readonly #options: WatchOptions;
  readonly #pulse = new Pulse();
  readonly #finished: Promise<void>;
  #ended = false;
  #text: string | null;
  #readable = true;
  /** Texts of the files that the configuration names, by path; null: cannot be read. */
  #named: ReadonlyMap<string, string | null> = new Map();
  /** Of all files, by path. */
  readonly #directories = new Map<string, DirectoryWatch | null>();

  constructor(path: string, options: WatchOptions) {
    this.#path = path;
    this.#options = options;
    this.#watchDirectories();
    this.#text = options.baseline ?? readNow(path);
    options.signal?.addEventListener("abort", this.#end, { once: true });
    if (options.signal?.aborted) this.#end();
    this.#finished = this.#run();
  }

  /**
   * Watches these files from now on, in place of those that it was given before.
   *
   * @param named texts that are in use, by path; null: the file could not be read
   */
  watchNamed(named: ReadonlyMap<string, string | null>): void {
    this.#named = named;
    this.#pulse.beat();
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
    // What has changed since the baseline was read; without one, the file was read a moment ago.
    if (this.#options.baseline !== undefined) await this.#look();
    while (!this.#ended) {
      const happened = await this.#pulse.wait(pollMs);
      // What is found without an event may be half written, too.
      if (happened || await this.#hasChanged()) await this.#settle();
      if (!this.#ended) await this.#look();
    }
    for (const path of this.#directories.keys()) await this.#dropDirectory(path);
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
    const lost = this.#lostDirectories();
    for (const path of lost) await this.#dropDirectory(path);
    this.#watchDirectories();
    // Times of modification are too coarse on some file systems to be trusted, and the files are small: always read them.
    const before = this.#named;
    const named = readNamed(before);
    if (this.#ended) return;
    if (differs(named, before)) {
      this.#named = named;
      this.#options.onNamedChange?.();
    }
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
    if (differs(readNamed(this.#named), this.#named)) return true;
    try {
      return await Deno.readTextFile(this.#path) !== this.#text;
    } catch {
      return false;
    }
  }

  /** Those that are not at their path any more, and those with no file to watch. */
  #lostDirectories(): string[] {
    const wanted = this.#wantedDirectories();
    return [...this.#directories].flatMap(([path, directory]) =>
      wanted.has(path) && directory?.isLost() === false ? [] : [path]
    );
  }

  #watchDirectories(): void {
    for (const path of this.#wantedDirectories()) {
      if (this.#directories.has(path)) continue;
      this.#directories.set(path, DirectoryWatch.open(path, () => this.#pulse.beat()));
    }
  }

  #wantedDirectories(): Set<string> {
    return new Set([this.#path, ...this.#named.keys()].map((path) => dirname(path)));
  }

  async #dropDirectory(path: string): Promise<void> {
    const directory = this.#directories.get(path);
    this.#directories.delete(path);
    await directory?.[Symbol.asyncDispose]();
  }
}

function readNamed(files: ReadonlyMap<string, string | null>): Map<string, string | null> {
  return new Map([...files.keys()].map((path) => {
    const content = readNamedFile(path);
    return [path, "text" in content ? content.text : null];
  }));
}

function differs(
  now: ReadonlyMap<string, string | null>,
  before: ReadonlyMap<string, string | null>,
): boolean {
  return [...now].some(([path, text]) => before.get(path) !== text);
}

function readNow(path: string): string | null {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return null;
  }
}
