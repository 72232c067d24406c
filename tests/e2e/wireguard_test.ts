import assert from "node:assert/strict";
import { NamespaceRow, V4 } from "../support/namespace_row.ts";
import { needs } from "../support/needs.ts";
import { type ProxyProcess, startProxy } from "../support/proxy_process.ts";
import { startWireGuardTunnel, WIREGUARD_PORT } from "../support/wireguard_tunnel.ts";

const NEEDED = ["root", "network namespaces", "/dev/net/tun", "ip", "wg", "wireguard-go", "nc"];

needs(...NEEDED)(
  "a WireGuard tunnel between two namespaces works through the proxy in a third",
  async () => {
    await using row = await NamespaceRow.make();
    await using proxy = await startProxyIn(row, "");
    await using tunnel = await startWireGuardTunnel(row);
    // Enough for many full packets through the tunnel, with TCP's acknowledgements on the way back.
    const text = Array.from({ length: 100_000 }, (_, index) => `line ${index}`);
    assert.deepEqual(await tunnel.carry(text), text);
    await proxy.process.waitForLine(/\[start\] udp:wireguard: .*service=tunnel/);
    assert.match(
      await tunnel.seenEndpoint(),
      new RegExp(`^${V4.back}:`),
      "the server sees the proxy",
    );
  },
);

needs(...NEEDED)(
  "a WireGuard session goes on from another port, and after its own has expired, without a handshake",
  async () => {
    await using row = await NamespaceRow.make();
    await using proxy = await startProxyIn(row, 'idle_lifetime = "1s"');
    await using tunnel = await startWireGuardTunnel(row);
    const texts = ["first", "expired", "moved"].map((word) => [`${word} 1`, `${word} 2`]);
    const [first = [], expired = [], moved = []] = texts;
    assert.deepEqual(await tunnel.carry(first), first);
    const handshake = await tunnel.lastHandshake();
    const endpoints = [await tunnel.seenEndpoint()];

    await proxy.waitForFinish(/service=tunnel .*reason=idle/);
    assert.deepEqual(await tunnel.carry(expired), expired);
    endpoints.push(await tunnel.seenEndpoint());

    await row.run(row.client, ["wg", "set", tunnel.client, "listen-port", "40001"]);
    assert.deepEqual(await tunnel.carry(moved), moved);
    endpoints.push(await tunnel.seenEndpoint());

    await proxy.process.waitForLine(
      new RegExp(`\\[start\\] udp:wireguard: .*${V4.client}:40001\\b.*service=tunnel`),
    );
    assert.equal(await tunnel.lastHandshake(), handshake);
    assert.equal(new Set(endpoints).size, 3, "each time the server sees another port of the proxy");
  },
);

function startProxyIn(row: NamespaceRow, keys: string): Promise<ProxyProcess> {
  return startProxy({
    port: WIREGUARD_PORT,
    behind: row.inside(row.proxy),
    config: `[protocols.tunnel]
      protocol = "wireguard"
      target = ["${V4.server}:${WIREGUARD_PORT}"]
      ${keys}
    `,
  });
}
