/**
 * Keys that change while clients come and go.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { EchKey } from "../../src/model/ech.ts";
import { readEchPage } from "../support/ech_backends.ts";
import { configList, keyFile } from "../support/ech_config.ts";
import { HIDDEN, PUBLIC, siteKey, startSite } from "../support/ech_site.ts";
import { needs } from "../support/needs.ts";
import { NssClient } from "../support/nss_client.ts";
import { findProgram } from "../support/programs.ts";
import { TempDir } from "../support/temp_dir.ts";

/** Visits with each key in each generation. */
const VISITS = 6;

needs("tstclnt", "certutil", "bun", "openssl")(
  "keys change twice under load, and no client notices",
  async () => {
    const [first, second, third] = [siteKey(1), siteKey(2), siteKey(3)];
    await using keys = await TempDir.make();
    const writeKey = async (name: string, key: EchKey) => {
      await keys.write("next", keyFile(key));
      await Deno.rename(`${keys.path}/next`, `${keys.path}/${name}`);
    };
    await writeKey("a.pem", first);
    const config = (address: (backend: string) => string, files: string) =>
      `[protocols.site]
      protocol = "tls"
      server_names = ["${PUBLIC}"]
      target = ["${address("public")}"]
      [protocols.site.ech]
      key_files = [${files}]
      private = [{ names = ["${HIDDEN}"], target = ["${address("hidden")}"] }]`;
    await using site = await startSite({
      backends: { public: { kind: "tls" }, hidden: { kind: "tls" } },
      config: ({ address }) => config(address, `"${keys.path}/a.pem"`),
    });
    const told = (...ids: readonly number[]) => {
      const list = ids.map((id) => `${id}:${PUBLIC}`).join();
      return site.proxy.process.waitForLine(new RegExp(`event=ech_keys keys=${list}$`));
    };
    await using client = await NssClient.make(site.authority.certPath);
    await using held = new HeldClient(client, site.port, first);
    await site.proxy.process.waitForLine(/\[start\] tcp:tls: .*ech=accepted/);

    /** Has clients of these keys come while something changes, and some more when it has. */
    const visitDuring = async (known: readonly EchKey[], change: () => Promise<unknown>) => {
      let hasChanged = false;
      const comeAndGo = async (key: EchKey) => {
        for (let visits = 0; visits < VISITS || !hasChanged; visits++) {
          const request = { port: site.port, name: HIDDEN, configList: configList(key) };
          const { response, complaint } = await client.get(request);
          assert.equal(readEchPage(response)?.page, "hidden", complaint);
        }
      };
      const changing = change().finally(() => hasChanged = true);
      await Promise.all([...known.map(comeAndGo), changing]);
      await Promise.all(known.map(comeAndGo));
    };

    // The next generation beside the first, which stays for those that know no other.
    await visitDuring([first], async () => {
      await writeKey("b.pem", second);
      await site.proxy.writeConfig(
        config(
          site.address,
          `"${keys.path}/b.pem", { path = "${keys.path}/a.pem", retry = false }`,
        ),
      );
      await told(2, 1);
    });
    // The first one's file becomes the third: nothing but the file says so.
    await visitDuring([second], async () => {
      await writeKey("a.pem", third);
      await told(2, 3);
    });
    await visitDuring([second, third], () => Promise.resolve());

    assert.equal(readEchPage(await held.finish())?.page, "hidden");
    const notAccepted = site.proxy.process.lines.filter((line) =>
      / \[(start|finish)\] /.test(line) && !line.includes(" ech=accepted ")
    );
    assert.deepEqual(notAccepted, []);
    site.assertHidden();
  },
);

/** A client that connects at once, and asks when it is told to. */
class HeldClient implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;

  constructor(client: NssClient, port: number, key: EchKey) {
    this.#child = new Deno.Command(findProgram("tstclnt") ?? "tstclnt", {
      args: client.arguments({ port, name: HIDDEN, configList: configList(key) }),
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
  }

  /** Asks, and returns what is answered. */
  async finish(): Promise<string> {
    // It goes on as long as its standard input does, and says nothing more where that has ended.
    const timer = setTimeout(() => this.#kill(), 30_000);
    const writer = this.#child.stdin.getWriter();
    const request = `GET / HTTP/1.1\r\nHost: ${HIDDEN}\r\nConnection: close\r\n\r\n`;
    await writer.write(new TextEncoder().encode(request));
    let text = "";
    for await (const part of this.#child.stdout.pipeThrough(new TextDecoderStream())) {
      text += part;
      if (text.includes("</body>")) break;
    }
    clearTimeout(timer);
    return text;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#kill();
    await this.#child.status;
    await this.#child.stdin.close().catch(() => {}); // locked or gone
    if (!this.#child.stdout.locked) await this.#child.stdout.cancel();
  }

  #kill(): void {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
  }
}
