import assert from "node:assert/strict";
import { httpBackend, udpEcho } from "../../src/cli/demo/backends.ts";
import { needs } from "../support/needs.ts";
import { run, runOk } from "../support/programs.ts";
import { startProxy } from "../support/proxy_process.ts";

const test = needs("curl");

test("the proxy survives running out of file descriptors, says so once, and recovers", async () => {
  await using web = httpBackend("still here");
  await using proxy = await startProxy({
    maxFiles: 64,
    config: `probe_timeout = "5m"\n${httpOnly(web.address)}`,
  });
  const clients: Deno.TcpConn[] = [];
  try {
    // More silent clients than there are descriptors: some wait in the backlog.
    for (let count = 0; count < 80; count++) {
      clients.push(await Deno.connect({ hostname: "127.0.0.1", port: proxy.port }));
    }
    await proxy.process.waitForLine(/event=accept_paused/);
  } finally {
    for (const client of clients) client.close();
  }
  const get = () => runOk("curl", ["-sS", `http://127.0.0.1:${proxy.port}/`]);
  assert.equal(await get(), "still here\n");
  // A shortage is over only when there has been none for a while.
  const resumed = () => proxy.process.lines.some((line) => line.includes("event=accept_resumed"));
  for (let attempt = 0; attempt < 500 && !resumed(); attempt++) await get();
  assert.ok(resumed(), proxy.process.lines.join("\n"));
  const warnings = proxy.process.lines.filter((line) => line.includes("event=accept_paused"));
  assert.equal(warnings.length, 1, warnings.join("\n"));
});

test("tcp_max_connections holds while its connections live, and no longer", async () => {
  await using web = httpBackend("one of few");
  await using proxy = await startProxy({
    config: `tcp_max_connections = 3\nprobe_timeout = "5m"\n${httpOnly(web.address)}`,
  });
  const url = `http://127.0.0.1:${proxy.port}/`;
  const clients: Deno.TcpConn[] = [];
  for (let count = 0; count < 3; count++) {
    clients.push(await Deno.connect({ hostname: "127.0.0.1", port: proxy.port }));
  }
  const { code } = await run("curl", ["-sS", url]);
  assert.notEqual(code, 0);
  await proxy.waitForFinish(/reason=limit/);
  for (const client of clients) client.close();
  await proxy.waitForFinish(/reason=client_closed/, 3);
  // Honest under churn: each of many connections in turn gives its place back.
  for (let count = 0; count < 10; count++) {
    assert.equal(await runOk("curl", ["-sS", url]), "one of few\n");
  }
});

Deno.test("udp_max_connections holds, and a session that has expired makes room", async () => {
  await using echo = udpEcho();
  await using proxy = await startProxy({
    config: `udp_max_connections = 2\nudp_idle_lifetime = 1\nudp_target = ["${echo.address}"]\n`,
  });
  const sockets = Array.from(
    { length: 3 },
    () => Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 }),
  );
  const [first, second, third] = sockets;
  assert.ok(first && second && third);
  const send = (socket: Deno.DatagramConn) =>
    socket.send(new Uint8Array([1]), { transport: "udp", hostname: "127.0.0.1", port: proxy.port });
  try {
    for (const socket of [first, second]) {
      await send(socket);
      await socket.receive();
    }
    await send(third);
    await proxy.process.waitForLine(/event=udp_limit_reached/);
    await proxy.waitForFinish(/service=default .*reason=idle/, 2);
    await send(third);
    await third.receive();
  } finally {
    for (const socket of sockets) socket.close();
  }
});

const httpOnly = (target: string) => `[protocols.web]\nprotocol = "http"\ntarget = ["${target}"]\n`;
