/**
 * Connections that are dropped in any state leave nothing behind: no descriptor, no timer, no session. Run by
 * leak_test.ts in a process of its own, with the engine's name as the argument.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { Snapshot } from "../../src/model/snapshot.ts";
import { protocolRoutes, service, target } from "../support/snapshot_builder.ts";
import { engineNamed, STREAMS, worldOf } from "./engines.ts";
import { FailingWorld } from "./failing_world.ts";
import type { LoopbackWorld } from "./loopback_world.ts";
import { ascii, readExactly, Rig, toDefault } from "./rig.ts";
import type { TcpBackend, TcpPeer } from "./world.ts";

/** How many connections are dropped in each of the eight states. */
const CONNECTIONS = 125;
const SESSIONS = 100;

/** A wait that ends by itself in the states that do not see the client go, and one that does not. */
const SHORT = 200;
const LONG = 600_000;

/** What a state needs of the world. */
interface Stage {
  readonly world: LoopbackWorld;
  readonly rig: Rig;
  readonly backend: TcpBackend;
  /** A port that takes connections into its queue, which is full: connecting to it takes for ever. */
  readonly stuckPort: number;
}

/** A state that connections are brought to, and dropped in. */
interface State {
  readonly name: string;
  readonly routes: (stage: Stage) => Partial<Snapshot>;
  /** Brings one client there. */
  readonly enter: (client: TcpPeer, stage: Stage) => Promise<void>;
  /** What is dropped, when it is not the client. */
  readonly drop?: (client: TcpPeer, target: TcpPeer) => void;
  /** Whether the state has a connection to the backend. */
  readonly connected: boolean;
}

const STATES: readonly State[] = [
  {
    name: "before a byte",
    routes: () => sniffing(null),
    enter: () => Promise.resolve(),
    connected: false,
  },
  {
    name: "in the middle of sniffing",
    routes: () => sniffing(null),
    enter: (client) => client.write(ascii("GE")),
    connected: false,
  },
  {
    name: "while a name is resolved",
    routes: () => ({
      ...toDefault("tcp", target("never.example:80")),
      timeouts: timeouts({ connectMs: SHORT }),
    }),
    enter: (client) => client.write(ascii("x")),
    connected: false,
  },
  {
    name: "while the target is connected to",
    routes: ({ stuckPort }) => ({
      ...toDefault("tcp", target(`127.0.0.1:${stuckPort}`)),
      timeouts: timeouts({ connectMs: SHORT }),
    }),
    enter: (client) => client.write(ascii("x")),
    connected: false,
  },
  {
    name: "while client and target wait for each other",
    routes: ({ backend }) => ({
      ...sniffing(backend),
      timeouts: timeouts({ serverFirstMs: 1 }),
    }),
    enter: () => Promise.resolve(),
    connected: true,
  },
  {
    name: "while it is relayed",
    routes: ({ backend }) => toDefault("tcp", backend.target),
    enter: (client) => client.write(ascii("x")),
    connected: true,
  },
  {
    name: "half-closed",
    routes: ({ backend }) => toDefault("tcp", backend.target),
    enter: (client) => client.closeWrite(),
    drop: (client, peer) => {
      client.close();
      peer.close();
    },
    connected: true,
  },
  {
    name: "by a reset of the target",
    routes: ({ backend }) => toDefault("tcp", backend.target),
    enter: (client) => client.write(ascii("x")),
    drop: (_, peer) => peer.reset(),
    connected: true,
  },
];

Deno.test("no connection that is dropped in any state leaves anything behind", async (t) => {
  // The first world opens what the runtime keeps open.
  await withStage((stage) => dropConnections(STATES[5] ?? assert.fail(), stage, 1));
  const before = await openDescriptors();
  await withStage(async (stage) => {
    for (const state of STATES) {
      await t.step(state.name, () => dropConnections(state, stage, CONNECTIONS));
    }
    assert.equal(stage.rig.finished.length, STATES.length * CONNECTIONS);
  });
  await assertDescriptors(before);
});

Deno.test("no UDP flow that ends in any state leaves anything behind", async () => {
  await withStage(async () => {});
  const before = await openDescriptors();
  await withStage(async ({ world, rig }) => {
    const backend = await world.openUdp();
    const { host, port } = backend.address;
    const wireguard = service("wg", {
      transport: "udp",
      protocol: "wireguard",
      targets: [target("never.example:80")],
      idleMs: 20,
    });
    const fallback = service("default", {
      transport: "udp",
      targets: [target(`${host}:${port}`)],
      idleMs: 20,
    });
    rig.publish({ udp: protocolRoutes({ wireguard }, fallback), timeouts: timeouts({}) });
    const listener = await rig.listen("udp");
    const initiation = new Uint8Array(148);
    initiation.set([1, 0, 0, 0]);
    for (let index = 0; index < SESSIONS; index++) {
      const client = await world.openUdp();
      await client.send(index % 2 === 0 ? ascii("x") : initiation, listener.address);
    }
    await rig.until(() => rig.started.length === SESSIONS / 2);
    await rig.until(() => rig.engine.stats().udpActive === SESSIONS / 2);
    assert.equal(rig.engine.stats().udpUndecided, SESSIONS / 2);
    await rig.engine.drain(0);
    const { udpActive, udpUndecided, heldDatagramBytes, timers, ended } = rig.engine.stats();
    assert.deepEqual([udpActive, udpUndecided, heldDatagramBytes, timers], [0, 0, 0, 0]);
    assert.deepEqual(ended, { idle: SESSIONS / 2, drained: SESSIONS / 2 });
  });
  await assertDescriptors(before);
});

Deno.test({
  name: "no worker that dies leaves anything behind",
  ignore: Deno.args[0] === STREAMS.name,
  fn: async () => {
    const before = await openDescriptors();
    {
      await using world = new FailingWorld(2);
      const backend = await world.startBackend();
      const routes = toDefault("tcp", backend.target);
      const { rig, address } = await Rig.start(world, "tcp", routes);
      for (const worker of [0, 1]) {
        for (let index = 0; index < SESSIONS; index++) {
          const client = await world.connect(address);
          await client.write(ascii("x"));
          await readExactly(await backend.accept(), 1);
        }
        world.fail(worker);
        rig.publish(routes);
        await rig.until(() => rig.notices.length === 2 * (worker + 1));
      }
    }
    await assertDescriptors(before);
  },
});

async function dropConnections(state: State, stage: Stage, count: number): Promise<void> {
  const { world, rig, backend } = stage;
  const ended = rig.finished.length;
  const { tcpAccepted } = rig.engine.stats();
  rig.publish(state.routes(stage));
  const { address, close } = await listen(rig);
  for (let index = 0; index < count; index++) {
    const client = await world.connect(address);
    await state.enter(client, stage);
    if (!state.connected) {
      // Deno's accept() passes over a connection that is reset by then, and no engine hears of it.
      await rig.until(() => rig.engine.stats().tcpAccepted === tcpAccepted + index + 1);
      // A connection that is reset before it is accepted is an error to the system, and none to count.
      await rig.until(() => rig.engine.stats().tcpAccepted > tcpAccepted + index);
      client.reset();
      continue;
    }
    const peer = await backend.accept();
    if (state.name === "while it is relayed") await readExactly(peer, 1);
    if (state.drop === undefined) client.reset();
    else state.drop(client, peer);
  }
  close();
  await rig.until(() => rig.finished.length === ended + count);
  await rig.until(() => rig.engine.stats().tcpActive === 0);
  assert.equal(rig.engine.stats().timers, 0);
}

async function listen(rig: Rig) {
  const listener = await rig.listen("tcp");
  return { address: listener.address, close: () => listener.close() };
}

async function withStage(run: (stage: Stage) => Promise<void>): Promise<void> {
  await using world = worldOf(engineNamed(Deno.args[0]));
  using stuck = Deno.listen({ hostname: "127.0.0.1", port: 0, tcpBacklog: 1 });
  const fillers = await fillQueue(stuck.addr.port);
  const rig = new Rig(world);
  rig.resolver.answer("never.example", new Promise(() => {}));
  await run({ world, rig, backend: await world.startBackend(), stuckPort: stuck.addr.port });
  for (const filler of fillers) filler.close();
}

/** Connects until the queue of a listener that accepts nothing is full. */
async function fillQueue(port: number): Promise<Deno.TcpConn[]> {
  const fillers: Deno.TcpConn[] = [];
  for (;;) {
    try {
      const signal = AbortSignal.timeout(100);
      fillers.push(await Deno.connect({ hostname: "127.0.0.1", port, signal }));
    } catch {
      return fillers;
    }
  }
}

function sniffing(fallback: TcpBackend | null): Partial<Snapshot> {
  const http = service("http", { protocol: "http" });
  const rest = fallback === null ? null : service("default", { targets: [fallback.target] });
  return { tcp: protocolRoutes({ http }, rest), timeouts: timeouts({}) };
}

function timeouts(part: Partial<Snapshot["timeouts"]>): Snapshot["timeouts"] {
  return { probeMs: LONG, serverFirstMs: LONG, connectMs: LONG, ...part };
}

/** Sockets and pipes, each by its own name, and how many descriptors of other kinds there are. */
interface OpenDescriptors {
  readonly named: readonly string[];
  readonly others: number;
}

async function openDescriptors(): Promise<OpenDescriptors> {
  const named: string[] = [];
  let others = 0;
  for await (const { name } of Deno.readDir("/proc/self/fd")) {
    const link = await Deno.readLink(`/proc/self/fd/${name}`).catch(() => null);
    if (link === null) continue;
    if (/^(?:socket|pipe):/.test(link)) named.push(link);
    else others++;
  }
  return { named, others };
}

/** Closed descriptors are gone at the latest when the runtime has dropped their pending operations, and its threads. */
async function assertDescriptors(before: OpenDescriptors): Promise<void> {
  let left: string[] = [];
  let others = 0;
  for (let attempt = 0; attempt < 100; attempt++) {
    const now = await openDescriptors();
    left = now.named.filter((link) => !before.named.includes(link));
    others = now.others - before.others;
    if (left.length === 0 && others <= 0) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.deepEqual([left, others], [[], 0]);
}
