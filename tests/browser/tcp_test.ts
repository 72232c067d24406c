/**
 * ECH over TCP, between real browsers and real backends.
 *
 * @module
 */

import assert from "node:assert/strict";
import { echPage } from "../support/ech_backends.ts";
import {
  type ConfigParts,
  echService,
  HIDDEN,
  PLAIN,
  PUBLIC,
  retryLines,
  type Site,
  siteKey,
  startSite,
} from "../support/ech_site.ts";
import { needs } from "../support/needs.ts";
import { CHROMIUM } from "./chromium.ts";
import { FIREFOX } from "./firefox.ts";
import { visit } from "./visit.ts";

const KEY = siteKey(7);
const OLD_KEY = siteKey(6);
const PUBLISHED = { alpn: ["http/1.1"], key: KEY };

for (const browser of [CHROMIUM, FIREFOX]) {
  const test = needs(...browser.needs, "bun", "openssl");

  test(`${browser.name} reaches a hidden site over TCP`, async () => {
    await using site = await startTlsSite({});
    assert.equal(await visit(browser, site, HIDDEN, PUBLISHED), `hidden HTTP/1.1 ${HIDDEN}`);
    const line = await site.proxy.process.waitForLine(/\[start\] tcp:tls: .*ech=accepted/);
    assert.match(line, / sni=public\.test .*ech_config_id=7\b/);
    site.assertHidden();
  });

  test(`${browser.name} reaches a hidden site that asks for another hello`, async () => {
    await using site = await startTlsSite({ groups: "P-384" });
    assert.equal(await visit(browser, site, HIDDEN, PUBLISHED), `hidden HTTP/1.1 ${HIDDEN}`);
    await site.proxy.process.waitForLine(/\[start\] tcp:tls: .*ech=accepted/);
    assert.ok(site.flights()[0]?.isRetryRequested);
    site.assertHidden();
  });

  test(`${browser.name} comes with an old key, is given the new one, and reaches the hidden site`, async () => {
    await using site = await startTlsSite({ more: (parts) => retryLines(parts, [6]) });
    assert.equal(
      await visit(browser, site, HIDDEN, { ...PUBLISHED, key: OLD_KEY }),
      `hidden HTTP/1.1 ${HIDDEN}`,
    );
    const late = await site.proxy.waitForFinish(/ech=rejected .*ech_config_id=6\b/);
    assert.match(late, / reason=ech_retry\b/);
    await site.proxy.process.waitForLine(/\[start\] tcp:tls: .*ech=accepted .*ech_config_id=7\b/);
    site.assertHidden();
  });

  test(`${browser.name} reaches sites without a record, whatever it makes up`, async () => {
    await using site = await startTlsSite({ serverNames: [PUBLIC, PLAIN] });
    for (const name of [PLAIN, PUBLIC]) {
      assert.equal(await visit(browser, site, name, null), `public HTTP/1.1 ${name}`);
      const line = await site.proxy.process.waitForLine(
        new RegExp(`\\[start\\] tcp:tls: .* sni=${name} `),
      );
      // Its ids are random: one in 256 is ours.
      assert.match(line, / ech=grease | ech=rejected .*ech_config_id=7\b/);
    }
  });

  test(`${browser.name} makes up an id that is ours, and reaches the public site in the clear`, async () => {
    await using plaintext = servePlaintext();
    // All there are, so that it has no other choice.
    const ids = Array.from({ length: 256 }, (_, id) => id);
    await using site = await startTlsSite({
      more: (parts) => [
        ...retryLines(parts, ids),
        `public_plaintext_target = ["127.0.0.1:${plaintext.addr.port}"]`,
      ],
    });
    assert.equal(await visit(browser, site, PUBLIC, null), "plaintext HTTP/1.1 none");
    await site.proxy.process.waitForLine(/\[start\] tcp:tls: .* sni=public\.test .*ech=rejected/);
  });
}

function startTlsSite({ serverNames = [PUBLIC], groups, more = () => [] }: {
  readonly serverNames?: readonly string[];
  /** Groups of the hidden site. */
  readonly groups?: string;
  /** Further lines of the `ech` table. */
  readonly more?: (parts: ConfigParts) => readonly string[];
}): Promise<Site> {
  return startSite({
    backends: {
      public: { kind: "tls" },
      hidden: { kind: "tls", ...(groups === undefined ? {} : { groups }) },
    },
    config: (parts) =>
      echService({
        protocol: "tls",
        serverNames,
        target: parts.address("public"),
        key: KEY,
        hiddenTarget: parts.address("hidden"),
        more: more(parts),
      }),
  });
}

/** A web server without TLS, whose page is like those of the others. */
function servePlaintext() {
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () => {
    const html = echPage({ page: "plaintext", http: "1.1", sni: "none" });
    return new Response(html, { headers: { "content-type": "text/html" } });
  });
}
