/*
 * Web servers on BoringSSL: HTTP/1.1 over TLS, or HTTP/3. Each answers any request with a page that tells what it knows of
 * the connection. The one argument is a list of servers in JSON; each gets a line `listening NAME PORT` on standard
 * output, and `ready` follows when all of them do.
 */

import { createPrivateKey } from "node:crypto";
import { createServer } from "node:https";

const HOST = "127.0.0.1";
const HTML = "text/html; charset=utf-8";

for (const server of JSON.parse(process.argv[2])) {
  const port = await (server.kind === "h3" ? serveHttp3(server) : serveTls(server));
  console.log(`listening ${server.name} ${port}`);
}
console.log("ready");

function serveTls({ name, port = 0, cert, key, groups }) {
  const options = { cert, key, ALPNProtocols: ["http/1.1"] };
  if (groups !== undefined) options.ecdhCurve = groups;
  const server = createServer(options, (request, response) => {
    const body = page({ page: name, http: "1.1", sni: request.socket.servername });
    response.writeHead(200, { "content-type": HTML, connection: "close" });
    response.end(body);
  });
  server.on("tlsClientError", (error) => console.log(`${name}: ${error}`));
  return new Promise((resolve) => server.listen(port, HOST, () => resolve(server.address().port)));
}

async function serveHttp3({ name, cert, key, groups }) {
  const { listen } = await import("node:quic");
  const identity = { keys: [createPrivateKey(key)], certs: [Buffer.from(cert)] };
  const options = {
    endpoint: { address: `${HOST}:0` },
    alpn: ["h3"],
    sni: { "*": identity },
  };
  if (groups !== undefined) options.groups = groups;
  const endpoint = await listen((session) => {
    session.closed.catch((error) => console.log(`${name}: ${error}`));
    session.onstream = (stream) => {
      stream.closed.catch(() => {});
      stream.onheaders = async () => {
        const { servername } = await session.opened;
        stream.sendHeaders({ ":status": "200", "content-type": HTML });
        stream.setBody(page({ page: name, http: "3", sni: servername }));
      };
    };
  }, options);
  return endpoint.address.port;
}

/** As `echPage()` of ech_backends.ts makes it. */
function page(facts) {
  return `<!doctype html><link rel=icon href=data:,><body>${JSON.stringify(facts)}</body>`;
}
