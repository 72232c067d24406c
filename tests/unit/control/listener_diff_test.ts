import assert from "node:assert/strict";
import { diffListeners } from "../../../src/control/listener_diff.ts";
import type { ListenerSpec } from "../../../src/model/snapshot.ts";

function listener(
  transport: "tcp" | "udp",
  host: string,
  port: number,
  backlog = 1024,
): ListenerSpec {
  return { transport, address: { host, port }, backlog };
}

Deno.test("diffListeners() tells what is new, gone and unchanged", () => {
  const old = [listener("tcp", "::", 1), listener("tcp", "0.0.0.0", 1), listener("udp", "::", 1)];
  const next = [listener("udp", "::", 1), listener("udp", "::", 2), listener("tcp", "::", 1)];
  assert.deepEqual(diffListeners(old, next), {
    added: [listener("udp", "::", 2)],
    removed: [listener("tcp", "0.0.0.0", 1)],
    kept: [listener("tcp", "::", 1), listener("udp", "::", 1)],
  });
});

Deno.test("diffListeners() binds anew for another backlog, which UDP does not have", () => {
  const old = [listener("tcp", "::", 1, 5), listener("udp", "::", 1, 5)];
  const next = [listener("tcp", "::", 1, 6), listener("udp", "::", 1, 6)];
  assert.deepEqual(diffListeners(old, next), {
    added: [listener("tcp", "::", 1, 6)],
    removed: [listener("tcp", "::", 1, 5)],
    kept: [listener("udp", "::", 1, 5)],
  });
});

Deno.test("diffListeners() keeps everything of equal sets", () => {
  const all = [listener("tcp", "::", 1), listener("udp", "0.0.0.0", 1)];
  assert.deepEqual(diffListeners(all, structuredClone(all)), { added: [], removed: [], kept: all });
});
