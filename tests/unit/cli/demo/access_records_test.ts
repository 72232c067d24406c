import assert from "node:assert/strict";
import { AccessRecords } from "../../../../src/cli/demo/access_records.ts";

const START = "2026-11-22T18:00:00.123Z [start] tcp:tls: 127.0.0.1:5000 -> 127.0.0.1:443 id=1 " +
  "service=web sni=a.test alpn=h2 target=127.0.0.1:443\n";

Deno.test("AccessRecords finds the flow of a client's port, in whatever pieces its line comes", async () => {
  const records = new AccessRecords();
  const found = records.find("tcp", 5000);
  for (const byte of new TextEncoder().encode(START)) await records.write(Uint8Array.of(byte));
  assert.deepEqual(await found, { service: "web", target: "127.0.0.1:443" });
});

Deno.test("AccessRecords passes every line on", async () => {
  const records = new AccessRecords();
  const lines: string[] = [];
  records.onLine = (line) => lines.push(line);
  await records.write(new TextEncoder().encode(`one\n${START}tw`));
  await records.write(new TextEncoder().encode("o\n"));
  assert.deepEqual(lines, ["one", START.trimEnd(), "two"]);
});
