/**
 * nginx `stream`, one worker.
 *
 * @module
 */

import { type Job, OTHER_NAME, OTHER_PORT, type Proxy, SERVER_NAME } from "./proxy.ts";

/** Where Debian has `stream`; elsewhere it is a part of the program. */
const STREAM_MODULE = "/usr/lib/nginx/modules/ngx_stream_module.so";

/** As a worker under a master, the way it is run. */
export const NGINX: Proxy = {
  name: "nginx stream",
  ours: false,
  program: "nginx",
  versionArgs: ["-v"],
  tasks: ["tcp", "bulk", "idle", "udp", "sni"],
  setUp: (job) => ({
    files: { "nginx.conf": config(job) },
    args: ["nginx", "-p", job.dir, "-e", `${job.dir}/error.log`, "-c", `${job.dir}/nginx.conf`],
  }),
};

function config({ task, dir, listen, backend }: Job): string {
  return `daemon off;
worker_processes 1;
pid ${dir}/nginx.pid;
error_log ${dir}/error.log;
${isFile(STREAM_MODULE) ? `load_module ${STREAM_MODULE};` : ""}
events { worker_connections 20000; }
stream {
  access_log off;
  upstream one { server 127.0.0.1:${backend}; }
  upstream two { server 127.0.0.1:${OTHER_PORT}; }
  map $ssl_preread_server_name $by_name { ${SERVER_NAME} one; ${OTHER_NAME} two; }
  server {
    listen 127.0.0.1:${listen}${task === "udp" ? " udp" : ""};
    ${task === "sni" ? "ssl_preread on;\n    proxy_pass $by_name;" : "proxy_pass one;"}
  }
}
`;
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
