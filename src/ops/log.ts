/**
 * The system log: what happens to the proxy as a whole, one event name per fact. LogTape carries the records; the
 * lines and where they go are our own, so that nothing asks for the environment.
 *
 * @module
 */

import { configureSync, getLogger, type LogRecord } from "@logtape/logtape";
import { escapeMessage, formatValue } from "./escape.ts";
import type { LineWriter } from "./line_writer.ts";
import { formatTimestamp } from "./timestamp.ts";

/** Value of `log_level`. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** Facts of an event, written as `key=value`; undefined ones are left out. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Writes one event: a stable name to search for, a sentence for people, and facts. */
export type LogMethod = (event: string, message: string, fields?: LogFields) => void;

/** The system log. Its methods never block and never throw. */
export interface Log extends Disposable {
  readonly debug: LogMethod;
  readonly info: LogMethod;
  readonly warn: LogMethod;
  readonly error: LogMethod;
  /** Writes events of this level and above from now on. */
  setLevel(level: LogLevel): void;
}

/** What a system log is made of. */
export interface LogOptions {
  readonly level: LogLevel;
  readonly writer: LineWriter;
  /** Whether to colour the level: for a terminal only. */
  readonly colour?: boolean;
}

/**
 * Makes a system log. LogTape's configuration is one for the process: it holds the logs of this function that are not
 * yet disposed of, each in a category of its own, and nothing else.
 */
export function createLog({ level, writer, colour = false }: LogOptions): Log {
  const id = String(++lastId);
  const setLevel = (level: LogLevel) => {
    openLogs.set(id, { level, sink: (record) => writer.write(formatRecord(record, colour)) });
    configureLogTape();
  };
  setLevel(level);
  const logger = getLogger([CATEGORY, id]);
  return {
    debug: (event, message, fields) => logger.debug(message, { ...fields, event }),
    info: (event, message, fields) => logger.info(message, { ...fields, event }),
    warn: (event, message, fields) => logger.warn(message, { ...fields, event }),
    error: (event, message, fields) => logger.error(message, { ...fields, event }),
    setLevel,
    [Symbol.dispose]() {
      openLogs.delete(id);
      configureLogTape();
    },
  };
}

/** Writes `2026-11-22T18:00:00.123Z  INFO message event=name key=value`. */
export function formatLogLine(
  time: number,
  level: LogLevel,
  message: string,
  fields: LogFields,
  colour = false,
): string {
  const word = level.toUpperCase().padStart(LEVEL_WIDTH);
  let line = `${formatTimestamp(time)} ${colour ? paint(word, level) : word} ${
    escapeMessage(message)
  }`;
  for (const [key, value] of Object.entries(fields)) {
    if (value !== undefined) line += ` ${key}=${formatValue(describe(value))}`;
  }
  return line;
}

const CATEGORY = "rpxy-l4";
const LEVEL_WIDTH = "ERROR".length;

/** ANSI SGR parameters of the levels. */
const COLOURS: Readonly<Record<LogLevel, number>> = { debug: 34, info: 32, warn: 33, error: 31 };

/** LogTape's names for our levels, and back. */
const LOGTAPE_LEVELS = { debug: "debug", info: "info", warn: "warning", error: "error" } as const;
const LEVELS: Readonly<Record<LogRecord["level"], LogLevel>> = {
  trace: "debug",
  debug: "debug",
  info: "info",
  warning: "warn",
  error: "error",
  fatal: "error",
};

/** Logs in use, by the second part of their category. */
const openLogs = new Map<
  string,
  { readonly level: LogLevel; readonly sink: (record: LogRecord) => void }
>();
let lastId = 0;

function configureLogTape(): void {
  configureSync({
    reset: true,
    sinks: Object.fromEntries([...openLogs].map(([id, { sink }]) => [id, sink])),
    loggers: [
      ...[...openLogs].map(([id, { level }]) => ({
        category: [CATEGORY, id],
        sinks: [id],
        lowestLevel: LOGTAPE_LEVELS[level],
      })),
      // LogTape's own voice, which would speak on the console.
      { category: ["logtape", "meta"], sinks: [], lowestLevel: null },
    ],
  });
}

function formatRecord(record: LogRecord, colour: boolean): string {
  // Not `record.message`: that takes braces in a message for placeholders.
  const message = String(record.rawMessage);
  const { event, ...fields } = record.properties;
  return formatLogLine(
    record.timestamp,
    LEVELS[record.level],
    message,
    { event, ...fields },
    colour,
  );
}

function paint(word: string, level: LogLevel): string {
  return `\x1b[${COLOURS[level]}m${word}\x1b[0m`;
}

function describe(value: unknown): string {
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (typeof value === "object" && value !== null) return JSON.stringify(value);
  return String(value);
}
