/** What the engine does when the process has no descriptor left. */

import assert from "node:assert/strict";
import { RunningProgram } from "../support/programs.ts";
import { ENGINES, type EngineUnderTest, worldOf } from "./engines.ts";
import { ascii, readExactly, text } from "./rig.ts";
import type { TcpPeer } from "./world.ts";

/** More connections than the engine's process may have descriptors. */
const DESCRIPTORS = 64;
const CONNECTIONS = 100;

const REQUEST = "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n";

for (const engine of ENGINES) {
  engine.needing("sh")(
    `${engine.name} pauses accepting when descriptors run out, and recovers`,
    () => runShort(engine),
  );
}

async function runShort(engine: EngineUnderTest): Promise<void> {
  await using world = worldOf(engine);
  const backend = await world.startBackend();
  await using program = startProgram(engine.name, backend.target.port);
  const port = Number((await program.waitForLine(/^port \d+$/)).slice("port ".length));
  const address = { host: "127.0.0.1", port };

  const clients: TcpPeer[] = [];
  for (let index = 0; index < CONNECTIONS; index++) clients.push(await world.connect(address));
  await program.waitForLine(/^accept_paused$/);
  for (const client of clients) client.close();

  const client = await world.connect(address);
  await client.write(ascii(REQUEST));
  const peer = await backend.accept();
  assert.equal(text(await readExactly(peer, REQUEST.length)), REQUEST);

  // The shortage is over when accepting has gone well for some time.
  for (let turn = 0; turn < 200 && !program.lines.includes("accept_resumed"); turn++) {
    (await world.connect(address)).close();
    await world.pass(50);
  }
  // One notice for the whole shortage, however often accepting was tried.
  // The runtime has lines of its own to say when it finds no descriptor.
  const notices = program.lines.filter((line) => line.startsWith("accept_"));
  assert.deepEqual(notices, ["accept_paused", "accept_resumed"]);
}

/** The engine in a process of its own, with few descriptors. */
function startProgram(engine: string, backendPort: number): RunningProgram {
  const script = new URL("../support/few_descriptors_engine.ts", import.meta.url).pathname;
  const command = `ulimit -n ${DESCRIPTORS} && exec "$0" run -A --no-check "$1" "$2" "$3"`;
  return RunningProgram.start("sh", [
    "-c",
    command,
    Deno.execPath(),
    script,
    `${backendPort}`,
    engine,
  ]);
}
