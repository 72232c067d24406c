/**
 * ECH over QUIC, between real browsers and real HTTP/3 servers.
 *
 * @module
 */

import assert from "node:assert/strict";
import {
  echService,
  HIDDEN,
  retryLines,
  type Site,
  siteKey,
  startSite,
} from "../support/ech_site.ts";
import { needs } from "../support/needs.ts";
import type { DatagramFate, TappedDatagram, WireOptions } from "../support/wire_tap.ts";
import type { EchBackendSpec } from "../support/ech_backends.ts";
import { CHROMIUM } from "./chromium.ts";
import { FIREFOX } from "./firefox.ts";
import { visit } from "./visit.ts";

const KEY = siteKey(7);
const OLD_KEY = siteKey(6);
const PUBLISHED = { alpn: ["h3"], key: KEY };
const ONLY = { onlyHttp3: true };

/** What is lost or late of the datagrams of one connection; they are counted by direction. */
const LOSSES: Readonly<Record<string, (datagram: TappedDatagram) => DatagramFate>> = {
  "the first half of its hello is lost": ({ from, index }) =>
    from === "client" && index === 0 ? "drop" : "pass",
  "the second half of its hello is lost": ({ from, index }) =>
    from === "client" && index === 1 ? "drop" : "pass",
  "the halves of its hello change places": ({ from, index }) =>
    from === "client" && index === 0 ? "hold" : "pass",
  "every fifth datagram is lost": ({ index }) => index % 5 === 2 ? "drop" : "pass",
};

for (const browser of [CHROMIUM, FIREFOX]) {
  const test = needs(...browser.needs, "bun", "quiche", "openssl");

  test(`${browser.name} reaches a hidden site over HTTP/3`, async () => {
    await using site = await startHttp3Site({});
    assert.equal(await visit(browser, site, HIDDEN, PUBLISHED, ONLY), `hidden HTTP/3 ${HIDDEN}`);
    const line = await site.proxy.process.waitForLine(/\[start\] udp:quic: .*ech=accepted/);
    assert.match(line, / sni=public\.test .*ech_config_id=7\b/);
    site.assertHidden();
  });

  test(`${browser.name} reaches a hidden site over HTTP/3 that has it prove its address`, async () => {
    await using site = await startHttp3Site({ backend: { retry: true } });
    assert.equal(await visit(browser, site, HIDDEN, PUBLISHED, ONLY), `hidden HTTP/3 ${HIDDEN}`);
    await site.proxy.process.waitForLine(/\[start\] udp:quic: .*ech=accepted/);
    assert.ok(site.flights().some(({ retries }) => retries > 0), "no Retry was seen");
    site.assertHidden();
  });

  test(`${browser.name} reaches a hidden site over HTTP/3 that asks for another hello`, async () => {
    await using site = await startHttp3Site({ backend: { groups: "P-384" } });
    assert.equal(await visit(browser, site, HIDDEN, PUBLISHED, ONLY), `hidden HTTP/3 ${HIDDEN}`);
    await site.proxy.process.waitForLine(/\[start\] udp:quic: .*ech=accepted/);
    assert.ok(
      site.flights().some((flight) => flight.isRetryRequested),
      "no second hello was asked for",
    );
    site.assertHidden();
  });

  for (const [what, fate] of Object.entries(LOSSES)) {
    test(`${browser.name} reaches a hidden site over HTTP/3 where ${what}`, async () => {
      await using site = await startHttp3Site({ wire: { fate } });
      assert.equal(await visit(browser, site, HIDDEN, PUBLISHED, ONLY), `hidden HTTP/3 ${HIDDEN}`);
      await site.proxy.process.waitForLine(/\[start\] udp:quic: .*ech=accepted/);
      site.assertHidden();
    });
  }

  test(`${browser.name} is refused over QUIC with an old key, and given the new one over TCP`, async () => {
    await using site = await startSite({
      backends: {
        public: { kind: "tls" },
        hidden: { kind: "tls" },
        "public-h3": { kind: "h3" },
        "hidden-h3": { kind: "h3" },
      },
      config: (parts) =>
        echService({
          protocol: "quic",
          target: parts.address("public-h3"),
          key: KEY,
          hiddenTarget: parts.address("hidden-h3"),
          more: ["retired_config_ids = [6]", 'on_reject = "refuse"'],
        }) + echService({
          protocol: "tls",
          target: parts.address("public"),
          key: KEY,
          hiddenTarget: parts.address("hidden"),
          more: retryLines(parts, [6]),
        }),
    });
    // With the new key it may try HTTP/3 once more.
    const page = await visit(browser, site, HIDDEN, { alpn: ["h3", "http/1.1"], key: OLD_KEY });
    assert.match(page, /^hidden(-h3)? HTTP\/(1\.1|3) hidden\.test$/);
    await site.proxy.waitForFinish(/udp:quic: .*ech=rejected .*ech_config_id=6\b/);
    const late = await site.proxy.waitForFinish(/tcp:tls: .*ech=rejected .*ech_config_id=6\b/);
    assert.match(late, / reason=ech_retry\b/);
    await site.proxy.process.waitForLine(/\[start\] .*ech=accepted .*ech_config_id=7\b/);
    site.assertHidden();
  });
}

/** A hidden site that only HTTP/3 leads to. */
function startHttp3Site({ backend = {}, wire = {} }: {
  readonly backend?: Partial<EchBackendSpec>;
  readonly wire?: WireOptions;
}): Promise<Site> {
  return startSite({
    backends: { public: { kind: "h3" }, hidden: { kind: "h3", ...backend } },
    config: ({ address }) =>
      echService({
        protocol: "quic",
        target: address("public"),
        key: KEY,
        hiddenTarget: address("hidden"),
      }),
    wire: { isTcpSilent: true, ...wire },
  });
}
