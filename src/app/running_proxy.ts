/**
 * The life of a proxy: start, reload, drain.
 *
 * @module
 */

import { issueLine } from "../control/config/issues.ts";
import { readFailure } from "../control/config/read_file.ts";
import type { Settings } from "../control/config/settings.ts";
import { ConfigWatch } from "../control/config/watch.ts";
import type { DnsCache } from "../control/dns_cache.ts";
import type { DrainReport, Engine, EngineStats, Listener } from "../engine/engine.ts";
import type { Logs } from "../ops/open_logs.ts";
import { formatHostPort } from "../proto/ip.ts";
import type { CertificateReminder } from "./certificate_reminder.ts";
import { assertSuits, engineWarnings } from "./choose_engine.ts";
import { coalesce } from "./coalesce.ts";
import { parseWithFiles, readConfigFile } from "./config_file.ts";
import { keysInUse } from "./ech_keys.ts";
import { describeFailure } from "./failure.ts";
import { ListenerSet } from "./listener_set.ts";
import { NamedFiles } from "./named_files.ts";
import {
  formatPermission,
  isGranted,
  type NeededPermission,
  targetPermissions,
} from "./permissions.ts";
import { hiddenNames } from "./private_targets.ts";
import type { BoundAddress, Proxy, ReloadOutcome } from "./proxy.ts";
import { allTargets, routedServices } from "../pipeline/services.ts";
import { VERSION } from "./version.ts";

/** What a {@linkcode RunningProxy} is made of. */
export interface ProxyParts {
  /** Path of the configuration file; null: the configuration is not from a file. */
  readonly file: string | null;
  /** Its content. */
  readonly text: string;
  /** The files that it names. */
  readonly named: NamedFiles;
  readonly logs: Logs;
  readonly dns: DnsCache;
  readonly engine: Engine;
  readonly reminder: CertificateReminder;
}

/**
 * A proxy from its start to its end. A reload is one transaction: what can fail comes first, then all of the new
 * configuration is in use at once.
 */
export class RunningProxy implements Proxy {
  readonly #file: string | null;
  readonly #logs: Logs;
  readonly #dns: DnsCache;
  readonly #engine: Engine;
  readonly #reminder: CertificateReminder;
  readonly #listeners: ListenerSet;
  /** What is closed in the end, in reverse order. */
  #resources = new AsyncDisposableStack();

  /** Content of the file that is in use, and of those that it names. */
  #text: string;
  #named: NamedFiles;
  /** Content that the watch saw and that is to be used next. */
  #changedText: string | null = null;
  /** What the engine was made for; null before the start. */
  #first: Settings | null = null;
  /** Names that the log must not have. */
  #hidden: ReadonlyMap<string, string> = new Map();
  /** Keys for ECH that the log has told, by service. */
  #toldKeys: ReadonlyMap<string, string> = new Map();
  #drainTimeoutMs = 0;
  #generation = 0;
  #watch: ConfigWatch | null = null;

  readonly #reloadInTurn = coalesce(() => this.#reload());
  readonly #finished = Promise.withResolvers<DrainReport>();
  #ending = false;

  constructor({ file, text, named, logs, dns, engine, reminder }: ProxyParts) {
    this.#file = file;
    this.#text = text;
    this.#named = named;
    this.#logs = logs;
    this.#dns = dns;
    this.#engine = engine;
    this.#reminder = reminder;
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
    this.#first = settings;
    this.#publish(settings);
    await this.#listeners.replace(settings.snapshot.listeners, () => {});
    for (const { transport, ...address } of this.addresses) {
      log.info("listening", `Listening on ${transport} "${formatHostPort(address)}"`);
    }
    log.info("started", `rpxy-l4 ${VERSION} is ready`, {
      services: routedServices(settings.snapshot).length,
      engine: this.#engine.name,
      workers: this.#engine.workers,
      deno: Deno.version.deno,
    });
  }

  /** Reloads when the configuration file changes, until the proxy ends. */
  watch(): void {
    if (this.#file === null) return;
    const { log } = this.#logs;
    this.#watch = this.#resources.use(
      new ConfigWatch(this.#file, {
        baseline: this.#text,
        onChange: (text) => {
          this.#changedText = text;
          void this.#reloadInTurn();
        },
        onNamedChange: () => void this.#reloadInTurn(),
        onUnreadable: (error) =>
          log.warn(
            "config_unreadable",
            "The configuration file cannot be read any more: the configuration in use stays",
            { file: this.#file, error: readFailure(error) },
          ),
      }),
    );
    this.#watch.watchNamed(this.#named.texts);
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
    const wasEnding = this.#ending;
    const finished = this.drain(0);
    if (wasEnding) await this.#engine.drain(0); // cuts short the drain that goes on
    await finished;
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
      if (text === this.#text && this.#named.areUnchanged()) {
        this.#watch?.watchNamed(this.#named.texts);
        log.info("reload_unchanged", "The configuration file has not changed");
        return { kind: "unchanged" };
      }
      const named = new NamedFiles(this.#file);
      const settings = this.#parse(text, this.#file, named);
      assertSuits(settings, this.#engine);
      const { opened, closed } = await this.#listeners.replace(
        settings.snapshot.listeners,
        () => this.#publish(settings),
      );
      this.#text = text;
      this.#named = named;
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

  #parse(text: string, file: string, named: NamedFiles): Settings {
    try {
      return parseWithFiles(text, file, named);
    } finally {
      // Whether it can be used or not: what is wrong may be mended in one of these.
      this.#watch?.watchNamed(named.texts);
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
    this.#engine.publish(settings.snapshot);

    this.#tellKeys(settings);
    this.#reminder.watch(settings.snapshot);
    for (const warning of settings.warnings) log.warn("config_warning", issueLine(warning));
    for (const warning of engineWarnings(settings, this.#engine, this.#first ?? settings)) {
      log.warn("config_warning", warning);
    }
    for (const missing of missingPermissions(settings, this.#engine.name)) {
      const what = missing.isPrivate
        ? 'what "rpxy-l4 permissions" prints'
        : formatPermission(missing);
      log.warn("not_permitted", `Cannot ${missing.purpose}: not permitted; add ${what}`);
    }
    this.#hidden = hiddenNames(settings.snapshot, this.#hidden);
    this.#dns.hide(this.#hidden);
    const targets = allTargets(settings.snapshot);
    this.#dns.retain(new Set(targets.map(({ host }) => host)));
    // Known, with luck, before the first client comes.
    void this.#dns.prefetch(targets);
  }

  /** Says which keys for ECH are in use, once: a reload may leave them as they are. */
  #tellKeys({ snapshot }: Settings): void {
    const told = new Map<string, string>();
    for (const { service, count, keys } of keysInUse(snapshot)) {
      told.set(service, keys);
      if (this.#toldKeys.get(service) === keys) continue;
      const what = count === 1 ? "1 key" : `${count} keys`;
      const message = `Encrypted Client Hello for "${service}" is opened with ${what}`;
      this.#logs.log.info("ech_keys", message, { keys });
    }
    this.#toldKeys = told;
  }
}

/** Addresses of targets that Deno would not let the proxy reach. */
function missingPermissions({ snapshot }: Settings, engine: string): NeededPermission[] {
  return targetPermissions(snapshot, engine)
    .filter((needed) => needed.isExact && !isGranted(needed));
}

function describeListener({ spec, address }: Listener): string {
  return `${spec.transport}:${formatHostPort(address)}`;
}
