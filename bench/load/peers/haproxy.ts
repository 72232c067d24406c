/**
 * HAProxy in TCP mode, one thread. It relays no UDP.
 *
 * @module
 */

import {
  type Job,
  MAX_CONNECTIONS,
  OTHER_NAME,
  OTHER_PORT,
  type Proxy,
  SERVER_NAME,
  type Task,
} from "./proxy.ts";

/** Bytes go through its buffers. */
export const HAPROXY: Proxy = haproxy("haproxy", "", ["bulk", "tcp", "idle", "sni"]);

/** Bytes of bulk transfers do not enter the process. */
export const HAPROXY_SPLICE: Proxy = haproxy("haproxy splice", "option splice-auto", [
  "bulk",
  "tcp",
]);

function haproxy(name: string, option: string, tasks: readonly Task[]): Proxy {
  return {
    name,
    ours: false,
    program: "haproxy",
    versionArgs: ["-v"],
    tasks,
    setUp: (job) => ({
      files: { "haproxy.cfg": config(job, option) },
      args: ["haproxy", "-db", "-f", `${job.dir}/haproxy.cfg`],
    }),
  };
}

function config({ task, listen, backend }: Job, option: string): string {
  return `global
  maxconn ${MAX_CONNECTIONS}
  nbthread 1
  maxpipes 256
defaults
  mode tcp
  timeout connect 5s
  timeout client 1m
  timeout server 1m
  ${option}
frontend in
  bind 127.0.0.1:${listen}
${task === "sni" ? SNI_RULES : "  default_backend one"}
backend one
  server one 127.0.0.1:${backend}
backend two
  server two 127.0.0.1:${OTHER_PORT}
`;
}

const SNI_RULES = `  tcp-request inspect-delay 5s
  tcp-request content accept if { req.ssl_hello_type 1 }
  use_backend one if { req.ssl_sni -i ${SERVER_NAME} }
  use_backend two if { req.ssl_sni -i ${OTHER_NAME} }`;
