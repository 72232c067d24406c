/**
 * ECH over QUIC, between real browsers and real HTTP/3 servers.
 *
 * @module
 */

import assert from "node:assert/strict";
import { needs } from "../support/needs.ts";
import type { DatagramFate, TappedDatagram, WireOptions } from "../support/wire_tap.ts";
import type { EchBackendSpec } from "../support/ech_backends.ts";
import { CHROMIUM } from "./chromium.ts";
import { FIREFOX } from "./firefox.ts";
import { echService, HIDDEN, type Site, siteKey, startSite } from "./site.ts";

const FORCED = { forceHttp3: true };

for (const browser of [CHROMIUM, FIREFOX]) {
  const test = needs(...browser.needs, "bun", "quiche", "openssl");

  test(`${browser.name} reaches a hidden site over HTTP/3`, async () => {
    await using site = await startHttp3Site({});
    assert.equal(await site.visit(browser, HIDDEN, FORCED), `hidden HTTP/3 ${HIDDEN}`);
    const line = await site.proxy.process.waitForLine(/\[start\] udp:quic: .*ech=accepted/);
    assert.match(line, / sni=public\.test .*ech_config_id=7\b/);
    site.assertHidden();
  });

  test(`${browser.name} reaches a hidden site over HTTP/3 that has it prove its address`, async () => {
    await using site = await startHttp3Site({ backend: { retry: true } });
    assert.equal(await site.visit(browser, HIDDEN, FORCED), `hidden HTTP/3 ${HIDDEN}`);
    await site.proxy.process.waitForLine(/\[start\] udp:quic: .*ech=accepted/);
    assert.ok(site.flights().some(({ retries }) => retries > 0), "no Retry was seen");
    site.assertHidden();
  });

  test(`${browser.name} reaches a hidden site over HTTP/3 that asks for another hello`, async () => {
    await using site = await startHttp3Site({ backend: { groups: "P-384" } });
    assert.equal(await site.visit(browser, HIDDEN, FORCED), `hidden HTTP/3 ${HIDDEN}`);
    await site.proxy.process.waitForLine(/\[start\] udp:quic: .*ech=accepted/);
    assert.ok(
      site.flights().some((flight) => flight.isRetryRequested),
      "no second hello was asked for",
    );
    site.assertHidden();
  });

  for (const [what, fate] of LOSSES()) {
    test(`${browser.name} reaches a hidden site over HTTP/3 where ${what}`, async () => {
      await using site = await startHttp3Site({ wire: { fate } });
      assert.equal(await site.visit(browser, HIDDEN, FORCED), `hidden HTTP/3 ${HIDDEN}`);
      await site.proxy.process.waitForLine(/\[start\] udp:quic: .*ech=accepted/);
      site.assertHidden();
    });
  }

  test(`${browser.name} is refused over QUIC with an old key, and given the new one over TCP`, async () => {
    const [old, current] = [siteKey(6), siteKey(7)];
    await using site = await startSite({
      backends: {
        public: { kind: "tls" },
        hidden: { kind: "tls" },
        "public-h3": { kind: "h3" },
        "hidden-h3": { kind: "h3" },
      },
      config: ({ address, certificatePath, certificateKeyPath }) =>
        echService({
          protocol: "quic",
          target: address("public-h3"),
          key: current,
          hiddenTarget: address("hidden-h3"),
          more: ["retired_config_ids = [6]", 'on_reject = "refuse"'],
        }) + echService({
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
      record: { alpn: ["h3", "http/1.1"], key: old },
    });
    // With the new key it may try HTTP/3 once more.
    assert.match(await site.visit(browser, HIDDEN), /^hidden(-h3)? HTTP\/(1\.1|3) hidden\.test$/);
    await site.proxy.waitForFinish(/udp:quic: .*ech=rejected .*ech_config_id=6\b/);
    const late = await site.proxy.waitForFinish(/tcp:tls: .*ech=rejected .*ech_config_id=6\b/);
    assert.match(late, / reason=ech_retry\b/);
    await site.proxy.process.waitForLine(/\[start\] .*ech=accepted .*ech_config_id=7\b/);
    site.assertHidden();
  });
}

/** Each is for one connection; datagrams are counted by direction. */
function LOSSES(): readonly (readonly [string, (datagram: TappedDatagram) => DatagramFate])[] {
  return [
    [
      "the first half of its hello is lost",
      ({ from, index }) => from === "client" && index === 0 ? "drop" : "pass",
    ],
    [
      "the second half of its hello is lost",
      ({ from, index }) => from === "client" && index === 1 ? "drop" : "pass",
    ],
    [
      "the halves of its hello change places",
      ({ from, index }) => from === "client" && index === 0 ? "hold" : "pass",
    ],
    [
      "every fifth datagram is lost",
      ({ index }) => index % 5 === 2 ? "drop" : "pass",
    ],
  ];
}

/** A hidden site that only HTTP/3 leads to. */
function startHttp3Site({ backend = {}, wire = {} }: {
  readonly backend?: Partial<EchBackendSpec>;
  readonly wire?: WireOptions;
}): Promise<Site> {
  const key = siteKey(7);
  return startSite({
    backends: { public: { kind: "h3" }, hidden: { kind: "h3", ...backend } },
    config: ({ address }) =>
      echService({
        protocol: "quic",
        target: address("public"),
        key,
        hiddenTarget: address("hidden"),
      }),
    record: { alpn: ["h3"], key },
    wire: { isTcpSilent: true, ...wire },
  });
}
