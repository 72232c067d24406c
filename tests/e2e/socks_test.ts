import assert from "node:assert/strict";
import { httpBackend, socksServer } from "../../src/cli/demo/backends.ts";
import { needs } from "../support/needs.ts";
import { runOk } from "../support/programs.ts";
import { startProxy } from "../support/proxy_process.ts";

needs("curl")("curl goes through a SOCKS5 server behind the proxy", async () => {
  await using web = httpBackend("through SOCKS");
  await using socks = socksServer(web);
  await using proxy = await startProxy({
    config: `[protocols.socks]\nprotocol = "socks5"\ntarget = ["${socks.address}"]\n`,
  });
  for (const option of ["--socks5", "--socks5-hostname"]) {
    const body = await runOk("curl", [
      ...["-sS", option, `127.0.0.1:${proxy.port}`],
      "http://localhost:1/",
    ]);
    assert.equal(body, "through SOCKS\n");
  }
  assert.match(await proxy.waitForFinish(/service=socks/, 2), / tcp:socks5: /);
});
