/**
 * Targets see the client's address: what docs/engines.md says how to set up, in network namespaces.
 */
import assert from "node:assert/strict";
import { askByUdp, startTeller } from "../support/address_teller.ts";
import { NamespaceRow, V4, V6 } from "../support/namespace_row.ts";
import { needs } from "../support/needs.ts";
import { type ProxyProcess, startProxy } from "../support/proxy_process.ts";

const PORT = 8080;
const TARGET_PORT = 8000;

const test = needs("Linux", "root", "network namespaces", "ip", "curl");

test("transparent targets see the client's address, over TCP and UDP, IPv4 and IPv6", async () => {
  await using row = await NamespaceRow.make();
  await row.run(row.server, ["ip", "route", "add", "default", "via", V4.back]);
  await row.run(row.server, ["ip", "-6", "route", "add", "default", "via", V6.back]);
  await row.run(row.proxy, ["sysctl", "-q", "-w", "net.ipv4.conf.all.rp_filter=1"]);
  for (const family of ["-4", "-6"]) await makeLocal(row, family, ["iif", "back"]);
  await using _teller = await startTeller(row, row.server, TARGET_PORT, [V4.server, V6.server]);
  await using proxy = await startTransparent(row, V4.server);
  assert.deepEqual(await askBoth(row, V4.front), [V4.client, V4.client]);
  assert.deepEqual(
    await askBoth(row, V6.front),
    [V4.back, V4.back],
    "no connection has ends of two address families",
  );

  await proxy.writeConfig(transparentTo(V6.server));
  await proxy.process.waitForLine(/event=reloaded/);
  assert.deepEqual(await askBoth(row, V6.front), [V6.client, V6.client]);

  await proxy.writeConfig(transparentTo(V4.server).replace("transparent = true", ""));
  await proxy.process.waitForLine(/event=reloaded/, { count: 2 });
  assert.deepEqual(await askBoth(row, V4.front), [V4.back, V4.back]);
});

test("transparent targets may be on the loopback addresses of the proxy's machine", async () => {
  await using row = await NamespaceRow.make();
  await makeLocal(row, "-4", ["from", "127.0.0.1", "ipproto", "tcp", "sport", `${TARGET_PORT}`]);
  await row.run(row.proxy, [
    ...["ip", "rule", "add", "from", "127.0.0.1", "ipproto", "udp", "sport", `${TARGET_PORT}`],
    ...["lookup", "100"],
  ]);
  await using _teller = await startTeller(row, row.proxy, TARGET_PORT, ["127.0.0.1"]);
  await using _proxy = await startTransparent(row, "127.0.0.1");
  assert.deepEqual(await askBoth(row, V4.front), [V4.client, V4.client]);
});

needs("Linux", "root", "network namespaces", "ip", "curl", "iptables")(
  "transparent targets may be talked to without the proxy, too, where a firewall tells its packets apart",
  async () => {
    await using row = await NamespaceRow.make();
    await row.run(row.server, ["ip", "route", "add", "default", "via", V4.back]);
    await row.run(row.client, ["ip", "route", "add", "default", "via", V4.front]);
    await row.run(row.proxy, ["sysctl", "-q", "-w", "net.ipv4.ip_forward=1"]);
    await row.run(row.proxy, [
      ...["iptables", "--table", "mangle", "--append", "PREROUTING"],
      ...["--match", "socket", "--transparent", "--jump", "MARK", "--set-mark", "1"],
    ]);
    await makeLocal(row, "-4", ["fwmark", "1"]);
    await using _teller = await startTeller(row, row.server, TARGET_PORT, [V4.server]);
    await using _proxy = await startTransparent(row, V4.server);
    assert.deepEqual(await askBoth(row, V4.front), [V4.client, V4.client]);
    assert.deepEqual(await askBoth(row, V4.server, TARGET_PORT), [V4.client, V4.client]);
  },
);

/** Lets the proxy's namespace take packets that fit `selector` for its own, whatever address they are for. */
async function makeLocal(row: NamespaceRow, family: string, selector: string[]): Promise<void> {
  const everything = ["local", "default", "dev", "lo", "table", "100"];
  await row.run(row.proxy, ["ip", family, "route", "add", ...everything]);
  await row.run(row.proxy, ["ip", family, "rule", "add", ...selector, "lookup", "100"]);
}

function startTransparent(row: NamespaceRow, host: string): Promise<ProxyProcess> {
  return startProxy({
    port: PORT,
    behind: row.inside(row.proxy),
    permissions: ["--allow-ffi"],
    config: transparentTo(host),
  });
}

function transparentTo(host: string): string {
  const target = host.includes(":") ? `[${host}]:${TARGET_PORT}` : `${host}:${TARGET_PORT}`;
  return `engine = "native"
    workers = 2
    listen_ipv6 = true
    tcp_target = ["${target}"]
    udp_target = ["${target}"]
    transparent = true
  `;
}

/** What the target sees of a client in the outer namespace, by TCP and by UDP. */
async function askBoth(row: NamespaceRow, host: string, port = PORT): Promise<string[]> {
  const authority = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
  const byTcp = await row.run(row.client, ["curl", "-sS", `http://${authority}/`]);
  return [byTcp.trim(), await askByUdp(row, row.client, host, port)];
}
