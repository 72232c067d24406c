import assert from "node:assert/strict";
import {
  formatPermission,
  type NeededPermission,
  neededPermissions,
} from "../../../src/app/permissions.ts";
import { formatFlags } from "../../../src/cli/permissions.ts";
import { parseConfig } from "../../../src/control/config/parse.ts";
import { echKey } from "../../support/ech_client.ts";
import { files, keyFile } from "../../support/ech_config.ts";

function needed(config: string, logDir: string | null = null): NeededPermission[] {
  return neededPermissions(parseConfig(config, "test.toml"), {
    program: "/srv/rpxy-l4",
    library: "/lib64/libc.so.6",
    configFile: "/etc/rpxy-l4/config.toml",
    logDir,
    nameServers: ["192.0.2.53"],
  });
}

const flags = (config: string, logDir?: string) =>
  formatFlags(needed(config, logDir).filter(({ isOptional }) => !isOptional));

Deno.test("neededPermissions() lists listeners, targets and files of a TCP service", () => {
  assert.deepEqual(
    flags(
      `listen_port = [443, 8443]
      listen_ipv6 = true
      tcp_target = ["10.0.0.2:80", "[2001:db8::1]:80"]
      [protocols.web]
      protocol = "tls"
      server_names = ["a.test"]
      target = ["10.0.0.3:443"]
      [protocols.other]
      protocol = "tls"
      server_names = ["*.b.test"]
      alpn = ["h2"]
      target = ["10.0.0.4:443"]`,
      "/var/log/rpxy-l4",
    ),
    [
      "'--allow-net=0.0.0.0:443,[::]:443,0.0.0.0:8443,[::]:8443," +
      "10.0.0.3:443,10.0.0.4:443,10.0.0.2:80,[2001:db8::1]:80'",
      "--allow-read=/etc/rpxy-l4,/var/log/rpxy-l4",
      "--allow-write=/var/log/rpxy-l4",
    ],
  );
});

Deno.test("neededPermissions() asks for a named target's port anywhere, its name and the name server", () => {
  assert.deepEqual(flags(`listen_port = 443\ntcp_target = ["backend.test:80"]`), [
    "--allow-net=0.0.0.0:443,0.0.0.0/0:80,192.0.2.53:53,backend.test",
    "--allow-read=/etc/rpxy-l4",
  ]);
});

Deno.test("neededPermissions() asks for all clients of UDP listeners", () => {
  const config = `listen_port = 53\nudp_target = ["10.0.0.2:53"]`;
  assert.deepEqual(flags(config), ["--allow-net=0.0.0.0/0", "--allow-read=/etc/rpxy-l4"]);
  assert.deepEqual(flags(`listen_ipv6 = true\n${config}`), [
    "--allow-net",
    "--allow-read=/etc/rpxy-l4",
  ]);
});

Deno.test("neededPermissions() names each entry once, with all it is for", () => {
  const entries = needed(
    `listen_port = 443
    tcp_target = ["10.0.0.2:80"]
    udp_target = ["10.0.0.2:80"]`,
  ).filter(({ value }) => value === "10.0.0.2:80" || value === "0.0.0.0:443");
  assert.deepEqual(entries.map(({ purpose }) => purpose), [
    "listen on tcp, listen on udp",
    `reach tcp target "10.0.0.2:80", reach udp target "10.0.0.2:80"`,
  ]);
});

Deno.test("neededPermissions() of the native engine has its system calls and modules, and nothing for UDP clients", () => {
  assert.deepEqual(
    flags(`listen_port = 53
      listen_ipv6 = true
      engine = "native"
      udp_target = ["10.0.0.2:53", "[2001:db8::1]:53"]`),
    [
      "'--allow-net=0.0.0.0:53,[::]:53,10.0.0.2:53,[2001:db8::1]:53'",
      "--allow-read=/etc/rpxy-l4,/srv/rpxy-l4",
      "--allow-ffi=/lib64/libc.so.6",
    ],
  );
});

Deno.test("neededPermissions() offers the native engine where it may be used, and no more than that", () => {
  const optional = (config: string) =>
    needed(`listen_port = 443\ntcp_target = ["10.0.0.2:80"]\n${config}`)
      .filter(({ isOptional }) => isOptional)
      .map(formatPermission);
  assert.deepEqual(optional(""), [
    "--allow-read=/srv/rpxy-l4",
    "--allow-ffi=/lib64/libc.so.6",
  ]);
  assert.deepEqual(optional('engine = "streams"'), []);
  assert.deepEqual(optional("transparent = true"), [], "then nothing else will do");
});

Deno.test("neededPermissions() needs what is optional for one thing and needed for another", () => {
  const [, read] = flags(`listen_port = 53\ntcp_target = ["10.0.0.2:53"]`, "/srv/rpxy-l4");
  assert.equal(read, "--allow-read=/etc/rpxy-l4,/srv/rpxy-l4");
});

Deno.test("neededPermissions() asks for the folders of key files and certificates, and for private targets", () => {
  const key = echKey({ publicName: "edge.example" });
  const settings = parseConfig(
    `listen_port = 443
    [protocols.edge]
    protocol = "tls"
    target = ["10.0.0.3:443"]
    [protocols.edge.ech]
    key_files = ["/run/keys/ech.pem", "ech-old.pem"]
    private = [{ names = ["a.test"], target = ["10.0.0.5:443", "b.test:8443"] }]`,
    "config.toml",
    files({
      "/run/keys/ech.pem": keyFile(key),
      "ech-old.pem": keyFile(echKey({ configId: 9, publicName: "edge.example" })),
    }),
  );
  const needed = neededPermissions(settings, {
    program: "/srv/rpxy-l4",
    library: null,
    configFile: "/etc/rpxy-l4/config.toml",
    logDir: null,
    nameServers: [],
  });
  assert.deepEqual(formatFlags(needed.filter(({ isOptional }) => !isOptional)), [
    "--allow-net=0.0.0.0:443,10.0.0.3:443,10.0.0.5:443,0.0.0.0/0:8443,b.test",
    "--allow-read=/etc/rpxy-l4,/run/keys",
  ]);
  assert.ok(
    needed.some(({ value, purpose }) =>
      value === "/run/keys" && purpose === 'read the keys of "edge" and see them change'
    ),
  );
});
