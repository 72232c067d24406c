/**
 * ECH over TCP, between real browsers and real backends.
 *
 * @module
 */

import assert from "node:assert/strict";
import { needs } from "../support/needs.ts";
import { echPage } from "../support/ech_backends.ts";
import { CHROMIUM } from "./chromium.ts";
import { FIREFOX } from "./firefox.ts";
import { echService, HIDDEN, PLAIN, PUBLIC, siteKey, startSite } from "./site.ts";

const BACKENDS = { public: { kind: "tls" }, hidden: { kind: "tls" } } as const;

for (const browser of [CHROMIUM, FIREFOX]) {
  const test = needs(...browser.needs, "bun", "openssl");

  test(`${browser.name} reaches a hidden site over TCP`, async () => {
    const key = siteKey(7);
    await using site = await startSite({
      backends: BACKENDS,
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

  test(`${browser.name} reaches a hidden site that asks for another hello`, async () => {
    const key = siteKey(7);
    await using site = await startSite({
      backends: { public: { kind: "tls" }, hidden: { kind: "tls", groups: "P-384" } },
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
    await site.proxy.process.waitForLine(/\[start\] tcp:tls: .*ech=accepted/);
    assert.ok(site.flights()[0]?.isRetryRequested);
    site.assertHidden();
  });

  test(`${browser.name} comes with an old key, is given the new one, and reaches the hidden site`, async () => {
    const [old, current] = [siteKey(6), siteKey(7)];
    await using site = await startSite({
      backends: BACKENDS,
      config: ({ address, certificatePath, certificateKeyPath }) =>
        echService({
          protocol: "tls",
          target: address("public"),
          key: current,
          hiddenTarget: address("hidden"),
          more: [
            "retired_config_ids = [6]",
            'on_reject = "retry"',
            `certificate = "${certificatePath}"`,
            `certificate_key = "${certificateKeyPath}"`,
          ],
        }),
      record: { alpn: ["http/1.1"], key: old },
    });
    assert.equal(await site.visit(browser, HIDDEN), `hidden HTTP/1.1 ${HIDDEN}`);
    const late = await site.proxy.waitForFinish(/ech=rejected .*ech_config_id=6\b/);
    assert.match(late, / reason=ech_retry\b/);
    await site.proxy.process.waitForLine(/\[start\] tcp:tls: .*ech=accepted .*ech_config_id=7\b/);
    site.assertHidden();
  });

  test(`${browser.name} reaches sites without a record, whatever it makes up`, async () => {
    const key = siteKey(7);
    await using site = await startSite({
      backends: BACKENDS,
      config: ({ address }) =>
        echService({
          protocol: "tls",
          serverNames: [PUBLIC, PLAIN],
          target: address("public"),
          key,
          hiddenTarget: address("hidden"),
        }),
    });
    for (const name of [PLAIN, PUBLIC]) {
      assert.equal(await site.visit(browser, name), `public HTTP/1.1 ${name}`);
      const line = await site.proxy.process.waitForLine(
        new RegExp(`\\[start\\] tcp:tls: .* sni=${name} `),
      );
      // Its ids are random: one in 256 is ours.
      assert.match(line, / ech=grease | ech=rejected .*ech_config_id=7\b/);
    }
  });

  test(`${browser.name} makes up an id that is ours, and reaches the public site in the clear`, async () => {
    const key = siteKey(7);
    await using plaintext = servePlaintext();
    await using site = await startSite({
      backends: BACKENDS,
      config: ({ address, certificatePath, certificateKeyPath }) =>
        echService({
          protocol: "tls",
          target: address("public"),
          key,
          hiddenTarget: address("hidden"),
          more: [
            // All there are, so that it has no other choice.
            `retired_config_ids = [${Array.from({ length: 256 }, (_, id) => id).join()}]`,
            'on_reject = "retry"',
            `certificate = "${certificatePath}"`,
            `certificate_key = "${certificateKeyPath}"`,
            `public_plaintext_target = ["127.0.0.1:${plaintext.addr.port}"]`,
          ],
        }),
    });
    assert.equal(await site.visit(browser, PUBLIC), "plaintext HTTP/1.1 none");
    await site.proxy.process.waitForLine(/\[start\] tcp:tls: .* sni=public\.test .*ech=rejected/);
  });
}

/** A web server without TLS, whose page is like those of the others. */
function servePlaintext() {
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () => {
    const html = echPage({ page: "plaintext", http: "1.1", sni: "none" });
    return new Response(html, { headers: { "content-type": "text/html" } });
  });
}
