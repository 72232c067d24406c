/**
 * Caddy with the `layer4` app, which only builds with that plugin have. Its runtime is held to one thread.
 *
 * @module
 */

import { type Job, OTHER_NAME, OTHER_PORT, type Proxy, SERVER_NAME } from "./proxy.ts";

/** Started as `caddy run --config FILE`. */
export const CADDY: Proxy = {
  name: "caddy layer4",
  ours: false,
  program: "caddy",
  versionArgs: ["version"],
  tasks: ["tcp", "bulk", "idle", "udp", "sni"],
  setUp: (job) => ({
    files: { "caddy.json": JSON.stringify(config(job)) },
    args: ["caddy", "run", "--config", `${job.dir}/caddy.json`],
    env: { GOMAXPROCS: "1", HOME: job.dir, XDG_CONFIG_HOME: job.dir, XDG_DATA_HOME: job.dir },
  }),
};

function config({ task, listen, backend }: Job): unknown {
  const transport = task === "udp" ? "udp" : "tcp";
  const proxyTo = (port: number) => [{
    handler: "proxy",
    upstreams: [{ dial: [`${transport}/127.0.0.1:${port}`] }],
  }];
  const byName = (name: string, port: number) => ({
    match: [{ tls: { sni: [name] } }],
    handle: proxyTo(port),
  });
  const routes = task === "sni"
    ? [byName(SERVER_NAME, backend), byName(OTHER_NAME, OTHER_PORT)]
    : [{ handle: proxyTo(backend) }];
  const server = { listen: [`${transport}/127.0.0.1:${listen}`], routes };
  return {
    admin: { disabled: true, config: { persist: false } },
    logging: { logs: { default: { level: "ERROR" } } },
    apps: { layer4: { servers: { one: server } } },
  };
}
