import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { httpBackend, quicEcho } from "../../src/cli/demo/backends.ts";
import { selfSignedCertificate } from "../../src/cli/demo/certificate.ts";
import { needs } from "../support/needs.ts";
import { RunningProgram, runOk } from "../support/programs.ts";
import { startProxy } from "../support/proxy_process.ts";
import { startSshd } from "../support/sshd.ts";
import { TempDir } from "../support/temp_dir.ts";

const RELOADS = 20;
const MIB = 1024 * 1024;
const DOWNLOAD = 200 * MIB;

needs("curl", "ssh", "sshd", "ssh-keygen", "sha256sum", "root")(
  "a download, an SSH session and a QUIC connection survive twenty reloads",
  async () => {
    await using stack = new AsyncDisposableStack();
    const dir = stack.use(await TempDir.make());
    const certificate = selfSignedCertificate(["q.test"], Date.now());
    const quic = stack.use(quicEcho(certificate, "echo"));
    const sshd = stack.use(await startSshd());
    const reloaded = Promise.withResolvers<void>();
    const download = stack.use(downloadServer(reloaded.promise));
    const other = stack.use(httpBackend("after reload"));

    // Each reload moves HTTP to the other backend and back, and names a service anew.
    const config = (generation: number) =>
      `[protocols.web${generation}]
      protocol = "http"
      target = ["${generation % 2 === 0 ? download.address : other.address}"]
      [protocols.shell]
      protocol = "ssh"
      target = ["127.0.0.1:${sshd.port}"]
      [protocols.quic]
      protocol = "quic"
      target = ["${quic.address}"]
      `;
    const proxy = stack.use(await startProxy({ config: config(0) }));
    const url = `http://127.0.0.1:${proxy.port}/`;

    const downloaded = runOk("curl", ["-sS", "--output", `${dir.path}/download`, url]);
    const marker = `${dir.path}/reloaded`;
    const session = stack.use(
      RunningProgram.start("ssh", [
        ...[...sshd.clientOptions(proxy.port), "127.0.0.1"],
        `echo begun; until test -e ${marker}; do sleep 0.1; done; echo over`,
      ]),
    );
    await session.waitForLine(/begun/);
    const client = stack.use(await QuicEchoClient.connect(proxy.port, certificate.cert));
    await proxy.process.waitForLine(/\[start\] tcp:http: .*service=web0/);

    for (let generation = 1; generation <= RELOADS; generation++) {
      await proxy.writeConfig(config(generation));
      await proxy.process.waitForLine(/event=reloaded/, { count: generation });
      assert.equal(await client.echo(`generation ${generation}`), `generation ${generation}`);
      if (generation % 2 === 1) assert.equal(await runOk("curl", ["-sS", url]), "after reload\n");
    }
    reloaded.resolve();
    await dir.write("reloaded", "");

    await downloaded;
    const sum = await runOk("sha256sum", [`${dir.path}/download`]);
    assert.equal(sum.slice(0, 64), downloadDigest());
    await session.waitForLine(/over/);
    assert.equal((await session.ended).code, 0);
    assert.equal(await client.echo("still here"), "still here");
  },
);

/** Sends all but the last MiB of its answer at once, and that when it is told to. */
function downloadServer(last: Promise<void>) {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => {
    let sent = 0;
    const body = new ReadableStream({
      async pull(controller) {
        if (sent === DOWNLOAD - MIB) await last;
        controller.enqueue(downloadBlock(sent / MIB));
        sent += MIB;
        if (sent === DOWNLOAD) controller.close();
      },
    });
    return new Response(body);
  });
  return {
    address: `127.0.0.1:${server.addr.port}`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** A MiB that is unlike its neighbours. */
function downloadBlock(index: number): Uint8Array {
  const block = new Uint8Array(MIB).fill(index);
  block.set(new TextEncoder().encode(`block ${index}`));
  return block;
}

function downloadDigest(): string {
  const hash = createHash("sha256");
  for (let index = 0; index < DOWNLOAD / MIB; index++) hash.update(downloadBlock(index));
  return hash.digest("hex");
}

/** One connection on which text after text is echoed. */
class QuicEchoClient implements AsyncDisposable {
  readonly #endpoint: Deno.QuicEndpoint;
  readonly #conn: Deno.QuicConn;

  private constructor(endpoint: Deno.QuicEndpoint, conn: Deno.QuicConn) {
    this.#endpoint = endpoint;
    this.#conn = conn;
  }

  static async connect(port: number, trusted: string): Promise<QuicEchoClient> {
    const endpoint = new Deno.QuicEndpoint({ hostname: "127.0.0.1", port: 0 });
    const conn = await Deno.connectQuic({
      hostname: "127.0.0.1",
      port,
      endpoint,
      serverName: "q.test",
      alpnProtocols: ["echo"],
      caCerts: [trusted],
      keepAliveInterval: 5_000,
    });
    return new QuicEchoClient(endpoint, conn);
  }

  async echo(text: string): Promise<string> {
    const stream = await this.#conn.createBidirectionalStream();
    const writer = stream.writable.getWriter();
    await writer.write(new TextEncoder().encode(text));
    await writer.close();
    return await new Response(stream.readable).text();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#conn.close();
    this.#endpoint.close();
    return Promise.resolve();
  }
}
