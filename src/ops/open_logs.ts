/**
 * Opens the logs: both on standard output, or each in a file of its own.
 *
 * @module
 */

import { AccessLog, type AccessLogFormat } from "./access_log.ts";
import { FileSink, type LineSink, StdoutSink } from "./line_sink.ts";
import { LineWriter } from "./line_writer.ts";
import { createLog, formatLogLine, type Log, type LogLevel } from "./log.ts";

/** Names of the log files, those of rpxy-l4. */
const ACCESS_LOG_FILE = "access.log";
const SYSTEM_LOG_FILE = "rpxy-l4.log";

/** Where the logs go and what is in them. */
export interface OpenLogsOptions {
  /** Directory of the log files, made where it is missing; null = standard output. */
  readonly logDir: string | null;
  readonly level: LogLevel;
  readonly format: AccessLogFormat;
  /** Takes the lines in place of standard output. */
  readonly sink?: LineSink;
}

/** The logs in use. To be disposed of last: what is queued is then written, for a bounded time. */
export interface Logs extends AsyncDisposable {
  readonly log: Log;
  readonly access: AccessLog;
  /** Lines lost so far because a queue was full or its file could not be written. */
  readonly dropped: number;
  /** Opens the files again: for whoever rotates them and sends SIGHUP. */
  reopen(): void;
  /** Waits until what was logged so far is written; false when `timeoutMs` was not enough. */
  flush(timeoutMs?: number): Promise<boolean>;
}

/** The log files cannot be used; the message says why and what to do. */
export class LogDirectoryError extends Error {
  /** Tells this error from others. */
  override readonly name = "LogDirectoryError";
}

/**
 * Opens the logs.
 *
 * @throws {LogDirectoryError} when the directory or a file cannot be made or written, or permission to is missing
 */
export async function openLogs(
  { logDir, level, format, sink = new StdoutSink() }: OpenLogsOptions,
): Promise<Logs> {
  if (logDir === null) {
    const writer = new LineWriter(sink, { describeDrops: describeLostLines });
    const colour = sink instanceof StdoutSink && Deno.stdout.isTerminal() && !Deno.noColor;
    const log = createLog({ level, writer, colour });
    // One writer for both: lines are whole and in order.
    return assembleLogs(log, new AccessLog({ writer, format }), [writer]);
  }

  await makeDirectory(logDir);
  const systemPath = `${logDir}/${SYSTEM_LOG_FILE}`;
  const accessPath = `${logDir}/${ACCESS_LOG_FILE}`;
  const systemSink = await openFile(logDir, systemPath);
  const accessSink = await openFile(logDir, accessPath).catch((error) => {
    systemSink.close();
    throw error;
  });

  const systemWriter = new LineWriter(systemSink, {
    describeDrops: describeLostLines,
    // Standard error is the last place left to say it.
    onError: (error) => console.error(describeFailure(systemPath, error)),
  });
  const log = createLog({ level, writer: systemWriter });
  const accessWriter = new LineWriter(accessSink, {
    describeDrops: (count) => access.describeDrops(count),
    onError: (error) => log.error("log_failed", describeFailure(accessPath, error)),
  });
  const access: AccessLog = new AccessLog({ writer: accessWriter, format });
  // The access log is closed first: it may still have something to say in the system log.
  return assembleLogs(log, access, [accessWriter, systemWriter]);
}

function assembleLogs(log: Log, access: AccessLog, writers: readonly LineWriter[]): Logs {
  return {
    log,
    access,
    get dropped() {
      return writers.reduce((sum, writer) => sum + writer.dropped, 0);
    },
    reopen() {
      for (const writer of writers) writer.reopen();
    },
    async flush(timeoutMs) {
      const flushed = await Promise.all(writers.map((writer) => writer.flush(timeoutMs)));
      return flushed.every((complete) => complete);
    },
    async [Symbol.asyncDispose]() {
      for (const writer of writers) await writer[Symbol.asyncDispose]();
      log[Symbol.dispose]();
    },
  };
}

async function makeDirectory(path: string): Promise<void> {
  requirePermission("read", path);
  try {
    if ((await Deno.stat(path)).isDirectory) return;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) {
      throw new LogDirectoryError(describeFailure(path, error), { cause: error });
    }
  }
  requirePermission("write", path);
  try {
    await Deno.mkdir(path, { recursive: true });
  } catch (error) {
    const reason = describeError(error);
    throw new LogDirectoryError(`Cannot create log directory "${path}": ${reason}`, {
      cause: error,
    });
  }
}

async function openFile(directory: string, path: string): Promise<FileSink> {
  requirePermission("read", directory, path);
  requirePermission("write", directory, path);
  try {
    return await FileSink.open(path);
  } catch (error) {
    throw new LogDirectoryError(describeFailure(path, error), { cause: error });
  }
}

/** Asked for before use: on a terminal Deno would stop and ask the person instead. */
function requirePermission(name: "read" | "write", directory: string, path = directory): void {
  if (Deno.permissions.querySync({ name, path }).state === "granted") return;
  throw new LogDirectoryError(
    `Cannot ${name} log files in "${directory}": not permitted; start with --allow-${name}=${directory}`,
  );
}

function describeLostLines(count: number): string {
  return formatLogLine(Date.now(), "warn", "Log lines were dropped", {
    event: "log_dropped",
    lines: count,
  });
}

function describeFailure(path: string, error: unknown): string {
  return `Cannot write log file "${path}": ${describeError(error)}`;
}

function describeError(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
