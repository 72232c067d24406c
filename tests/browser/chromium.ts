/**
 * Chromium without a window.
 *
 * @module
 */

import { trustAuthority } from "../support/nss_database.ts";
import { TempDir } from "../support/temp_dir.ts";
import { type Browser, VISIT_TIMEOUT_MS } from "./browser.ts";
import { BrowserProcess } from "./browser_process.ts";

/** Chromium as Debian packages it. It does ECH unless told otherwise, once DNS over HTTPS is on. */
export const CHROMIUM: Browser = {
  name: "Chromium",
  needs: ["chromium", "certutil"],
  async visit(url, { dohUrl, authorityPath, onlyHttp3 }) {
    await using home = await TempDir.make();
    await trustAuthority(`${home.path}/.pki/nssdb`, authorityPath);
    const profile = `${home.path}/profile`;
    await Deno.mkdir(profile);
    const state = {
      "dns_over_https": { mode: "secure", templates: `${dohUrl}{?dns}` },
      "async_dns": { enabled: true },
    };
    await Deno.writeTextFile(`${profile}/Local State`, JSON.stringify(state));
    await using process = new BrowserProcess("chromium", [
      `--user-data-dir=${profile}`,
      ...["--headless", "--disable-gpu", "--no-first-run", "--disable-dev-shm-usage"],
      ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
      // Its sandbox refuses root.
      ...(Deno.uid() === 0 ? ["--no-sandbox"] : []),
      // QUIC takes no private authority but for such an origin.
      ...(onlyHttp3 === undefined ? [] : [`--origin-to-force-quic-on=${onlyHttp3}`]),
      ...[`--timeout=${VISIT_TIMEOUT_MS - 5_000}`, "--dump-dom", url],
    ], home.path);
    const timer = setTimeout(() => process.kill(), VISIT_TIMEOUT_MS);
    const document = await process.output();
    clearTimeout(timer);
    return document;
  },
};
