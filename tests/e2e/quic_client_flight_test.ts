/**
 * The first flight of a real QUIC client, Deno's own, as a plain UDP socket receives it.
 *
 * @module
 */

import assert from "node:assert/strict";
import { udpDetector } from "../../src/proto/registry.ts";

/** Ends a test that waits for a datagram in vain, milliseconds. */
const FLIGHT_TIMEOUT = 20_000;

Deno.test("udpDetector() reads name and ALPN from the first flight of Deno's QUIC client", async () => {
  const { verdict, datagrams } = await detectFlight({ serverName: "quic.example", alpn: ["h3"] });
  assert.deepEqual(verdict, {
    kind: "match",
    value: {
      protocol: "quic",
      sni: "quic.example",
      alpn: ["h3"],
      ech: false,
      version: "QUIC v1",
      consumed: datagrams,
    },
  });
});

Deno.test("udpDetector() reads a hello of Deno's QUIC client that needs several datagrams", async () => {
  const alpn = Array.from({ length: 40 }, (_, i) => `protocol-${i}-${"x".repeat(40)}`);
  const { verdict, datagrams } = await detectFlight({ serverName: "long.quic.example", alpn });
  assert(verdict.kind === "match");
  assert.equal(verdict.value.sni, "long.quic.example");
  assert.deepEqual(verdict.value.alpn, alpn);
  assert.equal(verdict.value.consumed, datagrams);
  assert(datagrams > 1);
});

/** Has a client connect to a socket that never answers, until its datagrams are known or known not to be QUIC. */
async function detectFlight(
  { serverName, alpn }: { readonly serverName: string; readonly alpn: string[] },
) {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  let expired = false;
  const timeout = setTimeout(() => {
    expired = true;
    socket.close(); // which ends the wait for a datagram
  }, FLIGHT_TIMEOUT);
  const endpoint = new Deno.QuicEndpoint({ hostname: "127.0.0.1", port: 0 });
  assert(socket.addr.transport === "udp");
  const { port } = socket.addr;
  const unanswered = assert.rejects(async () => {
    await Deno.connectQuic({
      hostname: "127.0.0.1",
      port,
      serverName,
      alpnProtocols: alpn,
      endpoint,
    });
  });
  const detect = udpDetector("quic");
  const held: Uint8Array[] = [];
  try {
    let verdict = detect(held);
    while (verdict.kind === "needMore") {
      const [datagram] = await socket.receive();
      held.push(datagram);
      verdict = detect(held);
    }
    return { verdict, datagrams: held.length };
  } finally {
    endpoint.close();
    await unanswered;
    clearTimeout(timeout);
    if (!expired) socket.close();
  }
}
