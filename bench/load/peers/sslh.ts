/**
 * sslh, which tells protocols on one port apart. Over UDP it relays nothing in the versions that distributions have.
 *
 * @module
 */

import { type Job, OTHER_NAME, OTHER_PORT, type Proxy, SERVER_NAME, type Task } from "./proxy.ts";

/**
 * A process for each connection, whose CPU time is gone with it: no machine should be asked for thousands of them.
 * Debian installs it under the plain name.
 */
export const SSLH_FORK: Proxy = {
  ...sslh("sslh-fork", "sslh", ["tcp", "sni"]),
  losesCpuTime: true,
};

/** One process with select(2), which takes descriptors below 1,024 alone: some 500 connections. */
export const SSLH_SELECT: Proxy = sslh("sslh-select", "sslh-select", ["tcp", "bulk", "sni"]);

/** One process with libev. */
export const SSLH_EV: Proxy = sslh("sslh-ev", "sslh-ev", ["tcp", "bulk", "idle", "sni"]);

function sslh(name: string, program: string, tasks: readonly Task[]): Proxy {
  return {
    name,
    ours: false,
    program,
    versionArgs: ["-V"],
    tasks,
    setUp: (job) => ({
      files: { "sslh.cfg": config(job) },
      args: [program, `-F${job.dir}/sslh.cfg`],
    }),
  };
}

function config({ task, dir, listen, backend }: Job): string {
  const protocols = task === "sni"
    ? [
      protocol("tls", backend, `sni_hostnames: [ "${SERVER_NAME}" ];`),
      protocol("tls", OTHER_PORT, `sni_hostnames: [ "${OTHER_NAME}" ];`),
    ]
    : [protocol("anyprot", backend, "")];
  return `foreground: true;
numeric: true;
timeout: 5;
pidfile: "${dir}/sslh.pid";
listen: ( { host: "127.0.0.1"; port: "${listen}"; } );
protocols: ( ${protocols.join(", ")} );
`;
}

function protocol(name: string, port: number, more: string): string {
  return `{ name: "${name}"; host: "127.0.0.1"; port: "${port}"; log_level: 0; ${more} }`;
}
