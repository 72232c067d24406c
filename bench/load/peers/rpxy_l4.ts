/**
 * rpxy-l4, the proxy in Rust whose configuration this project reads. Its runtime is held to one thread.
 *
 * @module
 */

import { routes } from "./ours.ts";
import { MAX_CONNECTIONS, type Proxy } from "./proxy.ts";

/** Started as `rpxy-l4 --config FILE`. */
export const RPXY_L4: Proxy = {
  name: "rpxy-l4 (Rust)",
  ours: false,
  program: "rpxy-l4",
  versionArgs: ["--version"],
  tasks: ["tcp", "bulk", "idle", "udp", "sni"],
  setUp: ({ task, dir, listen, backend }) => ({
    files: {
      "config.toml": `listen_port = ${listen}
listen_address_v4 = "127.0.0.1"
tcp_max_connections = ${MAX_CONNECTIONS}
udp_max_connections = ${MAX_CONNECTIONS}
${routes(task, backend)}`,
    },
    args: ["rpxy-l4", "--config", `${dir}/config.toml`, "--log-dir", dir],
    env: { TOKIO_WORKER_THREADS: "1", RUST_LOG: "error" },
  }),
};
