import assert from "node:assert/strict";
import { needs } from "../support/needs.ts";
import { RunningProgram, runOk } from "../support/programs.ts";
import { startProxy } from "../support/proxy_process.ts";
import { TempDir } from "../support/temp_dir.ts";

const PORT = 51820;

needs("root", "network namespaces", "/dev/net/tun", "ip", "wg", "wireguard-go", "nc")(
  "a WireGuard tunnel between two namespaces works through the proxy in a third",
  async () => {
    await using stack = new AsyncDisposableStack();
    const dir = stack.use(await TempDir.make());
    const network = stack.use(await Network.make());
    const { client, proxy: middle, server } = network.namespaces;

    const proxy = stack.use(
      await startProxy({
        port: PORT,
        behind: ["ip", "netns", "exec", middle],
        config: `[protocols.tunnel]
          protocol = "wireguard"
          target = ["${SERVER_ADDRESS}:${PORT}"]
        `,
      }),
    );

    const keys = { client: await makeKeys(dir, "client"), server: await makeKeys(dir, "server") };
    stack.use(
      await startTunnel(server, network.deviceName("s"), `${SERVER_IN_TUNNEL}/24`, [
        ...["listen-port", `${PORT}`, "private-key", keys.server.privatePath],
        ...["peer", keys.client.public, "allowed-ips", `${CLIENT_IN_TUNNEL}/32`],
      ]),
    );
    stack.use(
      await startTunnel(client, network.deviceName("c"), `${CLIENT_IN_TUNNEL}/24`, [
        ...["private-key", keys.client.privatePath],
        ...["peer", keys.server.public, "allowed-ips", `${SERVER_IN_TUNNEL}/32`],
        ...["endpoint", `${MIDDLE_ADDRESS}:${PORT}`],
      ]),
    );

    // Enough for many full packets through the tunnel, with TCP's acknowledgements on the way back.
    const text = Array.from({ length: 100_000 }, (_, index) => `line ${index}`);
    const receiver = stack.use(
      RunningProgram.start("ip", [
        ...["netns", "exec", server, "nc", "-n", "-v", "-l", SERVER_IN_TUNNEL, "7000"],
      ]),
    );
    await receiver.waitForLine(/Listening on/);
    await runOk("ip", ["netns", "exec", client, "nc", "-N", SERVER_IN_TUNNEL, "7000"], {
      stdin: text.join("\n"),
    });
    await receiver.ended;
    assert.deepEqual(receiver.lines.filter((line) => line.startsWith("line ")), text);

    await proxy.process.waitForLine(/\[start\] udp:wireguard: .*service=tunnel/);
    const peer = await inNamespace(server, "wg", "show", network.deviceName("s"), "endpoints");
    assert.match(peer, new RegExp(`\t${MIDDLE_TO_SERVER_ADDRESS}:`), "the server sees the proxy");
  },
);

const MIDDLE_ADDRESS = "10.213.1.1";
const MIDDLE_TO_SERVER_ADDRESS = "10.213.2.1";
const CLIENT_IN_TUNNEL = "10.213.3.1";
const SERVER_IN_TUNNEL = "10.213.3.2";
const SERVER_ADDRESS = "10.213.2.2";

/** Three namespaces in a row; the outer two see each other only by the one between. */
class Network implements AsyncDisposable {
  readonly #id = crypto.randomUUID().slice(0, 6);
  readonly namespaces = {
    client: `rpxy-c-${this.#id}`,
    proxy: `rpxy-p-${this.#id}`,
    server: `rpxy-s-${this.#id}`,
  };
  readonly #made: string[] = [];

  static async make(): Promise<Network> {
    const network = new Network();
    try {
      await network.#build();
    } catch (error) {
      await network[Symbol.asyncDispose]();
      throw error;
    }
    return network;
  }

  /** A name for a tunnel's device, unique on the machine: its control socket is not in the namespace. */
  deviceName(letter: string): string {
    return `wg-${letter}-${this.#id}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const name of this.#made) await runOk("ip", ["netns", "delete", name]);
  }

  async #build(): Promise<void> {
    const { client, proxy, server } = this.namespaces;
    for (const name of [client, proxy, server]) {
      await runOk("ip", ["netns", "add", name]);
      this.#made.push(name);
      await inNamespace(name, "ip", "link", "set", "lo", "up");
    }
    await this.#connect(client, "10.213.1.2/24", proxy, `${MIDDLE_ADDRESS}/24`, "front");
    await this.#connect(
      server,
      `${SERVER_ADDRESS}/24`,
      proxy,
      `${MIDDLE_TO_SERVER_ADDRESS}/24`,
      "back",
    );
  }

  async #connect(
    outer: string,
    outerAddress: string,
    inner: string,
    innerAddress: string,
    device: string,
  ): Promise<void> {
    const peer = ["peer", "name", device, "netns", inner];
    await inNamespace(outer, "ip", "link", "add", "up0", "type", "veth", ...peer);
    for (
      const [name, link, address] of [
        [outer, "up0", outerAddress],
        [inner, device, innerAddress],
      ] as const
    ) {
      await inNamespace(name, "ip", "address", "add", address, "dev", link);
      await inNamespace(name, "ip", "link", "set", link, "up");
    }
  }
}

function inNamespace(name: string, program: string, ...args: string[]): Promise<string> {
  return runOk("ip", ["netns", "exec", name, program, ...args]);
}

async function makeKeys(dir: TempDir, name: string) {
  const privateKey = await runOk("wg", ["genkey"]);
  const publicKey = await runOk("wg", ["pubkey"], { stdin: privateKey });
  return {
    privatePath: await dir.write(`${name}.key`, privateKey, 0o600),
    public: publicKey.trim(),
  };
}

async function startTunnel(
  namespace: string,
  device: string,
  address: string,
  settings: readonly string[],
): Promise<RunningProgram> {
  const process = RunningProgram.start(
    "ip",
    ["netns", "exec", namespace, "wireguard-go", "--foreground", device],
    { LOG_LEVEL: "verbose" },
  );
  try {
    await process.waitForLine(/UAPI listener started/);
    await inNamespace(namespace, "wg", "set", device, ...settings);
    await inNamespace(namespace, "ip", "address", "add", address, "dev", device);
    await inNamespace(namespace, "ip", "link", "set", device, "up");
    return process;
  } catch (error) {
    await process[Symbol.asyncDispose]();
    throw error;
  }
}
