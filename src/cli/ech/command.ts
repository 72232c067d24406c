/**
 * The commands for Encrypted Client Hello: what may be said, and what was meant by what was said.
 *
 * @module
 */

import { ValueError } from "../../control/config/value_error.ts";
import { parseDuration } from "../../control/config/duration.ts";
import { isPublicName } from "../../proto/ech/config.ts";
import { canonicalHostName } from "../../proto/host_name.ts";
import { HPKE_KEMS } from "../../proto/hpke/suites.ts";
import type { EchKem } from "../../model/ech.ts";
import { UsageError } from "../usage_error.ts";

/** One of the commands. What is null was not said. */
export type EchCommand =
  | EchGenerate
  | { readonly action: "show"; readonly source: string }
  | EchCheck
  | EchRotate;

/** What a new key is to be, and where it goes. */
export interface NewKeyOptions {
  readonly kem: EchKem | null;
  /** 0–255. */
  readonly configId: number | null;
  /** 0–255. */
  readonly maximumNameLength: number | null;
  /** Directory for the key file; null: it is printed. */
  readonly out: string | null;
}

/** `ech generate`. */
export interface EchGenerate extends NewKeyOptions {
  readonly action: "generate";
  readonly publicName: string;
  /** Private names, for the records to print. */
  readonly names: readonly string[];
  /** What the private sites speak, for the same. */
  readonly alpn: readonly string[];
  readonly port: number | null;
  /** A configuration whose keys must not have the same config_id. */
  readonly config: string | null;
}

/** `ech check`. */
export interface EchCheck {
  readonly action: "check";
  readonly config: string | null;
  readonly resolver: string | null;
  readonly publicOnly: boolean;
  /** The port that clients come to, where it is not the one that is listened on. */
  readonly port: number | null;
}

/** `ech rotate`. */
export interface EchRotate extends NewKeyOptions {
  readonly action: "rotate";
  readonly config: string | null;
  readonly service: string | null;
  readonly publicName: string | null;
  readonly port: number | null;
  /** Seconds. */
  readonly ttl: number | null;
  /** Who is asked for it, where it is not said. */
  readonly resolver: string | null;
}

/** Values of options, as the command line has them. */
export type EchValues = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

/**
 * Makes a command of its words.
 *
 * @throws {UsageError}
 */
export function readEchCommand(
  name: "ech generate" | "ech show" | "ech check" | "ech rotate",
  argument: string | null,
  values: EchValues,
): EchCommand {
  const config = text(values, "config");
  const port = integer(values, "port", 1, 65_535);
  const resolver = text(values, "resolver");
  const publicName = readPublicName(values);
  switch (name) {
    case "ech generate":
      if (publicName === null) {
        throw new UsageError(
          `"ech generate" needs "--public-name NAME": what the wire shows in place of private names`,
        );
      }
      return {
        action: "generate",
        publicName,
        names: list(values, "name").map(hostName),
        alpn: list(values, "alpn").flatMap((names) => names.split(",")).map(alpnName),
        port,
        config,
        ...newKeyOptions(values),
      };
    case "ech show":
      if (argument !== null) return { action: "show", source: argument };
      throw new UsageError(
        `"ech show" needs a file, an ECHConfigList in base64, or "-" for standard input`,
      );
    case "ech check":
      return {
        action: "check",
        config,
        port,
        resolver,
        publicOnly: values["public-only"] === true,
      };
    case "ech rotate":
      return {
        action: "rotate",
        config,
        service: text(values, "service"),
        publicName,
        port,
        ttl: readTtl(values),
        resolver,
        ...newKeyOptions(values),
      };
  }
}

function newKeyOptions(values: EchValues): NewKeyOptions {
  return {
    kem: readKem(values),
    configId: integer(values, "config-id", 0, 255),
    maximumNameLength: integer(values, "max-name-length", 0, 255),
    out: text(values, "out"),
  };
}

function text(values: EchValues, option: string): string | null {
  const value = values[option];
  return typeof value === "string" ? value : null;
}

function list(values: EchValues, option: string): readonly string[] {
  const value = values[option];
  return Array.isArray(value) ? value : [];
}

function integer(values: EchValues, option: string, least: number, most: number): number | null {
  const value = text(values, option);
  if (value === null) return null;
  const number = /^[0-9]{1,5}$/.test(value) ? Number(value) : -1;
  if (number >= least && number <= most) return number;
  throw new UsageError(`Option "--${option}" takes a number from ${least} to ${most}`);
}

function readKem(values: EchValues): EchKem | null {
  const value = text(values, "kem");
  if (value === null) return null;
  const kem = Object.values(HPKE_KEMS).find(({ name }) => name === value.toLowerCase());
  if (kem !== undefined) return kem.name;
  const known = Object.keys(HPKE_KEMS).join(" or ");
  throw new UsageError(`Option "--kem" takes ${known}, not "${value}"`);
}

function readPublicName(values: EchValues): string | null {
  const value = text(values, "public-name");
  if (value === null) return null;
  const name = canonicalHostName(value);
  if (name !== null && isPublicName(name)) return name;
  throw new UsageError(
    `"${value}" cannot be a public name: clients take labels of letters, digits and hyphens ` +
      "that are no IP address",
  );
}

function hostName(value: string): string {
  const name = canonicalHostName(value);
  if (name !== null) return name;
  throw new UsageError(`"${value}" is not the name of a host`);
}

/** A name that can stand in a record without escapes. */
function alpnName(value: string): string {
  if (/^[\w./+-]{1,255}$/.test(value)) return value;
  throw new UsageError(`"${value}" is not the name of an application protocol, such as h2`);
}

function readTtl(values: EchValues): number | null {
  const value = text(values, "ttl");
  if (value === null) return null;
  try {
    return Math.ceil(parseDuration(/^[0-9]+$/.test(value) ? `${value}s` : value) / 1000);
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    throw new UsageError(`Option "--ttl": ${error.message}`);
  }
}
