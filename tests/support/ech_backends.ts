/**
 * Web servers that know ECH, as backends: HTTP/1.1 over TLS, and HTTP/3.
 *
 * They are Bun's and quiche's, which are built on BoringSSL: such a server takes the inner hello that a client-facing server hands on,
 * and confirms it to the client, without having any key for ECH (RFC 9849 §7.2). Groups that no client has a key share for
 * make it ask for another hello.
 *
 * @module
 */

import type { Certificate } from "../../src/cli/demo/certificate.ts";
import { buildGo } from "./go_programs.ts";
import { BUN } from "./npm_programs.ts";
import { RunningProgram } from "./programs.ts";
import { startQuicheServer } from "./quiche_server.ts";
import { TempDir } from "./temp_dir.ts";

/** One of the servers. */
export interface EchBackendSpec {
  /** `go` is TLS as well, by Go in place of Bun. */
  readonly kind: "tls" | "h3" | "go";
  readonly certificate: Certificate;
  /** `tls`: default any free one. */
  readonly port?: number;
  /** Key exchange, such as `P-384`, for which no client sends a key share of its own accord. Default: all. */
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
  /** What Bun has to say. */
  readonly process: RunningProgram;
}

/**
 * Starts the servers, by names that their pages tell. Needs `bun`, `quiche` for `retry`, and `go 1.24` for `go`.
 *
 * @param behind command words to run Bun behind, such as `ip netns exec NAME`
 */
export async function startEchBackends(
  specs: Readonly<Record<string, EchBackendSpec>>,
  behind: readonly string[] = [],
): Promise<EchBackends> {
  await using stack = new AsyncDisposableStack();
  const addresses = new Map<string, string>();
  const list: unknown[] = [];
  for (const [name, { certificate, retry = false, ...spec }] of Object.entries(specs)) {
    if (spec.kind === "go") {
      const [server, port] = await startGoServer(name, certificate, spec.groups);
      stack.use(server);
      addresses.set(name, `127.0.0.1:${port}`);
    } else if (retry) {
      const makePage = (sni: string) => echPage({ page: name, http: "3", sni });
      const { address } = stack.use(startQuicheServer(certificate, makePage));
      addresses.set(name, address);
    } else list.push({ name, ...spec, ...certificate });
  }
  const [program = "", ...args] = [...behind, BUN, SCRIPT, JSON.stringify(list)];
  const process = stack.use(RunningProgram.start(program, args));
  await process.waitForLine(/^ready$/);
  for (const line of process.lines) {
    const [, name, port] = /^listening (\S+) (\d+)$/.exec(line) ?? [];
    if (name !== undefined) addresses.set(name, `127.0.0.1:${port}`);
  }
  const running = stack.move();
  return {
    process,
    address: (name) => {
      const address = addresses.get(name);
      if (address === undefined) throw new Error(`There is no backend "${name}"`);
      return address;
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

async function startGoServer(
  name: string,
  { cert, key }: Certificate,
  groups: string | undefined,
): Promise<[AsyncDisposable, string]> {
  await using stack = new AsyncDisposableStack();
  const dir = stack.use(await TempDir.make());
  const files = [await dir.write("cert.pem", cert), await dir.write("key.pem", key)];
  const program = await buildGo("page_server", dir.path);
  const process = stack.use(
    RunningProgram.start(program, [name, ...files, ...(groups === undefined ? [] : [groups])]),
  );
  const line = await process.waitForLine(/^port \d+$/);
  return [stack.move(), line.slice("port ".length)];
}

/** A page like those of Bun's servers. No icon, or browsers come for one on connections of their own. */
export function echPage(facts: EchPage): string {
  return `<!doctype html><link rel=icon href=data:,><body>${JSON.stringify(facts)}</body>`;
}

/** Reads what a page tells out of it, or of what a browser made of it; null where it is none of those. */
export function readEchPage(text: string): EchPage | null {
  const json = /\{"page":.*?\}/.exec(text)?.[0];
  return json === undefined ? null : JSON.parse(json);
}

const SCRIPT = new URL("bun_backends.js", import.meta.url).pathname;
