/**
 * The law of a relay: bytes out = bytes in, both ways, under any interleaving of data, end and reset.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import type { Snapshot } from "../../src/model/snapshot.ts";
import { toRecords } from "../support/client_hello_builder.ts";
import { echSettings, nameMap } from "../support/ech_client.ts";
import { protocolRoutes, service } from "../support/snapshot_builder.ts";
import {
  FIRST,
  FIRST_RECORDS,
  HANDSHAKE_KEY,
  record,
  SERVER_HELLO,
} from "../support/split_handshake.ts";
import { concat, pattern, readExactly, Rig, toDefault } from "./rig.ts";
import type { Cases } from "./suite.ts";
import { PeerReset, type TcpBackend, type TcpPeer, type World } from "./world.ts";

type SideName = "client" | "target";

/** What one side does next. */
type Step =
  | { readonly side: SideName; readonly kind: "write"; readonly length: number }
  | { readonly side: SideName; readonly kind: "closeWrite" }
  | { readonly side: SideName; readonly kind: "reset" };

/** @param isFirst whether the side has sent nothing yet */
type Dress = (bytes: Uint8Array, isFirst: boolean) => Uint8Array;

/** What the two sides of a relay say, and what comes before that. */
interface Play {
  readonly routes: (backend: TcpBackend) => Partial<Snapshot>;
  /** What the client sends before the script, and what the target gets of that. */
  readonly opening: readonly [sent: Uint8Array, received: Uint8Array];
  readonly dress: Readonly<Record<SideName, Dress>>;
}

/** One side of a connection, what it has sent and all that it has received by the end. */
interface Side {
  readonly peer: TcpPeer;
  readonly sent: Uint8Array[];
  /** Makes what is sent out of any bytes. */
  readonly dress: Dress;
  readonly received: Promise<Uint8Array>;
  closed: boolean;
}

const side = fc.constantFrom<SideName>("client", "target");
const length = fc.oneof(
  fc.nat({ max: 10 }),
  fc.nat({ max: 5_000 }),
  fc.nat({ max: 400_000 }),
);
const write = fc.record({ side, kind: fc.constant("write" as const), length });
const closeWrite = fc.record({ side, kind: fc.constant("closeWrite" as const) });
const reset = fc.record({ side, kind: fc.constant("reset" as const) });
const script: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 12, arbitrary: write },
    { weight: 2, arbitrary: closeWrite },
    { weight: 1, arbitrary: reset },
  ),
  { maxLength: 15 },
);

const NOTHING = new Uint8Array(0);
const plain: Dress = (bytes) => bytes;

/** A relay without more ado. */
const PLAIN: Play = {
  routes: ({ target }) => toDefault("tcp", target),
  opening: [NOTHING, NOTHING],
  dress: { client: plain, target: plain },
};

/** One that a filter sees until the target has spoken. */
const FILTERED: Play = {
  routes: ({ target }) => {
    const names = nameMap({ "private.example": service("hidden", { targets: [target] }) });
    const ech = echSettings({ keys: [HANDSHAKE_KEY], names });
    return { tcp: protocolRoutes({ tls: service("tls", { protocol: "tls", ech }) }) };
  },
  opening: [FIRST_RECORDS, toRecords(FIRST.inner)],
  dress: {
    client: (bytes) => toApplicationData(bytes),
    target: (bytes, isFirst) => isFirst ? concat([SERVER_HELLO, bytes]) : bytes,
  },
};

export const RELAY_LAW_CASES: Cases = {
  "neither loses, adds nor changes a byte, whatever the two sides do": (world) =>
    assertLaw(world, PLAIN),

  "does neither while a filter looks on, nor when it steps out": (world) =>
    assertLaw(world, FILTERED),
};

async function assertLaw(world: World, { routes, opening, dress }: Play): Promise<void> {
  const backend = await world.startBackend();
  const { rig, address } = await Rig.start(world, "tcp", routes(backend));
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(script, async (steps) => {
      const clientPeer = await world.connect(address);
      if (opening[0].length > 0) await clientPeer.write(opening[0]);
      const targetPeer = await backend.accept();
      runs++;
      await rig.until(() => rig.started.length === runs);
      assert.deepEqual(await readExactly(targetPeer, opening[1].length), opening[1]);
      const sides = {
        client: makeSide(clientPeer, dress.client),
        target: makeSide(targetPeer, dress.target),
      };
      const inOrder = await play(steps, sides);
      const [up, down] = [concat(sides.client.sent), concat(sides.target.sent)];
      const [received, answered] = [await sides.target.received, await sides.client.received];
      await rig.finishedFlows(runs);
      const end = rig.finished[runs - 1]?.end;

      if (inOrder) {
        assert.deepEqual(received, up);
        assert.deepEqual(answered, down);
        assert.deepEqual(
          [end?.outcome.reason, end?.bytesUp, end?.bytesDown],
          ["done", opening[1].length + up.length, down.length],
        );
      } else {
        assert.deepEqual(received, up.subarray(0, received.length));
        assert.deepEqual(answered, down.subarray(0, answered.length));
      }
    }),
    { numRuns: 60 },
  );
}

/** Does what a script says; tells whether both sides could end in order. */
async function play(
  steps: readonly Step[],
  sides: Readonly<Record<SideName, Side>>,
): Promise<boolean> {
  for (const step of steps) {
    const actor = sides[step.side];
    if (step.kind === "reset") {
      actor.peer.reset();
      // A reset behind an end in order may show late: let the other side end as well.
      await finish(sides[step.side === "client" ? "target" : "client"]).catch(() => {});
      return false;
    }
    if (actor.closed) continue;
    if (step.kind === "closeWrite") {
      await finish(actor);
      // A peer of node:net under Deno 2.9 fails a write (EPIPE) while an end has arrived that it has not read yet.
      await sides[step.side === "client" ? "target" : "client"].received;
    } else {
      const any = pattern(step.length, actor.sent.length + 1);
      const bytes = actor.dress(any, actor.sent.length === 0);
      actor.sent.push(bytes);
      await actor.peer.write(bytes);
    }
  }
  await finish(sides.client);
  await finish(sides.target);
  return true;
}

async function finish(actor: Side): Promise<void> {
  if (actor.closed) return;
  actor.closed = true;
  await actor.peer.closeWrite();
}

function makeSide(peer: TcpPeer, dress: Dress): Side {
  return { peer, sent: [], dress, received: readUntilOver(peer), closed: false };
}

/** Any bytes as what a client may send before it has heard from its server. */
function toApplicationData(bytes: Uint8Array): Uint8Array {
  const records: Uint8Array[] = [];
  for (let start = 0; start < bytes.length; start += 16_384) {
    records.push(record(23, bytes.subarray(start, start + 16_384)));
  }
  return concat(records);
}

/** All bytes up to the end, be it in order or not. */
async function readUntilOver(peer: TcpPeer): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  try {
    for (let chunk = await peer.read(); chunk !== null; chunk = await peer.read()) {
      chunks.push(chunk);
    }
  } catch (error) {
    if (!(error instanceof PeerReset)) throw error;
  }
  return concat(chunks);
}
