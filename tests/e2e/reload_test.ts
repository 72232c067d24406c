/**
 * Reload: what it changes, what it leaves alone, and that a broken file changes nothing.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { httpBackend, udpEcho } from "../../src/cli/demo/backends.ts";
import { readLine, writeText } from "../../src/cli/demo/conn_io.ts";
import { EchoServer } from "../support/echo_server.ts";
import { freePort } from "../support/free_port.ts";
import { startService } from "../support/main_process.ts";
import type { RunningProgram } from "../support/programs.ts";
import { TempDir } from "../support/temp_dir.ts";
import { UdpClient } from "../support/udp_client.ts";

const RELOADS = 20;
const DOWNLOAD = 200 * 1024 * 1024;

/** A service under test with a file that the test rewrites. */
class Subject implements AsyncDisposable {
  readonly path: string;
  readonly process: RunningProgram;
  readonly #dir: TempDir;
  #reports = 0;

  private constructor(dir: TempDir, path: string, process: RunningProgram) {
    this.#dir = dir;
    this.path = path;
    this.process = process;
  }

  static async start(config: string): Promise<Subject> {
    await using stack = new AsyncDisposableStack();
    const dir = stack.use(await TempDir.make());
    const path = await dir.write("config.toml", END_AT_ONCE + config);
    const subject = new Subject(dir, path, await startService(["--config", path]));
    stack.move();
    return subject;
  }

  /** Replaces the file, as editors do, and waits for what the service says to it. */
  async rewrite(config: string, expected: "reloaded" | "reload_failed"): Promise<string> {
    const next = await this.#dir.write("next.toml", END_AT_ONCE + config);
    await Deno.rename(next, this.path);
    return await this.#nextReport(expected);
  }

  /** Waits for one more answer to a reload, which must be of this kind. */
  async #nextReport(expected: string): Promise<string> {
    const line = await this.process.waitForLine(REPORT, { count: ++this.#reports });
    assert.match(line, new RegExp(`event=${expected}`));
    return line;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.process[Symbol.asyncDispose]();
    await this.#dir[Symbol.asyncDispose]();
  }
}

/** One line for each reload: of a failure only the first. */
const REPORT = / (?:INFO The configuration was reloaded|ERROR The configuration was not reloaded)/;
const END_AT_ONCE = `drain_timeout = "0s"\n`;

Deno.test("a download, a slow TCP session and a UDP session live through twenty reloads", async () => {
  await using web = new DownloadServer();
  await using echo = new EchoServer();
  await using datagrams = udpEcho();
  await using otherWeb = httpBackend("other");
  const [port, secondPort] = [freePort(), freePort()];
  const config = (round: number) => {
    const [ports, target] = round % 2 === 0
      ? [`${port}`, web.address]
      : [`[${port}, ${secondPort}]`, otherWeb.address];
    return `listen_port = ${ports}
      tcp_target = ["${echo.address}"]
      udp_target = ["${datagrams.address}"]
      [protocols.web]
      protocol = "http"
      target = ["${target}"]
    `;
  };
  await using subject = await Subject.start(config(0));

  using download = await connect(port);
  await writeText(download, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  using session = await connect(port);
  using client = new UdpClient(port);
  const hash = createHash("sha256");
  let received = await readInto(hash, download, 1);
  for (let round = 1; round <= RELOADS; round++) {
    await subject.rewrite(config(round), "reloaded");
    // Each reload meets flows in the middle of what they do, and each flow goes on after it.
    received += await readInto(hash, download, DOWNLOAD / RELOADS / 2);
    await writeText(session, `line ${round}\n`);
    assert.equal(await readLine(session), `line ${round}`);
    assert.equal(await client.ask(`datagram ${round}`), `datagram ${round}`);
    // New flows follow the new configuration.
    assert.equal(await get(port), round % 2 === 0 ? "download\n" : "other\n");
    assert.equal(await isListening(secondPort), round % 2 === 1);
  }
  received += await readInto(hash, download, Infinity);
  assert.equal(received, DOWNLOAD);
  assert.equal(hash.digest("hex"), web.digest);
  const started = subject.process.lines.filter((line) => line.includes("[start] udp"));
  assert.equal(started.length, 1, "the UDP session was one and the same");
});

Deno.test("a broken file changes nothing, and the log tells its line", async () => {
  await using echo = new EchoServer();
  const [port, secondPort] = [freePort(), freePort()];
  const good = `listen_port = ${port}\ntcp_target = ["${echo.address}"]\n`;
  await using subject = await Subject.start(good);
  const broken = `listen_port = [${port}, ${secondPort}]\ntcp_target = ["${echo.address}"]\n` +
    `[protocols.web]\nprotocol = "htpp"\ntarget = ["127.0.0.1:9"]\n`;
  await subject.rewrite(broken, "reload_failed");
  await subject.process.waitForLine(/ERROR \S*config\.toml:5:12: error: .*htpp/);
  const shown = subject.process.lines.map((line) => line.replace(/^\S+ ERROR /, ""));
  const source = shown.findIndex((line) => line.startsWith(`5 | protocol = "htpp"`));
  assert.notEqual(source, -1);
  assert.match(shown[source + 1] ?? "", /^ {2}\| {12}\^+/);
  assert(await echoes(port));
  assert.equal(await isListening(secondPort), false);
  // Back to what is in use: nothing to do, and nothing is done.
  subject.process.kill("SIGHUP");
  await subject.process.waitForLine(/event=reload_failed/, { count: 2 });
  await Deno.writeTextFile(subject.path, END_AT_ONCE + good);
  await subject.process.waitForLine(/event=reload_unchanged/);
});

Deno.test("a file that is gone changes nothing, and the log says so in words", async () => {
  await using web = httpBackend("web");
  const port = freePort();
  await using subject = await Subject.start(
    `listen_port = ${port}\ntcp_target = ["${web.address}"]\n`,
  );
  await Deno.remove(subject.path);
  const line = await subject.process.waitForLine(/event=config_unreadable/);
  assert.match(line, / WARN .* error="no such file"$/);
  assert.equal(await get(port), "web\n");
});

Deno.test("a port that cannot be had undoes the whole reload", async () => {
  await using echo = new EchoServer();
  await using other = httpBackend("other");
  using taken = Deno.listen({ hostname: "0.0.0.0", port: 0 });
  const [port, freeOne] = [freePort(), freePort()];
  const config = (ports: string, target: string) =>
    `listen_port = ${ports}\ntcp_target = ["${target}"]\n`;
  await using subject = await Subject.start(config(`${port}`, echo.address));
  await subject.rewrite(
    config(`[${port}, ${freeOne}, ${taken.addr.port}]`, other.address),
    "reload_failed",
  );
  await subject.process.waitForLine(/ERROR Cannot listen on tcp "0\.0\.0\.0:\d+": address already/);
  assert(await echoes(port), "new connections still go to the old target");
  assert.equal(await isListening(freeOne), false);
  await subject.rewrite(config(`[${port}, ${freeOne}]`, echo.address), "reloaded");
  assert(await echoes(freeOne));
});

Deno.test("a listener moves from all addresses to one and back on the same port", async () => {
  await using echo = new EchoServer();
  await using datagrams = udpEcho();
  const port = freePort();
  const config = (address: string) =>
    `listen_port = ${port}\nlisten_address_v4 = "${address}"\n` +
    `tcp_target = ["${echo.address}"]\nudp_target = ["${datagrams.address}"]\n`;
  await using subject = await Subject.start(config("0.0.0.0"));
  using session = await connect(port);
  const answers = async (text: string) => {
    await writeText(session, `${text}\n`);
    return await readLine(session) === text;
  };
  assert(await answers("on all addresses"));
  assert(await isListening(port, "127.0.0.2"));

  await subject.rewrite(config("127.0.0.1"), "reloaded");
  assert.equal(await isListening(port, "127.0.0.2"), false);
  assert(await echoes(port));
  assert(await answers("on one address"));
  using client = new UdpClient(port);
  assert.equal(await client.ask("hello"), "hello");

  await subject.rewrite(config("0.0.0.0"), "reloaded");
  assert(await isListening(port, "127.0.0.2"));
  assert(await echoes(port));
  assert(await answers("on all addresses again"));
});

Deno.test("a move to addresses that cannot all be had is undone", async () => {
  await using echo = new EchoServer();
  const port = freePort();
  const config = (addresses: string) =>
    `listen_port = ${port}\nlisten_address_v4 = ${addresses}\ntcp_target = ["${echo.address}"]\n`;
  await using subject = await Subject.start(config(`"0.0.0.0"`));
  // The first can be had only after the wildcard is closed; the second no machine has (RFC 5737 §3).
  await subject.rewrite(config(`["127.0.0.1", "192.0.2.1"]`), "reload_failed");
  await subject.process.waitForLine(/ERROR Cannot listen on tcp "192\.0\.2\.1:\d+": no interface/);
  assert(await isListening(port, "127.0.0.2"));
  assert(await echoes(port));
});

Deno.test("level and format of the logs change without a restart", async () => {
  await using echo = new EchoServer();
  const port = freePort();
  const config = `listen_port = ${port}\ntcp_target = ["${echo.address}"]\n`;
  await using subject = await Subject.start(config);
  await subject.rewrite(`access_log_format = "json"\n${config}`, "reloaded");
  assert(await echoes(port));
  const line = await subject.process.waitForLine(/"event":"finish"/);
  assert.equal(JSON.parse(line).service, "default");
});

async function connect(port: number, hostname = "127.0.0.1"): Promise<Deno.TcpConn> {
  return await Deno.connect({ hostname, port });
}

async function isListening(port: number, hostname = "127.0.0.1"): Promise<boolean> {
  try {
    (await connect(port, hostname)).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionRefused) return false;
    throw error;
  }
}

async function echoes(port: number): Promise<boolean> {
  using conn = await connect(port);
  await writeText(conn, "hello\n");
  return await readLine(conn) === "hello";
}

/** First line of the body of a short answer. */
async function get(port: number): Promise<string> {
  using conn = await connect(port);
  await writeText(conn, "GET /short HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  const answer = await new Response(conn.readable).text();
  return answer.slice(answer.indexOf("\r\n\r\n") + 4);
}

/** Reads at least `least` bytes, or to the end, and returns how many. */
async function readInto(
  hash: ReturnType<typeof createHash>,
  conn: Deno.Conn,
  least: number,
): Promise<number> {
  const buffer = new Uint8Array(256 * 1024);
  let total = 0;
  while (total < least) {
    const count = await conn.read(buffer);
    if (count === null) break;
    hash.update(buffer.subarray(0, count));
    total += count;
  }
  return total;
}

/** Answers `/` with a body of {@linkcode DOWNLOAD} bytes and no head at all, anything else with one line. */
class DownloadServer implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #hash = createHash("sha256");
  readonly #serving: Promise<void>;

  constructor() {
    this.#serving = this.#serve();
  }

  get address(): string {
    return `127.0.0.1:${this.#listener.addr.port}`;
  }

  /** SHA-256 of what was sent. */
  get digest(): string {
    return this.#hash.digest("hex");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#serving;
  }

  async #serve(): Promise<void> {
    const answers: Promise<void>[] = [];
    for await (const conn of this.#listener) answers.push(this.#answer(conn));
    await Promise.all(answers);
  }

  async #answer(conn: Deno.Conn): Promise<void> {
    using _ = conn;
    const request = await readLine(conn);
    while (await readLine(conn)); // what is left unread would make a reset of the end
    if (request !== "GET / HTTP/1.1") {
      await writeText(conn, "HTTP/1.1 200 OK\r\n\r\ndownload\n");
      return;
    }
    const block = new Uint8Array(1024 * 1024);
    for (let sent = 0; sent < DOWNLOAD; sent += block.length) {
      block.fill(sent / block.length).set(crypto.getRandomValues(new Uint8Array(64)));
      this.#hash.update(block);
      for (let done = 0; done < block.length;) done += await conn.write(block.subarray(done));
    }
  }
}
