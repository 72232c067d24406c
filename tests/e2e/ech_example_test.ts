/**
 * The example that comes with rpxy-l4: its configuration, but for the comments.
 *
 * @module
 */

import assert from "node:assert/strict";
import { CertificateAuthority } from "../support/certificate_authority.ts";
import { readEchPage, startEchBackends } from "../support/ech_backends.ts";
import { ENGINE_PERMISSIONS } from "../support/engine_under_test.ts";
import { LoopbackNamespace } from "../support/loopback_namespace.ts";
import { denoArguments } from "../support/main_process.ts";
import { needs } from "../support/needs.ts";
import { NssClient } from "../support/nss_client.ts";
import { RunningProgram } from "../support/programs.ts";
import { TempDir } from "../support/temp_dir.ts";

/** ECHConfigList in base64, as the example has it: without padding. */
const CONFIG_LIST =
  "ADz+DQA4ugAgACA9U8FCH7vKOFXVCCcAdpUUSfu3rzlooRNflhOXyV0uTwAEAAEAAQAJbG9jYWxob3N0AAA";

const CONFIG = `listen_port = 8448

[protocols."tls_ech"]
protocol = "tls"
target = ["1.1.1.1:53"]
load_balance = "source_ip"
server_names = ["localhost"]

[protocols."tls_ech".ech]
ech_config_list = "${CONFIG_LIST}"
private_keys = ["KwyvZOuPlflYlcmJbwhA24HMWUvxXXyan/oh9cJ6lNw"]
private_server_names = ["localhost:443"]
`;

needs(
  ...["root", "network namespaces", "ip", "tstclnt", "certutil", "bun", "openssl"],
)("the example of rpxy-l4 works as it is", async () => {
  await using namespace = await LoopbackNamespace.make();
  await using authority = await CertificateAuthority.make();
  await using dir = await TempDir.make();
  const certificate = await authority.issue("localhost");
  await using _backends = await startEchBackends(
    { localhost: { kind: "tls", port: 443, certificate } },
    namespace.inside,
  );
  const path = await dir.write("config.toml", CONFIG);
  const [program = "", ...args] = [
    ...namespace.inside,
    Deno.execPath(),
    ...denoArguments(["--config", path], ENGINE_PERMISSIONS),
  ];
  await using proxy = RunningProgram.start(program, args, { NO_COLOR: "1" });
  await proxy.waitForLine(/\bevent=started\b/);

  await using client = await NssClient.make(authority.certPath);
  const request = { port: 8448, name: "localhost", configList: `${CONFIG_LIST}=` };
  const { response, complaint } = await client.get(request, namespace.inside);
  assert.equal(readEchPage(response)?.sni, "localhost", complaint);
  await proxy.waitForLine(/\[start\] tcp:tls: .*service=tls_ech .*ech=accepted/);
});
