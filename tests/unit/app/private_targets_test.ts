import assert from "node:assert/strict";
import { hiddenNames, targetInWords } from "../../../src/app/private_targets.ts";
import { keysInUse } from "../../../src/app/ech_keys.ts";
import { targetPermissions } from "../../../src/app/permissions.ts";
import { parseConfig } from "../../../src/control/config/parse.ts";
import { allServices } from "../../../src/pipeline/services.ts";
import { echKey } from "../../support/ech_client.ts";
import { files, keyFile } from "../../support/ech_config.ts";

const KEY = echKey({ configId: 7, publicName: "edge.example" });
const OTHER = echKey({ configId: 8, publicName: "edge.example" });

function snapshotWith(lines: string, protocol = "tls") {
  return parseConfig(
    `listen_port = 8443
[protocols.web]
protocol = "${protocol}"
target = ["public.example:443", "10.0.0.2:443"]
[protocols.web.ech]
key_files = ["a.pem", "b.pem"]
${lines}`,
    "config.toml",
    files({ "a.pem": keyFile(KEY), "b.pem": keyFile(OTHER) }),
  ).snapshot;
}

const PRIVATE = `private_server_names = ["wiki.example", "public.example"]
private = [{ names = ["a.example"], target = ["10.0.0.5:443", "backend.example:443"] }]`;

Deno.test("hiddenNames() has the names of private targets, but for those that stand in the open as well", () => {
  const words = 'a private target of "web"';
  const hidden = hiddenNames(snapshotWith(PRIVATE), new Map());
  assert.deepEqual(hidden, new Map([["wiki.example", words], ["backend.example", words]]));
  assert.deepEqual(
    hiddenNames(snapshotWith(`${PRIVATE}\nlog_inner_names = true`), new Map()),
    new Map(),
  );
});

Deno.test("hiddenNames() keeps names of the snapshot before hidden, whose flows may go on", () => {
  const before = hiddenNames(snapshotWith(PRIVATE), new Map());
  const after = snapshotWith('private_server_names = ["other.example"]');
  assert.deepEqual([...hiddenNames(after, before).keys()], [
    ...["wiki.example", "backend.example", "other.example"],
  ]);
});

Deno.test("targetInWords() tells of a private target no more than whose it is", () => {
  const [service, inner] = allServices(snapshotWith(PRIVATE));
  assert(service?.targets[0] !== undefined && inner?.targets[0] !== undefined);
  assert.equal(targetInWords(service, service.targets[0]), '"public.example:443"');
  assert.equal(targetInWords(inner, inner.targets[0]), 'a private target of "web"');
});

Deno.test("targetPermissions() includes private targets, without their names in any purpose", () => {
  for (const protocol of ["tls", "quic"]) {
    const needed = targetPermissions(snapshotWith(PRIVATE, protocol), "streams");
    assert.ok(needed.some(({ value, isPrivate }) => value === "10.0.0.5:443" && isPrivate));
    assert.ok(needed.some(({ value }) => value === "0.0.0.0/0:8443"));
    const purposes = needed.map(({ purpose }) => purpose).join("\n");
    assert.match(purposes, /reach a private target of "web"/);
    assert.doesNotMatch(purposes, /wiki|backend/);
  }
});

Deno.test("keysInUse() tells keys by config_id and public name", () => {
  assert.deepEqual(keysInUse(snapshotWith(PRIVATE)), [
    { service: "web", count: 2, keys: "7:edge.example,8:edge.example" },
  ]);
});
