/**
 * The files that a configuration names, as they were when it was read.
 *
 * @module
 */

import { dirname, isAbsolute, join } from "node:path";
import type { FileContent, ReadFile } from "../control/config/named_file.ts";
import { readNamedFile } from "../control/config/read_file.ts";

/** Reads files for one reading of a configuration, each once, and remembers what was in them. */
export class NamedFiles {
  readonly #configFile: string;
  readonly #contents = new Map<string, FileContent>();

  /** @param configFile the path that those of the files are relative to */
  constructor(configFile: string) {
    this.#configFile = configFile;
  }

  readonly read: ReadFile = (path) => {
    const resolved = beside(this.#configFile, path);
    const content = this.#contents.get(resolved) ?? readNamedFile(resolved);
    this.#contents.set(resolved, content);
    return content;
  };

  /** What was read, by path; null: it could not be read. */
  get texts(): ReadonlyMap<string, string | null> {
    return new Map([...this.#contents].map(([path, content]) => [path, textOf(content)]));
  }

  /** Whether all files still are as they were read. */
  areUnchanged(): boolean {
    return [...this.#contents].every(([path, content]) =>
      textOf(readNamedFile(path)) === textOf(content)
    );
  }
}

/** A path as the configuration has it, which is relative to the configuration's own. */
export function beside(configFile: string, path: string): string {
  return isAbsolute(path) ? path : join(dirname(configFile), path);
}

function textOf(content: FileContent): string | null {
  return "text" in content ? content.text : null;
}
