/**
 * A WireGuard tunnel from the client to the server of a {@linkcode NamespaceRow}, through whatever is between them.
 *
 * @module
 */

import { type NamespaceRow, V4 } from "./namespace_row.ts";
import { type RunningProgram, runOk } from "./programs.ts";
import { TempDir } from "./temp_dir.ts";

/** UDP port of the server, and of the endpoint that the client sends to. */
export const WIREGUARD_PORT = 51820;

/** Addresses in the tunnel. */
const INSIDE = { client: "10.213.3.1", server: "10.213.3.2" } as const;

/** Both ends. Disposing of it takes the tunnel down. */
export interface WireGuardTunnel extends AsyncDisposable {
  /** Names of the devices. */
  readonly client: string;
  readonly server: string;
  /** Sends lines of text from the client to the server through the tunnel, and returns those that arrive. */
  carry(lines: readonly string[]): Promise<readonly string[]>;
  /** Where the server takes its client to be: `host:port`. */
  seenEndpoint(): Promise<string>;
  /** When the client last shook hands, in seconds. */
  lastHandshake(): Promise<string>;
}

/** Sets up a tunnel; nothing goes through it until something is sent. */
export async function startWireGuardTunnel(row: NamespaceRow): Promise<WireGuardTunnel> {
  await using stack = new AsyncDisposableStack();
  const dir = stack.use(await TempDir.make());
  // Unique on the machine: a tunnel's control socket is not in the namespace.
  const [client, server] = [`wg-c-${row.id}`, `wg-s-${row.id}`];
  const keys = { client: await makeKeys(dir, "client"), server: await makeKeys(dir, "server") };
  stack.use(
    await startDevice(row, row.server, server, `${INSIDE.server}/24`, [
      ...["listen-port", `${WIREGUARD_PORT}`, "private-key", keys.server.privatePath],
      ...["peer", keys.client.public, "allowed-ips", `${INSIDE.client}/32`],
    ]),
  );
  stack.use(
    await startDevice(row, row.client, client, `${INSIDE.client}/24`, [
      ...["private-key", keys.client.privatePath],
      ...["peer", keys.server.public, "allowed-ips", `${INSIDE.server}/32`],
      ...["endpoint", `${V4.front}:${WIREGUARD_PORT}`],
    ]),
  );
  const running = stack.move();
  /** What `wg show` says of the only peer. */
  const show = async (namespace: string, device: string, what: string) =>
    (await row.run(namespace, ["wg", "show", device, what])).trim().split("\t")[1] ?? "";
  return {
    client,
    server,
    carry: (lines) => carry(row, lines),
    seenEndpoint: () => show(row.server, server, "endpoints"),
    lastHandshake: () => show(row.client, client, "latest-handshakes"),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

async function carry(row: NamespaceRow, lines: readonly string[]): Promise<readonly string[]> {
  await using receiver = row.start(row.server, ["nc", "-n", "-v", "-l", INSIDE.server, "7000"]);
  await receiver.waitForLine(/Listening on/);
  await row.run(row.client, ["nc", "-N", INSIDE.server, "7000"], { stdin: lines.join("\n") });
  await receiver.ended;
  const sent = new Set(lines);
  return receiver.lines.filter((line) => sent.has(line));
}

async function makeKeys(dir: TempDir, name: string) {
  const privateKey = await runOk("wg", ["genkey"]);
  const publicKey = await runOk("wg", ["pubkey"], { stdin: privateKey });
  return {
    privatePath: await dir.write(`${name}.key`, privateKey, 0o600),
    public: publicKey.trim(),
  };
}

async function startDevice(
  row: NamespaceRow,
  namespace: string,
  device: string,
  address: string,
  settings: readonly string[],
): Promise<RunningProgram> {
  const process = row.start(namespace, [
    ...["env", "LOG_LEVEL=verbose", "wireguard-go", "--foreground", device],
  ]);
  try {
    await process.waitForLine(/UAPI listener started/);
    await row.run(namespace, ["wg", "set", device, ...settings]);
    await row.run(namespace, ["ip", "address", "add", address, "dev", device]);
    await row.run(namespace, ["ip", "link", "set", device, "up"]);
    return process;
  } catch (error) {
    await process[Symbol.asyncDispose]();
    throw error;
  }
}
