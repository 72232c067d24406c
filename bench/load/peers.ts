/**
 * The proxies that are measured side by side: ours and its peers, each on one thread, each forwarding one TCP port to
 * one backend without looking at the bytes.
 *
 * @module
 */

/** A proxy under test. */
export interface Peer {
  readonly name: string;
  /** Program that must be installed; null for ourselves. */
  readonly program: string | null;
  /** Files to write into `dir` and the command that serves `listen` → `backend` in the foreground. */
  setUp(dir: string, listen: number, backend: number): {
    readonly files: Readonly<Record<string, string>>;
    readonly command: readonly string[];
  };
}

const MAIN = new URL("../../main.ts", import.meta.url).pathname;

/** Ourselves on the `streams` engine. */
export const STREAMS: Peer = {
  name: "rpxy-l4 streams",
  program: null,
  setUp: (dir, listen, backend) => ({
    files: {
      "config.toml": [
        `listen_port = ${listen}`,
        `listen_address_v4 = "127.0.0.1"`,
        `tcp_target = ["127.0.0.1:${backend}"]`,
        `tcp_max_connections = 20000`,
        `engine = "streams"`,
        `log_level = "warn"`,
      ].join("\n"),
    },
    command: [
      Deno.execPath(),
      "run",
      "--no-prompt",
      "--allow-net",
      "--allow-read",
      MAIN,
      "--config",
      `${dir}/config.toml`,
    ],
  }),
};

/** HAProxy in TCP mode, one thread. With `splice` bytes do not enter the process. */
function haproxy(name: string, splice: boolean): Peer {
  return {
    name,
    program: "haproxy",
    setUp: (dir, listen, backend) => ({
      files: {
        "haproxy.cfg": `global
  maxconn 4096
  nbthread 1
defaults
  mode tcp
  timeout connect 5s
  timeout client 1m
  timeout server 1m
${splice ? "  option splice-auto\n" : ""}frontend in
  bind 127.0.0.1:${listen}
  default_backend out
backend out
  server one 127.0.0.1:${backend}
`,
      },
      command: ["haproxy", "-db", "-q", "-f", `${dir}/haproxy.cfg`],
    }),
  };
}

/** nginx `stream`, one worker. */
const NGINX: Peer = {
  name: "nginx stream",
  program: "nginx",
  setUp: (dir, listen, backend) => ({
    files: {
      "nginx.conf": `daemon off;
worker_processes 1;
pid ${dir}/nginx.pid;
error_log ${dir}/error.log;
load_module /usr/lib/nginx/modules/ngx_stream_module.so;
events { worker_connections 20000; }
stream {
  access_log off;
  server {
    listen 127.0.0.1:${listen};
    tcp_nodelay on;
    proxy_pass 127.0.0.1:${backend};
  }
}
`,
    },
    command: ["nginx", "-p", dir, "-e", `${dir}/error.log`, "-c", `${dir}/nginx.conf`],
  }),
};

/** All proxies, ours first. */
export const PEERS: readonly Peer[] = [
  STREAMS,
  haproxy("haproxy", false),
  haproxy("haproxy splice", true),
  NGINX,
];
