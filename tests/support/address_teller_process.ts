/**
 * A program for a network namespace: tells each client the address that it sees it at, by HTTP and in datagrams.
 *
 *   deno run --allow-net address_teller_process.ts PORT HOST…
 *
 * @module
 */

const [port, ...hosts] = Deno.args;
for (const hostname of hosts) {
  const address = { hostname, port: Number(port) };
  Deno.serve({ ...address, onListen() {} }, (_request, { remoteAddr }) => tell(remoteAddr));
  void answerDatagrams(Deno.listenDatagram({ transport: "udp", ...address }));
}
console.log("ready");

function tell(client: Deno.Addr): Response {
  return new Response(`${"hostname" in client ? client.hostname : ""}\n`);
}

async function answerDatagrams(socket: Deno.DatagramConn): Promise<void> {
  for await (const [, client] of socket) {
    await socket.send(await tell(client).bytes(), client);
  }
}
