/**
 * What is measured: one number per run, the higher the better.
 *
 * @module
 */

import { run, type Running } from "./processes.ts";

/** Something that can be measured of a proxy. */
export interface Scenario {
  readonly name: string;
  readonly unit: string;
  /** Load tool that must be installed. */
  readonly program: string;
  /** Which backend the load needs behind the proxy. */
  readonly backend: "http" | "iperf3";
  /** Puts load on `port` for about `seconds` and returns the figure. */
  measure(port: number, proxy: Running, seconds: number): Promise<number>;
}

interface IperfReport {
  readonly end: { readonly "sum_received": { readonly bytes: number } };
}

async function iperfBytes(port: number, seconds: number, reverse: boolean): Promise<number> {
  const args = ["-c", "127.0.0.1", "-p", String(port), "-t", String(seconds), "-J"];
  const report = JSON.parse(await run("iperf3", reverse ? [...args, "-R"] : args)) as IperfReport;
  return report.end["sum_received"].bytes;
}

function bulk(name: string, reverse: boolean): Scenario {
  return {
    name,
    unit: "GiB per proxy CPU second",
    program: "iperf3",
    backend: "iperf3",
    async measure(port, proxy, seconds) {
      const before = await proxy.cpuSeconds();
      const bytes = await iperfBytes(port, seconds, reverse);
      const cpu = await proxy.cpuSeconds() - before;
      return bytes / 2 ** 30 / Math.max(cpu, 0.01);
    },
  };
}

function requests(connections: number, keepAlive: boolean): Scenario {
  return {
    name: keepAlive
      ? `requests, ${connections} connections`
      : `new connections, ${connections} at once`,
    unit: keepAlive ? "requests/s" : "connections/s",
    program: "wrk",
    backend: "http",
    async measure(port, _proxy, seconds) {
      const header = keepAlive ? [] : ["-H", "Connection: close"];
      const text = await run("wrk", [
        "-t1",
        `-c${connections}`,
        `-d${seconds}s`,
        ...header,
        `http://127.0.0.1:${port}/`,
      ]);
      const rate = /Requests\/sec:\s+([\d.]+)/.exec(text)?.[1];
      if (rate === undefined) throw new Error(`Cannot read the output of wrk: ${text}`);
      return Number(rate);
    },
  };
}

/** All scenarios. */
export const SCENARIOS: readonly Scenario[] = [
  bulk("bulk upload", false),
  bulk("bulk download", true),
  requests(32, true),
  requests(256, true),
  requests(32, false),
];
