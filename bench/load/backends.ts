/**
 * What stands behind the proxies.
 *
 * @module
 */

import { programArgs } from "./programs.ts";

/** A server that load goes to. */
export interface Backend {
  /** Program that must be installed; null for one of ours. */
  readonly program: string | null;
  readonly transport: "tcp" | "udp";
  /** Command that serves `port` on 127.0.0.1 in the foreground; `dir` is an empty folder. */
  setUp(dir: string, port: number): {
    readonly files: Readonly<Record<string, string>>;
    readonly args: readonly string[];
  };
}

/** nginx, which answers every request with six bytes. */
export const HTTP_BACKEND: Backend = {
  program: "nginx",
  transport: "tcp",
  setUp: (dir, port) => ({
    files: {
      "backend.conf": `daemon off;
worker_processes 1;
pid ${dir}/backend.pid;
error_log ${dir}/backend.log;
events { worker_connections 20000; }
http {
  access_log off;
  keepalive_requests 100000000;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / { return 200 "hello\\n"; }
  }
}
`,
    },
    args: ["nginx", "-p", dir, "-e", `${dir}/backend.log`, "-c", `${dir}/backend.conf`],
  }),
};

/** The server of iperf3. */
export const IPERF_BACKEND: Backend = {
  program: "iperf3",
  transport: "tcp",
  setUp: (_dir, port) => ({
    files: {},
    args: ["iperf3", "-s", "-B", "127.0.0.1", "-p", String(port)],
  }),
};

/** Reads what a connection says first, answers with a few bytes and closes. */
export const SHORT_CONNECTION_BACKEND = ofOurs("short_connection_backend", "tcp");

/** Sends back what it reads. */
export const ECHO_BACKEND = ofOurs("echo_backend", "tcp");

/** Sends back every datagram. */
export const UDP_ECHO_BACKEND = ofOurs("udp_echo_backend", "udp");

function ofOurs(name: string, transport: "tcp" | "udp"): Backend {
  return {
    program: null,
    transport,
    setUp: (_dir, port) => ({ files: {}, args: programArgs(name, port) }),
  };
}
