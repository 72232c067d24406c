import { NativeEngine } from "../../src/engine/native/native_engine.ts";
import { LoopbackWorld } from "./loopback_world.ts";
import { runConformanceSuite } from "./suite.ts";

for (const workers of [1, 2]) {
  runConformanceSuite(
    `native (${workers} worker${workers === 1 ? "" : "s"})`,
    () => new LoopbackWorld((options) => new NativeEngine({ ...options, workers })),
  );
}
