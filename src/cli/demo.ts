/**
 * The `demo` command: shows every kind of traffic go through one port to backends of its own.
 *
 * @module
 */

import { type Proxy, startProxy } from "../app.ts";
import { parseConfigFile } from "../app/config_file.ts";
import { ListenError } from "../app/listen_error.ts";
import { handleSignals } from "../ops/signals.ts";
import { AccessRecords } from "./demo/access_records.ts";
import type { DemoRequest } from "./demo/requests.ts";
import { commandsToTry, type Scenario, startScenario } from "./demo/scenario.ts";
import { formatRows, type Row } from "./demo/table.ts";
import { FAILURE, SUCCESS } from "./exit_codes.ts";
import { hasColour, out } from "./terminal.ts";

/** How long a request may take, in milliseconds. */
const REQUEST_TIMEOUT = 5_000;

/** How often another port is tried when the one found free is taken by someone else in the meantime. */
const PORT_ATTEMPTS = 5;

/**
 * Runs the demo. On a terminal it goes on serving until it is told to stop.
 *
 * @returns the exit code: whether all requests were answered by the right backends
 */
export async function demo(): Promise<number> {
  const stopped = Promise.withResolvers<void>();
  using _signals = handleSignals({
    stop: () => stopped.resolve(),
    abort: (_signal, exitCode) => Deno.exit(exitCode),
    reload() {},
  });
  await using scenario = await startScenario();
  const records = new AccessRecords();
  const { proxy, port } = await startOnFreePort(scenario, records);
  await using _ = proxy;

  out(`rpxy-l4 on 127.0.0.1:${port}, TCP and UDP: one request of each kind through this port\n\n`);
  const rows: Row[] = [];
  for (const request of scenario.requests) rows.push(await show(request, port, records));
  const allOk = rows.every((row) => row.ok);
  out(`${formatRows(rows, hasColour(Deno.stdout))}\n\n`);
  out(`Try it by hand while the demo runs on a terminal:\n\n`);
  for (const command of commandsToTry(port)) out(`  ${command}\n`);

  if (Deno.stdout.isTerminal()) {
    out("\nServing until Ctrl-C. Access log:\n\n");
    records.onLine = (line) => out(`${line}\n`);
    await stopped.promise;
  }
  return allOk ? SUCCESS : FAILURE;
}

async function startOnFreePort(
  scenario: Scenario,
  logSink: AccessRecords,
): Promise<{ readonly proxy: Proxy; readonly port: number }> {
  for (let attempt = 1;; attempt++) {
    const port = freePort();
    try {
      const config = parseConfigFile(scenario.config(port), "demo.toml");
      return { proxy: await startProxy({ config, logSink }), port };
    } catch (error) {
      if (!(error instanceof ListenError) || attempt === PORT_ATTEMPTS) throw error;
    }
  }
}

/** A port that the system gives for TCP; whether UDP has it too is seen when the proxy starts. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

async function show(request: DemoRequest, port: number, records: AccessRecords): Promise<Row> {
  const { title, transport, hello, expected } = request;
  const row = {
    protocol: title,
    hello: hello === null ? "-" : `${hello.sni} / ${hello.alpn}`,
    service: "-",
    backend: "-",
    time: "-",
  };
  const startedAt = performance.now();
  try {
    const answer = await within(REQUEST_TIMEOUT, request.send(port));
    const time = `${(performance.now() - startedAt).toFixed(1)} ms`;
    const record = await within(REQUEST_TIMEOUT, records.find(transport, answer.localPort));
    const ok = answer.text === expected;
    const problem = ok ? "" : `expected "${expected}", got "${answer.text}"`;
    return { ...row, service: record.service, backend: record.target, time, ok, problem };
  } catch (error) {
    return { ...row, ok: false, problem: error instanceof Error ? error.message : String(error) };
  }
}

async function within<T>(timeoutMs: number, promise: Promise<T>): Promise<T> {
  const { promise: timeout, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no answer in ${timeoutMs} ms`)), timeoutMs);
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
