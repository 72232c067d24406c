/**
 * The engines of this project.
 *
 * @module
 */

import { echTable } from "./ech_key.ts";
import {
  type Job,
  MAX_CONNECTIONS,
  OTHER_NAME,
  OTHER_PORT,
  type Proxy,
  SERVER_NAME,
} from "./proxy.ts";

const MAIN = new URL("../../../main.ts", import.meta.url).pathname;

/** Sockets of Deno's own, one thread by nature. */
export const STREAMS: Proxy = engine("rpxy-l4 streams", `engine = "streams"`, []);

/** System calls by FFI. */
export const NATIVE: Proxy = native("rpxy-l4 native", 1);

/** The same on two threads. */
export const NATIVE_TWO_WORKERS: Proxy = native("rpxy-l4 native, 2 workers", 2);

function native(name: string, workers: number): Proxy {
  return engine(name, `engine = "native"\nworkers = ${workers}`, ["--allow-ffi"]);
}

function engine(name: string, keys: string, permissions: readonly string[]): Proxy {
  return {
    name,
    ours: true,
    program: null,
    versionArgs: [],
    tasks: ["tcp", "bulk", "idle", "udp", "sni", "ech"],
    setUp: (job) => ({
      files: { "config.toml": config(job, keys) },
      args: [
        Deno.execPath(),
        "run",
        "--no-prompt",
        "--allow-net",
        "--allow-read",
        ...permissions,
        MAIN,
        "--config",
        `${job.dir}/config.toml`,
      ],
    }),
  };
}

function config({ task, listen, backend }: Job, keys: string): string {
  const top = `listen_port = ${listen}
listen_address_v4 = "127.0.0.1"
tcp_max_connections = ${MAX_CONNECTIONS}
udp_max_connections = ${MAX_CONNECTIONS}
access_log_format = "none"
log_level = "warn"
${keys}
`;
  return top + routes(task, backend);
}

/** Keys for a task: those of rpxy-l4, too. Tables are last. */
export function routes(task: Job["task"], backend: number): string {
  switch (task) {
    case "tcp":
    case "bulk":
    case "idle":
      return `tcp_target = ["127.0.0.1:${backend}"]\n`;
    case "udp":
      return `udp_target = ["127.0.0.1:${backend}"]\n`;
    case "sni":
      return tls("one", SERVER_NAME, backend) + tls("two", OTHER_NAME, OTHER_PORT);
    case "ech":
      return tls("one", SERVER_NAME, backend) + echTable("protocols.one", OTHER_PORT);
  }
}

function tls(name: string, serverName: string, port: number): string {
  return `[protocols.${name}]
protocol = "tls"
server_names = ["${serverName}"]
target = ["127.0.0.1:${port}"]
`;
}
