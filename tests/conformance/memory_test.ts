import { MemoryWorld } from "../support/memory/memory_world.ts";
import { runConformanceSuite } from "./suite.ts";

runConformanceSuite("memory", () => new MemoryWorld());
