import { StreamsEngine } from "../../src/engine/streams/streams_engine.ts";
import { LoopbackWorld } from "./loopback_world.ts";
import { runConformanceSuite } from "./suite.ts";

runConformanceSuite(
  "streams",
  () => new LoopbackWorld((options) => new StreamsEngine(options)),
);
