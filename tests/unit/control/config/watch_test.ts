import assert from "node:assert/strict";
import { ConfigWatch, type WatchOptions } from "../../../../src/control/config/watch.ts";

/** Long enough that only events can be what tells of a change. */
const NO_POLLING = 3_600_000;

/** Short, so that tests which can only pass by polling pass soon. */
const POLLING = 20;

/** Bound of every wait here; none comes near it. */
const TEST_LIMIT = 30_000;

/** A directory, a watch over a file in it, and what the watch reports. */
class Scene implements AsyncDisposable {
  readonly directory: string;
  readonly file: string;
  readonly #changes: string[] = [];
  #changed = Promise.withResolvers<void>();
  #watch: ConfigWatch | null = null;

  constructor() {
    this.directory = Deno.makeTempDirSync();
    this.file = `${this.directory}/config.toml`;
  }

  watch(options: Partial<WatchOptions> = {}): void {
    this.#watch = new ConfigWatch(this.file, {
      settleMs: 10,
      pollMs: NO_POLLING,
      onChange: (text) => {
        this.#changes.push(text);
        this.#changed.resolve();
      },
      ...options,
    });
  }

  /** The texts reported since the last call, up to and including `last`. */
  async until(last: string): Promise<string[]> {
    const limit = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => limit.reject(new Error(`No change to ${JSON.stringify(last)} was reported`)),
      TEST_LIMIT,
    );
    try {
      while (this.#changes.at(-1) !== last) {
        await Promise.race([this.#changed.promise, limit.promise]);
        this.#changed = Promise.withResolvers();
      }
      return this.#changes.splice(0);
    } finally {
      clearTimeout(timer);
    }
  }

  async stop(): Promise<void> {
    await this.#watch?.[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await Deno.remove(this.directory, { recursive: true });
  }
}

Deno.test("ConfigWatch reports a file that is written in place", async () => {
  await using scene = new Scene();
  await Deno.writeTextFile(scene.file, "one");
  scene.watch();
  await Deno.writeTextFile(scene.file, "two");
  assert.equal((await scene.until("two")).at(-1), "two");
  await Deno.writeTextFile(scene.file, "three");
  assert.equal((await scene.until("three")).at(-1), "three");
});

Deno.test("ConfigWatch reports a file that is renamed over it, and nothing but whole files", async () => {
  await using scene = new Scene();
  await Deno.writeTextFile(scene.file, "one");
  scene.watch();
  for (const text of ["two", "three"]) {
    await Deno.writeTextFile(`${scene.file}.new`, text);
    await Deno.rename(`${scene.file}.new`, scene.file);
    assert.deepEqual(await scene.until(text), [text]);
  }
});

Deno.test("ConfigWatch reports the swap of a mounted ConfigMap", async () => {
  await using scene = new Scene();
  const mount = async (version: string) => {
    await Deno.mkdir(`${scene.directory}/..${version}`);
    await Deno.writeTextFile(`${scene.directory}/..${version}/config.toml`, version);
    await Deno.symlink(`..${version}`, `${scene.directory}/..data_tmp`);
    await Deno.rename(`${scene.directory}/..data_tmp`, `${scene.directory}/..data`);
  };
  await mount("v1");
  await Deno.symlink("..data/config.toml", scene.file);
  scene.watch();
  for (const [version, before] of [["v2", "v1"], ["v3", "v2"]] as const) {
    await mount(version);
    await Deno.remove(`${scene.directory}/..${before}`, { recursive: true });
    assert.deepEqual(await scene.until(version), [version]);
  }
});

Deno.test("ConfigWatch waits for a save of many steps to end", async () => {
  await using scene = new Scene();
  await Deno.writeTextFile(scene.file, "one");
  scene.watch({ settleMs: 3_000 });
  await Deno.writeTextFile(scene.file, "");
  for (let step = 0; step < 40; step++) {
    await Deno.writeTextFile(`${scene.directory}/.backup`, `${step}`);
  }
  await Deno.writeTextFile(scene.file, "two");
  assert.deepEqual(await scene.until("two"), ["two"]);
});

Deno.test("ConfigWatch does not report writes of the same text, nor of other files", async () => {
  await using scene = new Scene();
  await Deno.writeTextFile(scene.file, "one");
  scene.watch();
  const replace = async (text: string) => {
    await Deno.writeTextFile(`${scene.file}.new`, text);
    await Deno.rename(`${scene.file}.new`, scene.file);
  };
  await replace("two");
  assert.deepEqual(await scene.until("two"), ["two"]);
  await replace("two");
  await Deno.writeTextFile(`${scene.directory}/other.toml`, "other");
  await replace("three");
  assert.deepEqual(await scene.until("three"), ["three"]);
});

Deno.test("ConfigWatch tells once that the file is gone, and reports its return if it is another", async () => {
  await using scene = new Scene();
  await Deno.writeTextFile(scene.file, "one");
  const gone = Promise.withResolvers<unknown>();
  scene.watch({ onUnreadable: gone.resolve, pollMs: POLLING });
  await Deno.remove(scene.file);
  assert.ok(await gone.promise instanceof Deno.errors.NotFound);
  await Deno.writeTextFile(`${scene.file}.new`, "two");
  await Deno.rename(`${scene.file}.new`, scene.file);
  assert.deepEqual(await scene.until("two"), ["two"]);
});

Deno.test("ConfigWatch follows a directory that is replaced by another", async () => {
  await using scene = new Scene();
  const directory = `${scene.directory}/etc`;
  await Deno.mkdir(directory);
  await Deno.writeTextFile(`${directory}/config.toml`, "one");
  const { promise, resolve } = Promise.withResolvers<string>();
  const again = Promise.withResolvers<string>();
  await using _ = new ConfigWatch(`${directory}/config.toml`, {
    settleMs: 10,
    pollMs: POLLING,
    onChange: (text) => text === "two" ? resolve(text) : again.resolve(text),
  });
  await Deno.mkdir(`${directory}.new`);
  await Deno.writeTextFile(`${directory}.new/config.toml`, "two");
  await Deno.rename(directory, `${directory}.old`);
  await Deno.rename(`${directory}.new`, directory);
  assert.equal(await promise, "two");
  await Deno.writeTextFile(`${directory}.three`, "three");
  await Deno.rename(`${directory}.three`, `${directory}/config.toml`);
  assert.equal(await again.promise, "three");
});

Deno.test("ConfigWatch finds by polling what no event of the directory tells", async () => {
  await using scene = new Scene();
  const elsewhere = `${scene.directory}/elsewhere`;
  await Deno.mkdir(elsewhere);
  await Deno.writeTextFile(`${elsewhere}/real.toml`, "one");
  await Deno.symlink("elsewhere/real.toml", scene.file);
  scene.watch({ pollMs: POLLING });
  await Deno.writeTextFile(`${elsewhere}/new.toml`, "two");
  await Deno.rename(`${elsewhere}/new.toml`, `${elsewhere}/real.toml`);
  assert.deepEqual(await scene.until("two"), ["two"]);
});

Deno.test("ConfigWatch reports at once what changed since the baseline was read", async () => {
  await using scene = new Scene();
  await Deno.writeTextFile(scene.file, "two");
  scene.watch({ baseline: "one" });
  assert.deepEqual(await scene.until("two"), ["two"]);
});

Deno.test("ConfigWatch waits for a directory that is not there yet", async () => {
  await using scene = new Scene();
  const { promise, resolve } = Promise.withResolvers<string>();
  const directory = `${scene.directory}/late`;
  await using _ = new ConfigWatch(`${directory}/config.toml`, {
    pollMs: POLLING,
    onChange: resolve,
  });
  await Deno.mkdir(`${scene.directory}/early`);
  await Deno.writeTextFile(`${scene.directory}/early/config.toml`, "one");
  await Deno.rename(`${scene.directory}/early`, directory);
  assert.equal(await promise, "one");
});

Deno.test("ConfigWatch reports nothing after it is disposed or aborted", async () => {
  await using scene = new Scene();
  await Deno.writeTextFile(scene.file, "one");
  const controller = new AbortController();
  const reported: string[] = [];
  const watch = new ConfigWatch(scene.file, {
    signal: controller.signal,
    pollMs: POLLING,
    onChange: (text) => reported.push(text),
  });
  controller.abort();
  await Deno.writeTextFile(scene.file, "two");
  await watch[Symbol.asyncDispose]();
  await watch[Symbol.asyncDispose]();
  assert.equal(reported.length, 0);

  await using _ = new ConfigWatch(scene.file, {
    signal: AbortSignal.abort(),
    baseline: "one",
    onChange: (text) => reported.push(text),
  });
  assert.equal(reported.length, 0);
});

Deno.test("ConfigWatch tells of changes to files that the configuration names, in whatever folder", async () => {
  await using scene = new Scene();
  await Deno.writeTextFile(scene.file, "one");
  const keys = `${scene.directory}/keys`;
  await Deno.mkdir(keys);
  const [first, second] = [`${keys}/first.pem`, `${scene.directory}/second.pem`];
  let changed = Promise.withResolvers<void>();
  const changes: string[] = [];
  await using watch = new ConfigWatch(scene.file, {
    settleMs: 10,
    pollMs: NO_POLLING,
    onChange: (text) => changes.push(text),
    onNamedChange: () => {
      changes.push("named");
      changed.resolve();
    },
  });
  // One that cannot be read yet, and one that has changed since it was read.
  await Deno.writeTextFile(second, "b");
  watch.watchNamed(new Map([[first, null], [second, "a"]]));
  await changed.promise;

  for (const write of [() => Deno.writeTextFile(first, "x"), () => Deno.remove(first)]) {
    changed = Promise.withResolvers();
    await write();
    await changed.promise;
  }
  assert.deepEqual(changes, ["named", "named", "named"]);

  // Of a file that is not named any more nothing is told.
  watch.watchNamed(new Map([[second, "b"]]));
  await Deno.writeTextFile(first, "y");
  await Deno.writeTextFile(scene.file, "two");
  while (changes.length < 4) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.deepEqual(changes.slice(3), ["two"]);
});

Deno.test("ConfigWatch finds changes of named files by polling, too", async () => {
  await using scene = new Scene();
  await Deno.writeTextFile(scene.file, "one");
  const elsewhere = `${scene.directory}/elsewhere`;
  await Deno.mkdir(elsewhere);
  await Deno.writeTextFile(`${elsewhere}/real.pem`, "a");
  await Deno.symlink("elsewhere/real.pem", `${scene.directory}/key.pem`);
  const { promise, resolve } = Promise.withResolvers<void>();
  await using watch = new ConfigWatch(scene.file, {
    settleMs: 10,
    pollMs: POLLING,
    onChange: () => {},
    onNamedChange: resolve,
  });
  watch.watchNamed(new Map([[`${scene.directory}/key.pem`, "a"]]));
  await Deno.writeTextFile(`${elsewhere}/real.pem`, "b");
  await promise;
});
