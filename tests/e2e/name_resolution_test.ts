import assert from "node:assert/strict";
import { needs } from "../support/needs.ts";
import { TempDir } from "../support/temp_dir.ts";

/** Puts the files in place for this process and its children only: it has namespaces of its own. */
const SCRIPT = `
  ip link set lo up
  mount --bind "$1/resolv.conf" /etc/resolv.conf
  mount --bind "$1/hosts" /etc/hosts
  shift
  exec "$@"
`;

needs("root", "network namespaces", "unshare", "ip", "mount")(
  "createLookup() resolves single-label names as the system does: search domains, ndots, hosts file",
  async () => {
    await using dir = await TempDir.make();
    await dir.write(
      "resolv.conf",
      "nameserver 127.0.0.1\nsearch corp.test svc.test\noptions ndots:2\n",
    );
    await dir.write("hosts", "127.0.0.1 localhost\n10.9.9.9 in-hosts\n");
    const names = ["backend", "api", "in-hosts", "backend.svc.test", "missing"];
    const script = new URL("../support/resolve_process.ts", import.meta.url).pathname;
    const permissions = ["--no-prompt", "--allow-net", "--allow-read"];
    const { stdout, stderr } = await new Deno.Command("unshare", {
      args: [
        ...["--mount", "--net", "sh", "-ec", SCRIPT, "sh", dir.path],
        ...[Deno.execPath(), "run", ...permissions, script, ...names],
      ],
      stdin: "null",
    }).output();
    const text = new TextDecoder().decode(stdout);
    assert.ok(text.startsWith("{"), new TextDecoder().decode(stderr));
    assert.deepEqual(JSON.parse(text), {
      "backend": ["10.1.1.1 60"],
      "api": ["10.1.1.2 60"],
      // By getaddrinfo, which tells no time to live.
      "in-hosts": ["10.9.9.9 null"],
      "backend.svc.test": ["10.1.1.1 60"],
      "missing": ["notFound"],
    });
  },
);
