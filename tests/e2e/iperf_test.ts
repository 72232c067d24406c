import assert from "node:assert/strict";
import { freePort } from "../support/free_port.ts";
import { needs } from "../support/needs.ts";
import { RunningProgram, runOk } from "../support/programs.ts";
import { startProxy } from "../support/proxy_process.ts";

/** What is read of `iperf3 --json`. */
interface Report {
  readonly end: {
    readonly "sum_received"?: { readonly bytes: number };
    readonly sum?: { readonly packets: number; readonly "lost_packets": number };
  };
}

needs("iperf3")("iperf3 measures TCP and UDP through the default targets", async () => {
  const port = freePort();
  await using server = RunningProgram.start(
    "iperf3",
    ["--server", "--forceflush", "--bind", "127.0.0.1", "--port", `${port}`],
  );
  await server.waitForLine(/Server listening/);
  await using proxy = await startProxy({
    config: `tcp_target = ["127.0.0.1:${port}"]\nudp_target = ["127.0.0.1:${port}"]\n`,
  });
  const measure = async (...options: string[]) =>
    JSON.parse(
      await runOk("iperf3", [
        ...["--client", "127.0.0.1", "--port", `${proxy.port}`, "--json", ...options],
      ]),
    ) as Report;

  // The end of a test is told on another connection, and may overtake the last of the data: that is not counted.
  const up = await measure("--bytes", "50M");
  assert.ok((up.end.sum_received?.bytes ?? 0) >= 25_000_000, JSON.stringify(up.end));

  await server.waitForLine(/Server listening/, { count: 2 });
  const down = await measure("--reverse", "--parallel", "3", "--bytes", "50M");
  assert.ok((down.end.sum_received?.bytes ?? 0) >= 25_000_000, JSON.stringify(down.end));

  await server.waitForLine(/Server listening/, { count: 3 });
  const datagrams = await measure("--udp", "--bitrate", "5M", "--length", "1200", "--time", "2");
  const { packets = 0, lost_packets: lost = packets } = datagrams.end.sum ?? {};
  assert.ok(packets > 500, `${packets} datagrams were sent`);
  // UDP promises nothing: a few may be lost while other tests keep the machine busy.
  assert.ok(lost < packets / 4, `${lost} of ${packets} datagrams were lost`);

  await proxy.waitForFinish(/service=default/, 2);
});
