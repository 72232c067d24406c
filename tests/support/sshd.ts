/**
 * OpenSSH's server as a backend, with keys of its own.
 *
 * @module
 */

import { freePort } from "./free_port.ts";
import { RunningProgram, runOk } from "./programs.ts";
import { TempDir } from "./temp_dir.ts";

/** A running sshd that lets the user who runs the tests in. */
export interface Sshd extends AsyncDisposable {
  readonly port: number;
  /** Options with which `ssh` and `scp` trust this server and are let in; `proxyPort` is where they connect to. */
  clientOptions(proxyPort: number): readonly string[];
}

/** Starts sshd on loopback. */
export async function startSshd(): Promise<Sshd> {
  await using stack = new AsyncDisposableStack();
  const dir = stack.use(await TempDir.make());
  const port = freePort();
  for (const name of ["host_key", "user_key"]) {
    await runOk("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", `${dir.path}/${name}`]);
  }
  const hostKey = await Deno.readTextFile(`${dir.path}/host_key.pub`);
  const knownHosts = await dir.write("known_hosts", `backend ${hostKey}`);
  // Run as root, sshd wants this folder, which its service file makes.
  if (Deno.uid() === 0) await Deno.mkdir("/run/sshd", { recursive: true, mode: 0o755 });
  const config = await dir.write(
    "sshd_config",
    `ListenAddress 127.0.0.1
    Port ${port}
    HostKey ${dir.path}/host_key
    AuthorizedKeysFile ${dir.path}/user_key.pub
    PidFile none
    StrictModes no
    UsePAM no
    PermitRootLogin yes
    PasswordAuthentication no
    Subsystem sftp internal-sftp
    `,
  );
  const process = stack.use(RunningProgram.start("sshd", ["-D", "-e", "-f", config]));
  await process.waitForLine(/Server listening/);
  const running = stack.move();
  return {
    port,
    clientOptions(proxyPort) {
      return ["BatchMode=yes", "StrictHostKeyChecking=yes", `UserKnownHostsFile=${knownHosts}`]
        .concat(
          "HostKeyAlias=backend",
          `IdentityFile=${dir.path}/user_key`,
          "IdentitiesOnly=yes",
          `Port=${proxyPort}`,
        )
        .flatMap((option) => ["-o", option]);
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
