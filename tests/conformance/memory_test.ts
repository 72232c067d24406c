import { MemoryWorld } from "../support/memory/memory_world.ts";
import { SLOW_ECH_TCP_CASES } from "./ech_tcp_cases.ts";
import { runConformanceSuite } from "./suite.ts";

runConformanceSuite("memory", () => new MemoryWorld(), SLOW_ECH_TCP_CASES);
