import { DUAL_STACK_CASES, EXCLUSIVE_PORT_CASES } from "./dual_stack_cases.ts";
import { ENGINES, worldOf } from "./engines.ts";

for (const engine of ENGINES) {
  const defineAll = (cases: typeof DUAL_STACK_CASES, ...needed: readonly string[]) => {
    for (const [name, run] of Object.entries(cases)) {
      engine.needing(...needed)(`${engine.name} ${name}`, async () => {
        await using world = worldOf(engine);
        await run(world);
      });
    }
  };
  defineAll(DUAL_STACK_CASES, "IPv6");
  defineAll(EXCLUSIVE_PORT_CASES);
}
