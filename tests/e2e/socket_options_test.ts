/**
 * What the native engine tells its sockets, seen from outside: in the system's tables and counters, and by what becomes of
 * connections.
 */
import assert from "node:assert/strict";
import { askByUdp, startTeller } from "../support/address_teller.ts";
import { EchoServer } from "../support/echo_server.ts";
import { NamespaceRow, V4 } from "../support/namespace_row.ts";
import { needs } from "../support/needs.ts";
import { runOk } from "../support/programs.ts";
import { type ProxyProcess, startProxy } from "../support/proxy_process.ts";

const PORT = 8080;
const TARGET_PORT = 8000;

const inNamespaces = needs("Linux", "root", "network namespaces", "ip", "curl");

inNamespaces(
  "tcp_fast_open puts data into first packets, from clients and to targets",
  async () => {
    await using row = await NamespaceRow.make();
    await row.run(row.proxy, ["sysctl", "-q", "-w", "net.ipv4.tcp_fastopen=3"]);
    // As a server, 2, also where a program does not ask for it, 0x400.
    await row.run(row.server, ["sysctl", "-q", "-w", "net.ipv4.tcp_fastopen=0x402"]);
    await using _teller = await startTeller(row, row.server, TARGET_PORT, [V4.server]);
    const get = ["curl", "-sS", "--tcp-fastopen", `http://${V4.front}:${PORT}/`];
    for (const wanted of [false, true]) {
      // What comes first must be waited for, so that there is something to send.
      const service =
        `[protocols.web]\nprotocol = "http"\ntarget = ["${V4.server}:${TARGET_PORT}"]`;
      await using _proxy = await startNative(row, `tcp_fast_open = ${wanted}\n${service}`);
      // The first connection brings the cookie that the second one needs.
      for (let count = 0; count < 2; count++) await row.run(row.client, get);
      const counters = await tcpCounters(row, row.proxy);
      assert.equal(counters.get("TCPFastOpenPassive"), wanted ? 1 : 0, "from clients");
      assert.equal(counters.get("TCPFastOpenActive"), wanted ? 1 : 0, "to targets");
    }
  },
);

inNamespaces("socket_mark is on what goes to TCP and UDP targets", async () => {
  await using row = await NamespaceRow.make();
  // Without the mark there is no way to the server.
  const rule = ["ip", "rule", "add", "to", V4.server];
  await row.run(row.proxy, [...rule, "pref", "10", "fwmark", "0xfedc0001", "lookup", "main"]);
  await row.run(row.proxy, [...rule, "pref", "11", "unreachable"]);
  await using _teller = await startTeller(row, row.server, TARGET_PORT, [V4.server]);
  await using proxy = await startNative(row, "socket_mark = 0xfedc0001");
  const byTcp = await row.run(row.client, ["curl", "-sS", `http://${V4.front}:${PORT}/`]);
  const byUdp = await askByUdp(row, row.client, V4.front, PORT);
  assert.deepEqual([byTcp.trim(), byUdp], [V4.back, V4.back]);

  await proxy.writeConfig(config("socket_mark = 0xfedc0002"));
  await proxy.process.waitForLine(/event=reloaded/);
  await assert.rejects(row.run(row.client, ["curl", "-sS", `http://${V4.front}:${PORT}/`]));
  await proxy.waitForFinish(/reason=connect_failed error=network_unreachable/);
});

inNamespaces("tcp_user_timeout ends connections with a target that has vanished", async () => {
  await using row = await NamespaceRow.make();
  // Each becomes nc itself, so that it ends when it is told to.
  const sink = `exec nc -n -v -l ${V4.server} ${TARGET_PORT} > /dev/null`;
  await using server = row.start(row.server, ["sh", "-c", sink]);
  await server.waitForLine(/Listening on/);
  await using proxy = await startNative(row, 'tcp_user_timeout = "1s"');
  const source = `exec nc ${V4.front} ${PORT} < /dev/zero`;
  await using client = row.start(row.client, ["sh", "-c", source]);
  await proxy.process.waitForLine(/\[start\]/);
  await row.run(row.server, ["ip", "link", "set", "up0", "down"]);
  // Without the option the system would go on to send for a quarter of an hour.
  await proxy.waitForFinish(/reason=target_reset/);
  await client.ended;
});

needs("Linux", "ss")(
  "tcp_defer_accept keeps connections from the proxy until they speak",
  async () => {
    await using echo = new EchoServer();
    const config = (wait: string) =>
      `engine = "native"\ntcp_target = ["${echo.address}"]\nserver_first_delay = "0s"\n` +
      `tcp_defer_accept = "${wait}"\n`;
    await using proxy = await startProxy({ permissions: ["--allow-ffi"], config: config("0s") });
    await proxy.writeConfig(config("1m")); // for a socket that listens already
    await proxy.process.waitForLine(/event=reloaded/);
    using conn = await Deno.connect({ hostname: "127.0.0.1", port: proxy.port });
    // A connection that is not held back is in state "established" for the system before connect() returns.
    const filter = `sport = :${proxy.port}`;
    const held = await runOk("ss", ["-Htn", "state", "syn-recv", filter]);
    assert.equal(held.trim().split("\n").length, 1, held);
    assert.match(held, new RegExp(`:${proxy.port}\\b`));

    await conn.write(new TextEncoder().encode("now"));
    const buffer = new Uint8Array(8);
    const count = await conn.read(buffer);
    assert.equal(new TextDecoder().decode(buffer.subarray(0, count ?? 0)), "now");
  },
);

function startNative(row: NamespaceRow, lines: string): Promise<ProxyProcess> {
  return startProxy({
    port: PORT,
    behind: row.inside(row.proxy),
    permissions: ["--allow-ffi"],
    config: config(lines),
  });
}

function config(lines: string): string {
  const target = `${V4.server}:${TARGET_PORT}`;
  return `engine = "native"\ntcp_target = ["${target}"]\nudp_target = ["${target}"]\n${lines}\n`;
}

/** The system's counters of a namespace that are beyond the standard ones. */
async function tcpCounters(
  row: NamespaceRow,
  namespace: string,
): Promise<ReadonlyMap<string, number>> {
  const text = await row.run(namespace, ["cat", "/proc/net/netstat"]);
  const [names = [], values = []] = text.split("\n")
    .filter((line) => line.startsWith("TcpExt:"))
    .map((line) => line.split(" ").slice(1));
  return new Map(names.map((name, index) => [name, Number(values[index])]));
}
