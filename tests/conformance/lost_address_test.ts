import { needs } from "../support/needs.ts";
import { runOk } from "../support/programs.ts";

// Addresses are taken away and given back: in a network namespace of its own.
needs("root", "network namespaces", "unshare", "ip")(
  "StreamsEngine gets a UDP port back that it lost when it was to share it",
  async () => {
    const cases = new URL("lost_address_cases.ts", import.meta.url).pathname;
    await runOk("unshare", [
      ...["--net", Deno.execPath(), "test", "--no-prompt", "--no-check", "-A", cases],
    ]);
  },
);
