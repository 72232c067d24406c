/**
 * Where an `ech` table has its keys from, as the file says it.
 *
 * @module
 */

import { parse } from "smol-toml";

/** The keys that stand for themselves, by their files, and the rest. */
export interface KeySources {
  /** Paths as the file has them, in its order. */
  readonly files: readonly string[];
  /** Whether there is an `ech_config_list`. */
  readonly hasList: boolean;
}

/**
 * Reads the table of one service.
 *
 * @param text of a configuration that is valid
 */
export function keySourcesOf(text: string, service: string): KeySources {
  const { protocols, protocol } = parse(text);
  const { ech } = asTable(asTable(protocols ?? protocol)[service]);
  const { key_files: files, ech_config_list: list } = asTable(ech);
  return {
    files: (Array.isArray(files) ? files : []).map((file) => {
      const path = typeof file === "string" ? file : asTable(file).path;
      return typeof path === "string" ? path : "";
    }),
    hasList: list !== undefined,
  };
}

function asTable(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? value as Record<string, unknown> : {};
}
