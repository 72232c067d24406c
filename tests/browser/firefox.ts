/**
 * Firefox without a window, driven by WebDriver BiDi.
 *
 * @module
 */

import { trustAuthority } from "../support/nss_database.ts";
import { TempDir } from "../support/temp_dir.ts";
import { type Browser, VISIT_TIMEOUT_MS } from "./browser.ts";
import { BrowserProcess } from "./browser_process.ts";

/** Firefox ESR as Debian packages it. */
export const FIREFOX: Browser = {
  name: "Firefox",
  needs: ["firefox-esr", "certutil"],
  async visit(url, { dohUrl, authorityPath, onlyHttp3 }) {
    await using home = await TempDir.make();
    const profile = `${home.path}/profile`;
    await trustAuthority(profile, authorityPath);
    const preferences = {
      ...QUIET,
      ...ECH,
      "network.trr.uri": dohUrl,
      ...(onlyHttp3 === undefined ? {} : ONLY_HTTP3),
    };
    const lines = Object.entries(preferences)
      .map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});`);
    await Deno.writeTextFile(`${profile}/user.js`, lines.join("\n"));
    await using process = new BrowserProcess("firefox-esr", [
      ...["--headless", "--no-remote", "--profile", profile, "--remote-debugging-port", "0"],
    ], home.path);
    const timer = setTimeout(() => process.kill(), VISIT_TIMEOUT_MS);
    try {
      const address = await process.waitFor(/WebDriver BiDi listening on (ws:\S+)/);
      if (address === null) throw new Error(`Firefox ended:\n${process.lines.join("\n")}`);
      await using session = await BidiSession.open(address);
      return await session.visit(url);
    } finally {
      clearTimeout(timer);
    }
  },
};

/** DNS over HTTPS, and nothing but that; HTTP/3 for an authority of one's own as well. */
const ECH = {
  "network.trr.mode": 3,
  "network.trr.allow-rfc1918": true,
  "network.trr.disable-heuristics": true,
  "network.dns.force_waiting_https_rr": true,
  "network.http.http3.disable_when_third_party_roots_found": false,
};

/** TCP is not tried beside QUIC where that takes a while. */
const ONLY_HTTP3 = {
  "network.http.http3.backup_timer_delay": VISIT_TIMEOUT_MS,
};

/** Nothing that it would load of its own accord. */
const QUIET = {
  "app.normandy.enabled": false,
  "app.update.enabled": false,
  "browser.safebrowsing.downloads.remote.enabled": false,
  "browser.safebrowsing.malware.enabled": false,
  "browser.safebrowsing.phishing.enabled": false,
  "browser.search.update": false,
  "browser.shell.checkDefaultBrowser": false,
  "browser.startup.homepage": "about:blank",
  "browser.startup.page": 0,
  "datareporting.policy.dataSubmissionEnabled": false,
  "extensions.update.enabled": false,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  "services.settings.server": "data:,",
  "toolkit.telemetry.enabled": false,
};

/** A session of WebDriver BiDi: commands and their answers over a WebSocket. */
class BidiSession implements AsyncDisposable {
  readonly #socket: WebSocket;
  readonly #answers = new Map<number, PromiseWithResolvers<unknown>>();
  #last = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.onmessage = ({ data }) => {
      const { type, id, result, message } = JSON.parse(data);
      if (type === "success") this.#answers.get(id)?.resolve(result);
      if (type === "error") this.#answers.get(id)?.reject(new Error(message));
    };
    socket.onclose = () => {
      for (const answer of this.#answers.values()) answer.reject(new Error("Firefox has gone"));
    };
  }

  static async open(address: string): Promise<BidiSession> {
    const socket = new WebSocket(`${address}/session`);
    await new Promise<void>((resolve, reject) => {
      socket.onopen = () => resolve();
      socket.onerror = () => reject(new Error(`Cannot connect to ${address}`));
    });
    const session = new BidiSession(socket);
    await session.#ask("session.new", { capabilities: {} });
    return session;
  }

  /** What the document holds when it is loaded; of a page that cannot be loaded, why. */
  async visit(url: string): Promise<string> {
    const { contexts } = await this.#ask<{ contexts: { context: string }[] }>(
      "browsingContext.getTree",
      {},
    );
    const context = contexts[0]?.context;
    try {
      await this.#ask("browsingContext.navigate", { context, url, wait: "complete" });
    } catch (error) {
      return String(error);
    }
    const { result } = await this.#ask<{ result: { value: string } }>("script.evaluate", {
      expression: "document.documentElement.outerHTML",
      target: { context },
      awaitPromise: false,
    });
    return result.value;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#socket.readyState === WebSocket.CLOSED) return;
    const closed = new Promise((resolve) => this.#socket.addEventListener("close", resolve));
    this.#socket.close();
    await closed;
  }

  #ask<T>(method: string, params: Readonly<Record<string, unknown>>): Promise<T> {
    const id = ++this.#last;
    const answer = Promise.withResolvers<unknown>();
    this.#answers.set(id, answer);
    this.#socket.send(JSON.stringify({ id, method, params }));
    return answer.promise as Promise<T>;
  }
}
