/**
 * ECH over TCP, between real browsers and real backends.
 *
 * @module
 */

import assert from "node:assert/strict";
import { needs } from "../support/needs.ts";
import { CHROMIUM } from "./chromium.ts";
import { FIREFOX } from "./firefox.ts";
import { echService, HIDDEN, siteKey, startSite } from "./site.ts";

for (const browser of [CHROMIUM, FIREFOX]) {
  const test = needs(...browser.needs, "bun", "openssl");

  test(`${browser.name} reaches a hidden site over TCP`, async () => {
    const key = siteKey(7);
    await using site = await startSite({
      backends: { public: { kind: "tls" }, hidden: { kind: "tls" } },
      config: ({ address }) =>
        echService({
          protocol: "tls",
          target: address("public"),
          key,
          hiddenTarget: address("hidden"),
        }),
      record: { alpn: ["http/1.1"], key },
    });
    assert.equal(await site.visit(browser, HIDDEN), `hidden HTTP/1.1 ${HIDDEN}`);
    const line = await site.proxy.process.waitForLine(/\[start\] tcp:tls: .*ech=accepted/);
    assert.match(line, / sni=public\.test .*ech_config_id=7\b/);
    site.assertHidden();
  });
}
