/** What becomes of the native engine when its parts come and go out of step. */

import assert from "node:assert/strict";
import { needs } from "../support/needs.ts";
import { native, worldOf } from "./engines.ts";
import { Rig } from "./rig.ts";

const onLinux = needs("Linux");

onLinux("NativeEngine can be disposed of while it begins to listen", async () => {
  for (const transport of ["tcp", "udp"] as const) {
    for (const turns of [0, 1, 5]) {
      await using world = worldOf(native(2));
      const rig = new Rig(world);
      rig.publish({});
      const refusal = rig.listen(transport).then(() => null, (error: Error) => error.message);
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      await rig.engine[Symbol.asyncDispose]();
      assert.equal(await refusal, "No longer listening: the engine is drained");
    }
  }
});
