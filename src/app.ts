/**
 * The composition root: makes a running proxy of its parts, changes it on reload, ends it in order.
 *
 * @module
 */

import { coalesce } from "./app/coalesce.ts";
import { parseConfigFile, readConfigFile } from "./app/config_file.ts";
import { describeFailure } from "./app/failure.ts";
import { FlowEvents } from "./app/flow_events.ts";
import { hostPort } from "./app/listen_error.ts";
import { ListenerSet } from "./app/listener_set.ts";
import {
  formatPermission,
  isGranted,
  type NeededPermission,
  targetPermissions,
} from "./app/permissions.ts";
import { allServices, allTargets } from "./app/services.ts";
import { VERSION } from "./app/version.ts";
import { issueLine } from "./control/config/issues.ts";
import type { Settings } from "./control/config/settings.ts";
import { watchConfig } from "./control/config/watch.ts";
import { DnsCache } from "./control/dns_cache.ts";
import { createLookup } from "./control/dns_lookup.ts";
import type { DrainReport, Engine, EngineStats, Listener } from "./engine/engine.ts";
import { StreamsEngine } from "./engine/streams/streams_engine.ts";
import type { Transport } from "./model/protocol.ts";
import type { LineSink } from "./ops/line_sink.ts";
import { type Logs, openLogs } from "./ops/open_logs.ts";

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

/** An address that a proxy listens on. */
export interface BoundAddress {
  /** TCP or UDP. */
  readonly transport: Transport;
  /** IP address in canonical form. */
  readonly host: string;
  /** The real port, 1–65535. */
  readonly port: number;
}

/** What came of a reload; `failed` changed nothing. */
export type ReloadOutcome =
  | { readonly kind: "applied"; readonly generation: number }
  | { readonly kind: "unchanged" }
  | { readonly kind: "failed"; readonly error: unknown };

/** A running proxy. Disposing of it cuts all flows; {@linkcode Proxy.drain} lets them end first. */
export interface Proxy extends AsyncDisposable {
  /** Where it listens now. */
  readonly addresses: readonly BoundAddress[];
  /** Counters of the data plane. */
  stats(): EngineStats;
  /** Reads the configuration file again and re-opens the log files. Never rejects. */
  reload(): Promise<ReloadOutcome>;
  /**
   * Stops accepting, lets flows end, and cuts what is left.
   *
   * @param timeoutMs how long flows may go on, in milliseconds; default: `drain_timeout`
   */
  drain(timeoutMs?: number): Promise<DrainReport>;
  /** Resolves when the proxy has ended, whoever ended it. */
  readonly finished: Promise<DrainReport>;
}

/**
 * Starts a proxy: it listens when the promise resolves.
 *
 * @throws {ConfigFileError} when the configuration cannot be read or used
 * @throws {ListenError} when an address cannot be listened on
 * @throws {LogDirectoryError} when the log files cannot be written
 */
export async function startProxy(options: ProxyOptions): Promise<Proxy> {
  await using resources = new AsyncDisposableStack();
  const file = typeof options.config === "string" ? options.config : null;
  const text = file === null ? "" : await readConfigFile(file);
  const settings = typeof options.config === "string"
    ? parseConfigFile(text, options.config)
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
      report: ({ event, message }) =>
        event === "dns_lookup_failed"
          ? logs.log.warn(event, message)
          : logs.log.info(event, message),
    }),
  );
  const engine = resources.use(
    new StreamsEngine({ resolver: dns, events: new FlowEvents(logs) }),
  );
  const proxy = new RunningProxy({ file, text, logs, dns, engine });
  await proxy.start(settings);
  if (options.watch !== false) proxy.watch();
  proxy.own(resources.move());
  return proxy;
}

interface Parts {
  /** Path of the configuration file; null: the configuration is not from a file. */
  readonly file: string | null;
  /** Its content. */
  readonly text: string;
  readonly logs: Logs;
  readonly dns: DnsCache;
  readonly engine: Engine;
}

class RunningProxy implements Proxy {
  readonly #file: string | null;
  readonly #logs: Logs;
  readonly #dns: DnsCache;
  readonly #engine: Engine;
  readonly #listeners: ListenerSet;
  /** What is closed in the end, in reverse order. */
  #resources = new AsyncDisposableStack();

  /** Content of the file that is in use. */
  #text: string;
  /** Content that the watch saw and that is to be used next. */
  #changedText: string | null = null;
  #drainTimeoutMs = 0;
  #generation = 0;

  readonly #reloadInTurn = coalesce(() => this.#reload());
  readonly #finished = Promise.withResolvers<DrainReport>();
  #ending = false;

  constructor({ file, text, logs, dns, engine }: Parts) {
    this.#file = file;
    this.#text = text;
    this.#logs = logs;
    this.#dns = dns;
    this.#engine = engine;
    this.#listeners = new ListenerSet(engine);
  }

  get addresses(): readonly BoundAddress[] {
    return this.#listeners.listeners.map(({ spec, address }) => ({
      transport: spec.transport,
      ...address,
    }));
  }

  get finished(): Promise<DrainReport> {
    return this.#finished.promise;
  }

  stats(): EngineStats {
    return this.#engine.stats();
  }

  async start(settings: Settings): Promise<void> {
    const { log } = this.#logs;
    this.#publish(settings);
    await this.#listeners.replace(settings.snapshot.listeners, () => {});
    for (const { transport, ...address } of this.addresses) {
      log.info("listening", `Listening on ${transport} "${hostPort(address)}"`);
    }
    log.info("started", `rpxy-l4 ${VERSION} is ready`, {
      services: allServices(settings.snapshot).length,
      engine: this.#engine.name,
      deno: Deno.version.deno,
    });
  }

  /** Reloads when the configuration file changes, until the proxy ends. */
  watch(): void {
    if (this.#file === null) return;
    const { log } = this.#logs;
    this.#resources.use(watchConfig(this.#file, {
      baseline: this.#text,
      onChange: (text) => {
        this.#changedText = text;
        void this.#reloadInTurn();
      },
      onUnreadable: (error) =>
        log.warn(
          "config_unreadable",
          "The configuration file cannot be read any more: the configuration in use stays",
          { file: this.#file, error },
        ),
    }));
  }

  /** Closes these, too, in the end. */
  own(resources: AsyncDisposableStack): void {
    resources.use(this.#resources);
    this.#resources = resources;
  }

  reload(): Promise<ReloadOutcome> {
    this.#logs.reopen();
    return this.#reloadInTurn();
  }

  drain(timeoutMs: number = this.#drainTimeoutMs): Promise<DrainReport> {
    if (!this.#ending) {
      this.#ending = true;
      this.#end(timeoutMs).then(this.#finished.resolve, this.#finished.reject);
    }
    return this.#finished.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.drain(0);
  }

  async #end(timeoutMs: number): Promise<DrainReport> {
    const { log } = this.#logs;
    await using _ = this.#resources;
    // A reload that runs may be about to open a listener; one that begins from now on does nothing.
    await this.#reloadInTurn();
    const { tcpActive, udpActive } = this.#engine.stats();
    log.info("draining", "No longer accepting", {
      tcp: tcpActive,
      udp: udpActive,
      timeout_ms: timeoutMs,
    });
    const report = await this.#engine.drain(timeoutMs);
    log.info("stopped", `rpxy-l4 ${VERSION} has ended`, { ...report });
    return report;
  }

  async #reload(): Promise<ReloadOutcome> {
    if (this.#file === null || this.#ending) return { kind: "unchanged" };
    const { log } = this.#logs;
    try {
      const text = this.#changedText ?? await readConfigFile(this.#file);
      this.#changedText = null;
      if (text === this.#text) {
        log.info("reload_unchanged", "The configuration file has not changed");
        return { kind: "unchanged" };
      }
      const settings = parseConfigFile(text, this.#file);
      const { opened, closed } = await this.#listeners.replace(
        settings.snapshot.listeners,
        () => this.#publish(settings),
      );
      this.#text = text;
      log.info("reloaded", "The configuration was reloaded", {
        generation: this.#generation,
        opened: opened.map(describeListener).join(",") || undefined,
        closed: closed.map(describeListener).join(",") || undefined,
      });
      return { kind: "applied", generation: this.#generation };
    } catch (error) {
      log.error("reload_failed", "The configuration was not reloaded: the one in use stays");
      // Line by line, so that carets stay below what they point at.
      for (const line of describeFailure(error, { colour: false })) {
        if (line !== "") log.error("reload_failed", line);
      }
      return { kind: "failed", error };
    }
  }

  /** From here on, new flows follow the new configuration. */
  #publish(settings: Settings): void {
    const { log, access } = this.#logs;
    this.#generation++;
    this.#drainTimeoutMs = settings.drainTimeoutMs;
    log.setLevel(settings.logLevel);
    access.setFormat(settings.accessLogFormat);
    this.#dns.setTtl(settings.dns.minTtlMs, settings.dns.maxTtlMs);
    this.#engine.publish({ ...settings.snapshot, generation: this.#generation });

    for (const warning of settings.warnings) log.warn("config_warning", issueLine(warning));
    for (const missing of missingPermissions(settings)) {
      const flag = formatPermission(missing);
      log.warn("not_permitted", `Cannot ${missing.purpose}: not permitted; add ${flag}`);
    }
    const targets = allTargets(settings.snapshot);
    this.#dns.retain(new Set(targets.map(({ host }) => host)));
    // Known, with luck, before the first client comes.
    void this.#dns.prefetch(targets);
  }
}

/** Addresses of targets that Deno would not let the proxy reach. */
function missingPermissions({ snapshot }: Settings): NeededPermission[] {
  return targetPermissions(snapshot).filter((needed) => needed.isExact && !isGranted(needed));
}

function describeListener({ spec, address }: Listener): string {
  return `${spec.transport}:${hostPort(address)}`;
}
