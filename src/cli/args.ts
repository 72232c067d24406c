/**
 * The command line: what may be said, and what was meant by what was said.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { nearest } from "../control/config/nearest.ts";
import { type EchCommand, type EchValues, readEchCommand } from "./ech/command.ts";
import { UsageError } from "./usage_error.ts";

export { UsageError };

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
  | { readonly name: "ech"; readonly command: EchCommand }
  | { readonly name: "help" }
  | { readonly name: "version" };

/** A flow as a person describes it: `--protocol tls --sni example.com --alpn h2`. */
export interface FlowInWords {
  readonly protocol: string;
  readonly sni: string | null;
  /** The name that the client hides by ECH; left out where it hides none. */
  readonly innerSni?: string;
  readonly alpn: readonly string[];
  /** What else the client says, by name, such as `["path", "/api"]`. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** The client's address; null where it does not matter. */
  readonly source: string | null;
}

const OPTIONS = {
  config: { type: "string", short: "c" },
  "log-dir": { type: "string", short: "l" },
  protocol: { type: "string" },
  sni: { type: "string" },
  "inner-sni": { type: "string" },
  alpn: { type: "string", multiple: true },
  field: { type: "string", multiple: true },
  source: { type: "string" },
  "public-name": { type: "string" },
  name: { type: "string", multiple: true },
  kem: { type: "string" },
  "config-id": { type: "string" },
  "max-name-length": { type: "string" },
  out: { type: "string" },
  port: { type: "string" },
  resolver: { type: "string" },
  "public-only": { type: "boolean" },
  service: { type: "string" },
  ttl: { type: "string" },
  help: { type: "boolean", short: "h" },
  version: { type: "boolean", short: "V" },
} as const;

type OptionName = keyof typeof OPTIONS;

/** What a new key may be told to be, and where it goes. */
const KEY_OPTIONS = ["public-name", "kem", "config-id", "max-name-length", "out"] as const;

/** Options that each command takes, beside `--help` and `--version`. */
const COMMANDS = {
  serve: ["config", "log-dir"],
  check: ["config"],
  explain: ["config", "protocol", "sni", "inner-sni", "alpn", "field", "source"],
  permissions: ["config", "log-dir"],
  health: ["config"],
  demo: [],
  "ech generate": [...KEY_OPTIONS, "config", "name", "alpn", "port"],
  "ech show": [],
  "ech check": ["config", "resolver", "public-only", "port"],
  "ech rotate": [...KEY_OPTIONS, "config", "service", "port", "ttl", "resolver"],
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
    if (given.has(token.name) && !("multiple" in OPTIONS[token.name])) {
      throw new UsageError(`Option "${token.rawName}" is given more than once`);
    }
    given.add(token.name);
  }

  if (given.has("help")) return { name: "help" };
  if (given.has("version")) return { name: "version" };

  const { name, rest } = commandName(positionals);
  const [argument = null] = rest;
  const unexpected = rest.slice(name === "ech show" ? 1 : 0);
  const [extra] = unexpected;
  if (extra !== undefined) {
    const before = positionals.at(-unexpected.length - 1);
    const meant = extra.endsWith(".toml") ? `: did you mean "--config ${extra}"?` : "";
    throw new UsageError(`Unexpected argument "${extra}" after "${before}"${meant}`);
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
    case "ech generate":
    case "ech show":
    case "ech check":
    case "ech rotate":
      return { name: "ech", command: readEchCommand(name, argument, values as EchValues) };
  }
}

const PLACEHOLDERS: Record<string, string> = {
  config: "FILE",
  "log-dir": "DIR",
  protocol: "tls",
  sni: "example.com",
  "inner-sni": "wiki.example",
  alpn: "h2",
  field: "path=/api",
  source: "192.0.2.1",
  "public-name": "edge.example",
  name: "wiki.example",
  kem: "x25519",
  "config-id": "7",
  "max-name-length": "32",
  out: "DIR",
  port: "8443",
  resolver: "https://dns.example/dns-query",
  service: "edge",
  ttl: "5m",
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

/** The command, and the words behind it. */
function commandName([word, ...rest]: readonly string[]): { name: CommandName; rest: string[] } {
  if (word === undefined) return { name: "serve", rest };
  if (Object.hasOwn(COMMANDS, word)) return { name: word as CommandName, rest };
  if (word === ECH) {
    const [action, ...others] = rest;
    const name = `${ECH} ${action}`;
    if (Object.hasOwn(COMMANDS, name)) return { name: name as CommandName, rest: others };
    const known = Object.keys(COMMANDS).flatMap((name) => name.split(" ")[1] ?? []);
    throw new UsageError(
      action === undefined
        ? `"${ECH}" needs one of ${known.join(", ")} behind it`
        : `Unknown command "${name}"${didYouMean(action, known)}`,
    );
  }
  // `rpxy-l4 config.toml` is what a person types who knows other proxies.
  if (word.endsWith(".toml")) {
    throw new UsageError(`Unknown command "${word}": did you mean "--config ${word}"?`);
  }
  const known = new Set(Object.keys(COMMANDS).map((name) => name.split(" ")[0] ?? name));
  throw new UsageError(`Unknown command "${word}"${didYouMean(word, [...known])}`);
}

/** The first word of several commands. */
const ECH = "ech";

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
  const innerSni = text(values["inner-sni"]);
  return {
    protocol: text(protocol) ?? "tls",
    sni: text(sni),
    ...(innerSni !== null && { innerSni }),
    alpn: Array.isArray(alpn) ? alpn.flatMap((name: string) => name.split(",")) : [],
    fields: Array.isArray(field) ? field.map(nameAndValue) : [],
    source: text(source),
  };
}

/** Options of `explain` that tell of a flow. */
const FLOW_OPTIONS = ["protocol", "sni", "inner-sni", "alpn", "field", "source"] as const;

function nameAndValue(option: string): readonly [string, string] {
  const [name = "", ...value] = option.split("=");
  if (value.length > 0) return [name, value.join("=")];
  throw new UsageError(`Option "--field" needs a name and a value, as in "--field path=/api"`);
}

function text(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
