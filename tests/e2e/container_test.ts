/**
 * Builds the image from the `Dockerfile` and runs what it says, as its user, as PID 1, on a read-only root.
 *
 * Container registries and a container engine are not to be had in CI, so the two base images are stand-ins made by
 * mmdebstrap under the real names, and the result is started by `unshare` and `chroot` with the entry point, command,
 * user and environment that the image itself names.
 */
import assert from "node:assert/strict";
import { freePort } from "../support/free_port.ts";
import { needs } from "../support/needs.ts";
import { RunningProgram, runOk } from "../support/programs.ts";
import { TempDir } from "../support/temp_dir.ts";

const BUILD_IMAGE = "docker.io/denoland/deno:2.9.6";
const RUNTIME_IMAGE = "gcr.io/distroless/cc-debian12:nonroot";
const ROOT = new URL("../..", import.meta.url).pathname;
/** Building takes longer than the programs that other tests run. */
const BUILD = { timeoutMs: 180_000 };

needs("root", "buildah", "podman", "mmdebstrap", "unshare", "nsenter", "chroot")(
  "the container image answers as a non-root user on a read-only root and drains on SIGTERM",
  async () => {
    await using dir = await TempDir.make();
    await using cleanUp = new AsyncDisposableStack();
    const image = await buildImage(dir.path, cleanUp);
    assert.equal(image.config.User, "65532:65532");

    using backend = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const port = freePort();
    await Deno.writeTextFile(
      `${image.root}/etc/rpxy-l4/config.toml`,
      `listen_port = ${port}\nlisten_address_v4 = "127.0.0.1"\n` +
        `tcp_target = ["127.0.0.1:${backend.addr.port}"]\ndrain_timeout = "20s"\n`,
    );
    await using proxy = RunningProgram.start("unshare", [
      ...["--mount", "--pid", "--fork", "--kill-child", "sh", "-c", START, "sh"],
      ...[image.root, ...image.config.Env, "chroot", `--userspec=${image.config.User}`, image.root],
      ...[...image.config.Entrypoint, ...image.config.Cmd],
    ]);
    await proxy.waitForLine(/\bevent=started\b.* engine=native /);
    // Taking on the image's user clears the wish to die with `unshare`.
    const pid = await pidOfContainer(proxy.pid);
    using _ = { [Symbol.dispose]: () => killIfThere(pid) };

    using client = await Deno.connect({ hostname: "127.0.0.1", port });
    await client.write(new TextEncoder().encode("ping"));
    using target = await backend.accept();
    assert.equal(await readText(target), "ping");

    // The health check that the image names, run as an engine would run it.
    const [kind, ...check] = image.config.Healthcheck.Test;
    assert.equal(kind, "CMD");
    await runOk("nsenter", [
      ...["--target", String(pid), "--mount", "--pid"],
      ...["chroot", `--userspec=${image.config.User}`, image.root, ...check],
    ]);

    const status = await Deno.readTextFile(`/proc/${pid}/status`);
    assert.match(status, /^Uid:\s+65532\s+65532\s+65532\s+65532$/m);
    assert.match(status, /^NSpid:\s+\d+\s+1$/m, "the proxy is PID 1 of its container");

    // Draining: nobody new is let in, the connection that is there goes on to its end.
    Deno.kill(pid, "SIGTERM");
    await proxy.waitForLine(/\bevent=draining\b/);
    await assert.rejects(
      Deno.connect({ hostname: "127.0.0.1", port }),
      Deno.errors.ConnectionRefused,
    );
    await target.write(new TextEncoder().encode("pong"));
    assert.equal(await readText(client), "pong");
    client.close();
    const { code } = await proxy.ended;
    assert.equal(code, 0, proxy.lines.join("\n"));
  },
);

/** What a container engine does: own mounts, read-only root, /proc, /dev and a writable /tmp, then the image's user. */
const START = `set -e
root=$1; shift
mkdir -p "$root/proc" "$root/dev" "$root/tmp"
mount --bind "$root" "$root"
mount -o remount,bind,ro "$root"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/tmp"
cd "$root"
exec env -i "$@"
`;

interface Image {
  /** Where its file system is mounted. */
  readonly root: string;
  readonly config: {
    readonly Entrypoint: readonly string[];
    readonly Cmd: readonly string[];
    readonly User: string;
    readonly Env: readonly string[];
    readonly Healthcheck: { readonly Test: readonly string[] };
  };
}

async function buildImage(dir: string, cleanUp: AsyncDisposableStack): Promise<Image> {
  await importBaseImages(dir);
  const tag = `localhost/rpxy-l4-test:${crypto.randomUUID()}`;
  await runOk("buildah", [
    ...["bud", "--pull-never", "--isolation", "chroot", "--format", "docker", "--tag", tag],
    ...["--volume", `${await filledDenoDir(dir)}:/deno-dir`, ROOT],
  ], BUILD);
  cleanUp.defer(() => runOk("buildah", ["rmi", "--force", tag]).then(() => {}));
  const container = (await runOk("buildah", ["from", "--pull-never", tag])).trim();
  cleanUp.defer(() => runOk("buildah", ["rm", container]).then(() => {}));
  const inspected = JSON.parse(await runOk("buildah", ["inspect", "--type", "image", tag]));
  return {
    root: (await runOk("buildah", ["mount", container])).trim(),
    config: inspected.Docker.config as Image["config"],
  };
}

async function importBaseImages(dir: string): Promise<void> {
  const libraries = "libc6,libgcc-s1,ca-certificates";
  const debian = (packages: string, target: string) =>
    runOk("mmdebstrap", [
      ...["--variant=extract", `--include=${packages}`, "bookworm", target],
    ], BUILD);
  await debian(`${libraries}`, `${dir}/runtime.tar`);
  await runOk("podman", ["import", `${dir}/runtime.tar`, RUNTIME_IMAGE]);
  await debian(`${libraries},dash,coreutils`, `${dir}/build`);
  await Deno.copyFile(Deno.execPath(), `${dir}/build/usr/bin/deno`);
  await runOk("tar", ["-C", `${dir}/build`, "-cf", `${dir}/build.tar`, "."]);
  await runOk("podman", [
    ...["import", "--change", "ENV=DENO_DIR=/deno-dir", `${dir}/build.tar`, BUILD_IMAGE],
  ]);
}

/** The cache of npm packages, filled with all that bundling needs, so that the build inside needs no network. */
async function filledDenoDir(dir: string): Promise<string> {
  await runOk(Deno.execPath(), [
    ...["bundle", "--frozen", "--platform", "deno", "--output", `${dir}/rpxy-l4.js`],
    `${ROOT}main.ts`,
  ]);
  const info = JSON.parse(await runOk(Deno.execPath(), ["info", "--json"]));
  return info.denoDir as string;
}

async function readText(conn: Deno.Conn): Promise<string> {
  const buffer = new Uint8Array(64);
  return new TextDecoder().decode(buffer.subarray(0, await conn.read(buffer) ?? 0));
}

/** `unshare --fork` starts the container's PID 1 as its only child. */
async function pidOfContainer(parent: number): Promise<number> {
  const children = await Deno.readTextFile(`/proc/${parent}/task/${parent}/children`);
  return Number(children.trim().split(" ")[0]);
}

function killIfThere(pid: number): void {
  try {
    Deno.kill(pid, "SIGKILL");
  } catch {
    // It ended in order.
  }
}
