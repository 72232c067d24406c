/**
 * The law of a relay: bytes out = bytes in, both ways, under any interleaving of data, end and reset.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { concat, pattern, Rig, toDefault } from "./rig.ts";
import type { Cases } from "./suite.ts";
import { PeerReset, type TcpPeer } from "./world.ts";

type SideName = "client" | "target";

/** What one side does next. */
type Step =
  | { readonly side: SideName; readonly kind: "write"; readonly length: number }
  | { readonly side: SideName; readonly kind: "closeWrite" }
  | { readonly side: SideName; readonly kind: "reset" };

/** One side of a connection, what it has sent and all that it has received by the end. */
interface Side {
  readonly peer: TcpPeer;
  readonly sent: Uint8Array[];
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

export const RELAY_LAW_CASES: Cases = {
  "neither loses, adds nor changes a byte, whatever the two sides do": async (world) => {
    const backend = await world.startBackend();
    const { rig, address } = await Rig.start(world, "tcp", toDefault("tcp", backend.target));
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(script, async (steps) => {
        const clientPeer = await world.connect(address);
        const targetPeer = await backend.accept();
        runs++;
        await rig.until(() => rig.started.length === runs);
        const sides = { client: makeSide(clientPeer), target: makeSide(targetPeer) };
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
            ["done", up.length, down.length],
          );
        } else {
          assert.deepEqual(received, up.subarray(0, received.length));
          assert.deepEqual(answered, down.subarray(0, answered.length));
        }
      }),
      { numRuns: 60 },
    );
  },
};

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
      const bytes = pattern(step.length, actor.sent.length + 1);
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

function makeSide(peer: TcpPeer): Side {
  return { peer, sent: [], received: readUntilOver(peer), closed: false };
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
