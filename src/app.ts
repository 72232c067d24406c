/**
 * The composition root: makes a running proxy of its parts. The only place that knows them all.
 *
 * @module
 */

import { CertificateReminder } from "./app/certificate_reminder.ts";
import { chooseEngine } from "./app/choose_engine.ts";
import { parseWithFiles, readConfigFile } from "./app/config_file.ts";
import { FlowEvents } from "./app/flow_events.ts";
import { NamedFiles } from "./app/named_files.ts";
import type { Proxy } from "./app/proxy.ts";
import { RunningProxy } from "./app/running_proxy.ts";
import type { Settings } from "./control/config/settings.ts";
import { DnsCache, type DnsNotice } from "./control/dns_cache.ts";
import { createLookup } from "./control/dns_lookup.ts";
import type { LineSink } from "./ops/line_sink.ts";
import type { Log } from "./ops/log.ts";
import { openLogs } from "./ops/open_logs.ts";

export type { BoundAddress, Proxy, ReloadOutcome } from "./app/proxy.ts";

/** What {@linkcode startProxy} is given. */
export interface ProxyOptions {
  /** Path of the configuration file, or a configuration that was loaded before. */
  readonly config: string | Settings;
  /**
   * Directory of the log files `access.log` and `rpxy-l4.log`; needs `--allow-write`. Null: standard output.
   *
   * @default {null}
   */
  readonly logDir?: string | null;
  /** Takes the lines of both logs in place of standard output. */
  readonly logSink?: LineSink;
  /**
   * Whether to reload when the configuration file changes.
   *
   * @default {true}
   */
  readonly watch?: boolean;
}

/**
 * Starts a proxy: it listens when the promise resolves.
 *
 * @throws {ConfigFileError} when the configuration cannot be read or used
 * @throws {EngineError} when the engine that it asks for cannot be had
 * @throws {ListenError} when an address cannot be listened on
 * @throws {LogDirectoryError} when the log files cannot be written
 */
export async function startProxy(options: ProxyOptions): Promise<Proxy> {
  await using resources = new AsyncDisposableStack();
  const file = typeof options.config === "string" ? options.config : null;
  const text = file === null ? "" : await readConfigFile(file);
  const named = new NamedFiles(file ?? "");
  const settings = typeof options.config === "string"
    ? parseWithFiles(text, options.config, named)
    : options.config;

  const logs = resources.use(
    await openLogs({
      logDir: options.logDir ?? null,
      level: settings.logLevel,
      format: settings.accessLogFormat,
      ...(options.logSink === undefined ? {} : { sink: options.logSink }),
    }),
  );
  const dns = resources.use(
    new DnsCache({
      ...settings.dns,
      lookup: createLookup(),
      report: (notice) => logDnsNotice(logs.log, notice),
    }),
  );
  const engine = resources.use(
    chooseEngine(settings, { resolver: dns, events: new FlowEvents(logs) }, logs.log),
  );
  const reminder = resources.use(new CertificateReminder(logs.log));
  const proxy = new RunningProxy({ file, text, named, logs, dns, engine, reminder });
  await proxy.start(settings);
  if (options.watch !== false) proxy.watch();
  proxy.own(resources.move());
  return proxy;
}

function logDnsNotice(log: Log, { event, message }: DnsNotice): void {
  switch (event) {
    case "dns_lookup_failed":
      return log.warn(event, message);
    case "dns_lookup_recovered":
    case "dns_addresses_changed":
      return log.info(event, message);
    case "dns_resolved":
      return log.debug(event, message);
  }
}
