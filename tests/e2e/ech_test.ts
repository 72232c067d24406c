/**
 * ECH between programs that others have made: clients of NSS and Go, servers of BoringSSL and Go. Browsers have tests of
 * their own, in tests/browser.
 *
 * @module
 */

import assert from "node:assert/strict";
import { CertificateAuthority } from "../support/certificate_authority.ts";
import { readEchPage } from "../support/ech_backends.ts";
import { configList } from "../support/ech_config.ts";
import {
  type ConfigParts,
  echService,
  HIDDEN,
  PUBLIC,
  retryLines,
  type Site,
  siteKey,
  startSite,
} from "../support/ech_site.ts";
import { buildGo } from "../support/go_programs.ts";
import { needs } from "../support/needs.ts";
import { NssClient } from "../support/nss_client.ts";
import { runOk } from "../support/programs.ts";
import { TempDir } from "../support/temp_dir.ts";

const KEY = siteKey(7);
const OLD_KEY = siteKey(6);

const withNss = needs("tstclnt", "certutil", "bun", "openssl");
const withGo = needs("go 1.24", "bun", "openssl");

withNss("a client of NSS reaches a hidden server of BoringSSL", async () => {
  await using site = await startTlsSite("tls");
  await using client = await NssClient.make(site.authority.certPath);
  const { response, complaint } = await client.get({
    port: site.port,
    name: HIDDEN,
    configList: configList(KEY),
  });
  assert.equal(readEchPage(response)?.sni, HIDDEN, complaint);
  const line = await site.proxy.waitForFinish(/tcp:tls: .*ech=accepted/);
  assert.match(line, / sni=public\.test .*ech_config_id=7\b/);
  assert.deepEqual(site.flights().map((flight) => flight.isRetryRequested), [false]);
  site.assertHidden();
});

withNss("a client of NSS reaches a hidden server that asks for another hello", async () => {
  await using site = await startTlsSite("tls", { groups: "P-384" });
  await using client = await NssClient.make(site.authority.certPath);
  const { response, complaint } = await client.get({
    port: site.port,
    name: HIDDEN,
    configList: configList(KEY),
  });
  assert.equal(readEchPage(response)?.sni, HIDDEN, complaint);
  await site.proxy.waitForFinish(/tcp:tls: .*ech=accepted/);
  assert.deepEqual(site.flights().map((flight) => flight.isRetryRequested), [true]);
  site.assertHidden();
});

withNss("a client of NSS with an old key is given the one that opens", async () => {
  await using site = await startTlsSite("tls", { more: (parts) => retryLines(parts, [6]) });
  await using client = await NssClient.make(site.authority.certPath);
  const request = { port: site.port, name: HIDDEN, configList: configList(OLD_KEY) };
  const rejected = await client.get(request);
  assert.equal(rejected.response, "");
  assert.equal(rejected.retryConfigs, configList(KEY), rejected.complaint);
  await site.proxy.waitForFinish(/ech=rejected .*ech_config_id=6\b.*reason=ech_retry/);

  const accepted = await client.get({ ...request, configList: rejected.retryConfigs });
  assert.equal(readEchPage(accepted.response)?.sni, HIDDEN, accepted.complaint);
  site.assertHidden();
});

withNss(
  "a client of NSS with an old key takes no new one from whom it does not trust",
  async () => {
    await using site = await startTlsSite("tls", { more: (parts) => retryLines(parts, [6]) });
    await using stranger = await CertificateAuthority.make();
    await using client = await NssClient.make(stranger.certPath);
    const request = { port: site.port, name: HIDDEN, configList: configList(OLD_KEY) };
    const { response, retryConfigs } = await client.get(request);
    assert.deepEqual([response, retryConfigs], ["", null]);
    await site.proxy.waitForFinish(/ech=rejected .*ech_config_id=6\b.*reason=ech_aborted/);
    site.assertHidden();
  },
);

withNss("a hidden name that nobody serves is answered with an alert", async () => {
  await using site = await startTlsSite("tls");
  await using client = await NssClient.make(site.authority.certPath);
  const { response, complaint } = await client.get({
    port: site.port,
    name: "nobody.test",
    configList: configList(KEY),
  });
  assert.equal(response, "");
  assert.match(complaint, /SSL_ERROR_UNRECOGNIZED_NAME_ALERT/);
  await site.proxy.waitForFinish(/ech=accepted .*reason=ech_unserved/);
});

for (const [groups, isRetryRequested] of [[undefined, false], ["P-384", true]] as const) {
  const asks = isRetryRequested ? " that asks for another hello" : "";
  withGo(`a client of Go reaches a hidden server of Go${asks}`, async () => {
    await using site = await startTlsSite("go", groups === undefined ? {} : { groups });
    await using dir = await TempDir.make();
    const client = await buildGo("ech_get", dir.path);
    const answer = await getByGo(client, site, configList(KEY));
    assert.equal(answer.accepted, true, answer.error);
    assert.equal(readEchPage(answer.page)?.sni, HIDDEN);
    await site.proxy.waitForFinish(/tcp:tls: .*ech=accepted/);
    assert.deepEqual(site.flights().map((flight) => flight.isRetryRequested), [isRetryRequested]);
    site.assertHidden();
  });
}

withGo("a client of Go with an old key is given the one that opens", async () => {
  await using site = await startTlsSite("tls", { more: (parts) => retryLines(parts, [6]) });
  await using dir = await TempDir.make();
  const client = await buildGo("ech_get", dir.path);
  const rejected = await getByGo(client, site, configList(OLD_KEY));
  assert.equal(rejected.retry, configList(KEY), rejected.error);
  const accepted = await getByGo(client, site, rejected.retry);
  assert.equal(accepted.accepted, true, accepted.error);
  assert.equal(readEchPage(accepted.page)?.sni, HIDDEN);
  site.assertHidden();
});

/** What `ech_get` prints. */
interface GoAnswer {
  readonly accepted: boolean;
  readonly page: string;
  readonly error: string;
  readonly retry: string;
}

async function getByGo(program: string, site: Site, list: string): Promise<GoAnswer> {
  const address = `127.0.0.1:${site.port}`;
  return JSON.parse(await runOk(program, [address, HIDDEN, site.authority.certPath, list]));
}

/** A site whose hidden server is Bun's or Go's. */
function startTlsSite(kind: "tls" | "go", { groups, more = () => [] }: {
  /** Groups of the hidden server. */
  readonly groups?: string;
  /** Further lines of the `ech` table. */
  readonly more?: (parts: ConfigParts) => readonly string[];
} = {}): Promise<Site> {
  return startSite({
    backends: {
      public: { kind: "tls" },
      hidden: { kind, ...(groups === undefined ? {} : { groups }) },
    },
    config: (parts) =>
      echService({
        protocol: "tls",
        serverNames: [PUBLIC],
        target: parts.address("public"),
        key: KEY,
        hiddenTarget: parts.address("hidden"),
        more: more(parts),
      }),
  });
}
