import assert from "node:assert/strict";
import { NamespaceRow, V4 } from "../support/namespace_row.ts";
import { needs } from "../support/needs.ts";
import { type RunningProgram, runOk } from "../support/programs.ts";
import { startProxy } from "../support/proxy_process.ts";
import { TempDir } from "../support/temp_dir.ts";

const PORT = 51820;

needs("root", "network namespaces", "/dev/net/tun", "ip", "wg", "wireguard-go", "nc")(
  "a WireGuard tunnel between two namespaces works through the proxy in a third",
  async () => {
    await using stack = new AsyncDisposableStack();
    const dir = stack.use(await TempDir.make());
    const row = stack.use(await NamespaceRow.make());
    // Unique on the machine: a tunnel's control socket is not in the namespace.
    const device = { client: `wg-c-${row.id}`, server: `wg-s-${row.id}` };

    const proxy = stack.use(
      await startProxy({
        port: PORT,
        behind: row.inside(row.proxy),
        config: `[protocols.tunnel]
          protocol = "wireguard"
          target = ["${V4.server}:${PORT}"]
        `,
      }),
    );

    const keys = { client: await makeKeys(dir, "client"), server: await makeKeys(dir, "server") };
    stack.use(
      await startTunnel(row, row.server, device.server, `${SERVER_IN_TUNNEL}/24`, [
        ...["listen-port", `${PORT}`, "private-key", keys.server.privatePath],
        ...["peer", keys.client.public, "allowed-ips", `${CLIENT_IN_TUNNEL}/32`],
      ]),
    );
    stack.use(
      await startTunnel(row, row.client, device.client, `${CLIENT_IN_TUNNEL}/24`, [
        ...["private-key", keys.client.privatePath],
        ...["peer", keys.server.public, "allowed-ips", `${SERVER_IN_TUNNEL}/32`],
        ...["endpoint", `${V4.front}:${PORT}`],
      ]),
    );

    // Enough for many full packets through the tunnel, with TCP's acknowledgements on the way back.
    const text = Array.from({ length: 100_000 }, (_, index) => `line ${index}`);
    const receiver = stack.use(
      row.start(row.server, ["nc", "-n", "-v", "-l", SERVER_IN_TUNNEL, "7000"]),
    );
    await receiver.waitForLine(/Listening on/);
    await row.run(row.client, ["nc", "-N", SERVER_IN_TUNNEL, "7000"], { stdin: text.join("\n") });
    await receiver.ended;
    assert.deepEqual(receiver.lines.filter((line) => line.startsWith("line ")), text);

    await proxy.process.waitForLine(/\[start\] udp:wireguard: .*service=tunnel/);
    const peer = await row.run(row.server, ["wg", "show", device.server, "endpoints"]);
    assert.match(peer, new RegExp(`\t${V4.back}:`), "the server sees the proxy");
  },
);

const CLIENT_IN_TUNNEL = "10.213.3.1";
const SERVER_IN_TUNNEL = "10.213.3.2";

async function makeKeys(dir: TempDir, name: string) {
  const privateKey = await runOk("wg", ["genkey"]);
  const publicKey = await runOk("wg", ["pubkey"], { stdin: privateKey });
  return {
    privatePath: await dir.write(`${name}.key`, privateKey, 0o600),
    public: publicKey.trim(),
  };
}

async function startTunnel(
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
