/**
 * Connections that are made, used once and closed: as they are, and routed by the server name in their TLS ClientHello.
 * There is no handshake behind the hello: the backend turns it down, so that cryptography is not what is measured.
 *
 * @module
 */

import { SHORT_CONNECTION_BACKEND } from "../backends.ts";
import { parseCounts } from "../load_output.ts";
import { PROXIES } from "../peers/all.ts";
import { NATIVE } from "../peers/ours.ts";
import { SERVER_NAME, type Task } from "../peers/proxy.ts";
import { programArgs } from "../programs.ts";
import { HAPROXY_OR_NGINX } from "./names.ts";
import { type Scenario, withCpuSeconds } from "./scenario.ts";

const AT_ONCE = 32;

/** Any connection, and one with a server name. */
export const SHORT_CONNECTIONS: readonly Scenario[] = [
  shortConnections(`new connections, ${AT_ONCE} at once`, "tcp", []),
  shortConnections(`TLS by server name, ${AT_ONCE} at once`, "sni", [SERVER_NAME]),
];

function shortConnections(name: string, task: Task, serverName: readonly string[]): Scenario {
  return {
    name,
    task,
    backend: SHORT_CONNECTION_BACKEND,
    program: null,
    proxies: PROXIES,
    withoutProxy: true,
    cpus: "one",
    figures: [
      {
        unit: "connections/s",
        better: "higher",
        saturating: true,
        goals: [{ engine: NATIVE.name, against: HAPROXY_OR_NGINX, ratio: 1 }],
      },
      { unit: "connections per CPU second", better: "higher", goals: [] },
    ],
    measure: async (run) => {
      const args = programArgs("short_connections", run.port, run.seconds, AT_ONCE, ...serverName);
      const { result, cpuSeconds } = await withCpuSeconds(run, () => run.load(args));
      const { connections, failed, seconds } = parseCounts(
        result,
        "connections",
        "failed",
        "seconds",
      );
      if (failed > 0) throw new Error(`${failed} connections of ${failed + connections} failed`);
      return [connections / seconds, connections / cpuSeconds];
    },
  };
}
