/**
 * What becomes of a UDP listener whose address is gone when it is to share its port: run by `lost_address_test.ts` in a
 * network namespace of its own, where addresses may come and go.
 *
 * @module
 */

import assert from "node:assert/strict";
import { StreamsEngine } from "../../src/engine/streams/streams_engine.ts";
import { target } from "../support/snapshot_builder.ts";
import { runOk } from "../support/programs.ts";
import { LoopbackWorld } from "./loopback_world.ts";
import { ascii, Rig, text, toDefault } from "./rig.ts";

const HOST = "192.0.2.1";

Deno.test("a UDP listener that cannot share its port is tried for until it is back", async () => {
  await runOk("ip", ["link", "set", "lo", "up"]);
  await changeAddress("add");
  await using world = new LoopbackWorld((options) => new StreamsEngine(options));
  const backend = await world.openUdp();
  const rig = new Rig(world);
  rig.publish(toDefault("udp", target(`${backend.address.host}:${backend.address.port}`)));
  const { address } = await listen(rig, HOST, 0);
  const client = await world.openUdp();
  await client.send(ascii("before"), address);
  assert.equal(text((await backend.receive()).data), "before");

  await changeAddress("del");
  await assert.rejects(listen(rig, "::", address.port), Deno.errors.AddrNotAvailable);
  assert.deepEqual(rig.notices.map(({ event }) => event), ["listener_failed"]);

  await changeAddress("add");
  const { bytesUp } = rig.engine.stats();
  await rig.until(() => {
    client.send(ascii("after"), address);
    return rig.engine.stats().bytesUp > bytesUp;
  });
  assert.equal(text((await backend.receive()).data), "after");
  assert.equal(rig.started.length, 1, "the session is still the same");
  await listen(rig, "::", address.port);
  assert.equal(rig.notices.length, 1);
});

function changeAddress(change: "add" | "del"): Promise<unknown> {
  return runOk("ip", ["address", change, `${HOST}/32`, "dev", "lo"]);
}

function listen(rig: Rig, host: string, port: number) {
  return rig.engine.listen({ transport: "udp", address: { host, port }, backlog: 128 });
}
