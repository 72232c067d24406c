/**
 * Web servers that know ECH, as backends: HTTP/1.1 over TLS, and HTTP/3.
 *
 * They are Bun's, which is built on BoringSSL: such a server takes the inner hello that a client-facing server hands on,
 * and confirms it to the client, without having any key for ECH (RFC 9849 §7.2). Groups that no client has a key share for
 * make it ask for another hello.
 *
 * @module
 */

import type { Certificate } from "../../src/cli/demo/certificate.ts";
import { BUN } from "./bun.ts";
import { RunningProgram } from "./programs.ts";

/** One of the servers. */
export interface EchBackendSpec {
  readonly kind: "tls" | "h3";
  readonly certificate: Certificate;
  /** Default: any free one. */
  readonly port?: number;
  /** Key exchange, such as `P-384`, for which no browser sends a key share of its own accord. Default: Bun's. */
  readonly groups?: string;
  /** `h3`: each client has to prove its address first, by the token of a Retry packet. */
  readonly retry?: boolean;
}

/** What a page tells: the server that made it, the version of HTTP, and the server name of the hello that it got. */
export interface EchPage {
  readonly page: string;
  readonly http: "1.1" | "3";
  readonly sni: string;
}

/** Running servers, all on 127.0.0.1. */
export interface EchBackends extends AsyncDisposable {
  /** `127.0.0.1:port` of the server of that name. */
  address(name: string): string;
  readonly process: RunningProgram;
}

/** Starts the servers, by names that their pages tell. Needs `bun`. */
export async function startEchBackends(
  specs: Readonly<Record<string, EchBackendSpec>>,
): Promise<EchBackends> {
  await using stack = new AsyncDisposableStack();
  const list = Object.entries(specs).map(([name, { certificate, port = 0, ...spec }]) => ({
    ...{ name, host: "127.0.0.1", port, retry: false, ...spec },
    ...certificate,
  }));
  const process = stack.use(RunningProgram.start(BUN, [SCRIPT, JSON.stringify(list)]));
  await process.waitForLine(/^ready$/);
  const ports = new Map(process.lines.map((line) => line.split(" ") as [string, string]));
  const running = stack.move();
  return {
    process,
    address: (name) => {
      const port = ports.get(name);
      if (port === undefined) throw new Error(`There is no backend "${name}"`);
      return `127.0.0.1:${port}`;
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** Reads what a page tells out of it, or of what a browser made of it; null where it is none of those. */
export function readEchPage(text: string): EchPage | null {
  const json = /\{"page":.*?\}/.exec(text)?.[0];
  return json === undefined ? null : JSON.parse(json);
}

const SCRIPT = new URL("bun_backends.js", import.meta.url).pathname;
