/**
 * The command line: what may be said, and what was meant by what was said.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { nearest } from "../control/config/nearest.ts";

/** What the program was asked to do. `config` is null where `./config.toml` is to be looked for. */
export type Command =
  | { readonly name: "serve"; readonly config: string | null; readonly logDir: string | null }
  | { readonly name: "check"; readonly config: string | null }
  | {
    readonly name: "explain";
    /** Null: recognise every protocol, route nothing. */
    readonly config: string | null;
    /** A flow told in words; null: flows are read from standard input. */
    readonly flow: FlowInWords | null;
  }
  | { readonly name: "permissions"; readonly config: string | null; readonly logDir: string | null }
  | { readonly name: "health"; readonly config: string | null }
  | { readonly name: "demo" }
  | { readonly name: "help" }
  | { readonly name: "version" };

/** A flow as a person describes it: `--protocol tls --sni example.com --alpn h2`. */
export interface FlowInWords {
  readonly protocol: string;
  readonly sni: string | null;
  readonly alpn: readonly string[];
  /** What else the client says, by name, such as `["path", "/api"]`. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** The client's address; null where it does not matter. */
  readonly source: string | null;
}

/** The command line makes no sense; the message says what and suggests what may have been meant. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

const OPTIONS = {
  config: { type: "string", short: "c" },
  "log-dir": { type: "string", short: "l" },
  protocol: { type: "string" },
  sni: { type: "string" },
  alpn: { type: "string", multiple: true },
  field: { type: "string", multiple: true },
  source: { type: "string" },
  help: { type: "boolean", short: "h" },
  version: { type: "boolean", short: "V" },
} as const;

type OptionName = keyof typeof OPTIONS;

/** Options that each command takes, beside `--help` and `--version`. */
const COMMANDS = {
  serve: ["config", "log-dir"],
  check: ["config"],
  explain: ["config", "protocol", "sni", "alpn", "field", "source"],
  permissions: ["config", "log-dir"],
  health: ["config"],
  demo: [],
} as const satisfies Record<string, readonly OptionName[]>;

type CommandName = keyof typeof COMMANDS;

/**
 * Reads a command line.
 *
 * @throws {UsageError} when it is not one
 */
export function parseCommandLine(argv: readonly string[]): Command {
  // Not `strict`: its messages cannot suggest what was meant. What it would reject, the loop below rejects.
  const { tokens, values, positionals } = parseArgs({
    args: [...argv],
    options: OPTIONS,
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  const given = new Set<OptionName>();
  for (const token of tokens) {
    if (token.kind !== "option") continue;
    if (!isOptionName(token.name)) throw unknownOption(token.rawName);
    const { type } = OPTIONS[token.name];
    if (type === "boolean" && token.value !== undefined) {
      throw new UsageError(`Option "${token.rawName}" takes no value`);
    }
    if (type === "string" && !isValue(token)) {
      throw new UsageError(
        `Option "${token.rawName}" needs a value, as in "--${token.name}=${
          PLACEHOLDERS[token.name]
        }"`,
      );
    }
    if (given.has(token.name) && token.name !== "alpn" && token.name !== "field") {
      throw new UsageError(`Option "${token.rawName}" is given more than once`);
    }
    given.add(token.name);
  }

  if (given.has("help")) return { name: "help" };
  if (given.has("version")) return { name: "version" };

  const [word, extra] = positionals;
  const name = word === undefined ? "serve" : commandName(word);
  if (extra !== undefined) {
    const meant = extra.endsWith(".toml") ? `: did you mean "--config ${extra}"?` : "";
    throw new UsageError(`Unexpected argument "${extra}" after "${word}"${meant}`);
  }
  const allowed: readonly OptionName[] = COMMANDS[name];
  for (const option of given) {
    if (!allowed.includes(option)) {
      throw new UsageError(`Option "--${option}" is only for ${commandsTaking(option)}`);
    }
  }

  const config = text(values.config);
  const logDir = text(values["log-dir"]);
  switch (name) {
    case "serve":
    case "permissions":
      return { name, config, logDir };
    case "check":
    case "health":
      return { name, config };
    case "explain":
      return { name, config, flow: flowInWords(config, values) };
    case "demo":
      return { name };
  }
}

const PLACEHOLDERS: Record<string, string> = {
  config: "FILE",
  "log-dir": "DIR",
  protocol: "tls",
  sni: "example.com",
  alpn: "h2",
  field: "path=/api",
  source: "192.0.2.1",
};

function isOptionName(name: string): name is OptionName {
  return Object.hasOwn(OPTIONS, name);
}

/** Whether an option got a value; `--config --log-dir DIR` is a forgotten one. */
function isValue(token: { value?: string | undefined; inlineValue?: boolean | undefined }) {
  const { value, inlineValue } = token;
  return value !== undefined && value !== "" && (inlineValue === true || !value.startsWith("-"));
}

function unknownOption(rawName: string): UsageError {
  const known = Object.keys(OPTIONS).map((name) => `--${name}`);
  return new UsageError(`Unknown option "${rawName}"${didYouMean(rawName, known)}`);
}

function commandName(word: string): CommandName {
  if (Object.hasOwn(COMMANDS, word)) return word as CommandName;
  // `rpxy-l4 config.toml` is what a person types who knows other proxies.
  if (word.endsWith(".toml")) {
    throw new UsageError(`Unknown command "${word}": did you mean "--config ${word}"?`);
  }
  throw new UsageError(`Unknown command "${word}"${didYouMean(word, Object.keys(COMMANDS))}`);
}

function didYouMean(word: string, candidates: readonly string[]): string {
  const best = nearest(word, candidates);
  return best === null ? "" : `: did you mean "${best}"?`;
}

function commandsTaking(option: OptionName): string {
  return Object.entries(COMMANDS)
    .filter(([, options]) => (options as readonly OptionName[]).includes(option))
    .map(([name]) => `"${name}"`)
    .join(", ");
}

function flowInWords(
  config: string | null,
  values: Readonly<Partial<Record<OptionName, unknown>>>,
): FlowInWords | null {
  const { protocol, sni, alpn, field, source } = values;
  const [given] = FLOW_OPTIONS.filter((option) => values[option] !== undefined);
  if (given === undefined) return null;
  if (config === null) {
    throw new UsageError(`"explain" with "--${given}" needs "--config=FILE" to route by`);
  }
  return {
    protocol: text(protocol) ?? "tls",
    sni: text(sni),
    alpn: Array.isArray(alpn) ? alpn.flatMap((name: string) => name.split(",")) : [],
    fields: Array.isArray(field) ? field.map(nameAndValue) : [],
    source: text(source),
  };
}

/** Options of `explain` that tell of a flow. */
const FLOW_OPTIONS = ["protocol", "sni", "alpn", "field", "source"] as const;

function nameAndValue(option: string): readonly [string, string] {
  const [name = "", ...value] = option.split("=");
  if (value.length > 0) return [name, value.join("=")];
  throw new UsageError(`Option "--field" needs a name and a value, as in "--field path=/api"`);
}

function text(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
