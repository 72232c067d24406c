/**
 * A folder of a test's own.
 *
 * @module
 */

/** A folder that is removed, with all that is in it, when it is disposed of. */
export class TempDir implements AsyncDisposable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** Makes an empty folder that other users may pass through, as servers that give up root must. */
  static async make(): Promise<TempDir> {
    const path = await Deno.makeTempDir({ prefix: "rpxy-l4-test-" });
    await Deno.chmod(path, 0o755);
    return new TempDir(path);
  }

  /** Writes a file and returns its path. */
  async write(name: string, content: string | Uint8Array, mode = 0o644): Promise<string> {
    const path = `${this.path}/${name}`;
    await (typeof content === "string"
      ? Deno.writeTextFile(path, content, { mode })
      : Deno.writeFile(path, content, { mode }));
    return path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}
