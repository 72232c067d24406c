/**
 * Where each key and value of a TOML text stands.
 *
 * @module
 */

import { type AST, parseTOML } from "toml-eslint-parser";
import type { KeyPath } from "./key_path.ts";

/** A place in a text. Lines and columns count from 1, columns in UTF-16 code units. */
export interface Position {
  readonly line: number;
  readonly column: number;
  /** Columns to the end of what is meant, or of its first line; at least 1. */
  readonly length: number;
}

const START: Position = { line: 1, column: 1, length: 1 };

/** An index of a text, built only once something is wrong with it. */
export class PositionIndex {
  readonly #keys = new Map<string, Position>();
  readonly #values = new Map<string, Position>();

  constructor(text: string) {
    let program: AST.TOMLProgram;
    try {
      program = parseTOML(text, { tomlVersion: "latest" });
    } catch {
      // The two parsers differ on a few odd texts; issues without a place are better than none.
      return;
    }
    this.#addTable(program.body[0], []);
  }

  /** Where a key is written; of one that is missing, the table that it would stand in. */
  key(path: KeyPath): Position {
    return this.#find([this.#keys, this.#values], path);
  }

  /** Where a value is written; of one that is missing, the table that it would stand in. */
  value(path: KeyPath): Position {
    return this.#find([this.#values, this.#keys], path);
  }

  #find(maps: readonly ReadonlyMap<string, Position>[], path: KeyPath): Position {
    for (let end = path.length; end > 0; end--) {
      const id = identity(path.slice(0, end));
      for (const map of maps) {
        const position = map.get(id);
        if (position !== undefined) return position;
      }
    }
    return START;
  }

  #addTable(table: AST.TOMLTopLevelTable, path: KeyPath): void {
    for (const node of table.body) {
      if (node.type === "TOMLKeyValue") {
        this.#addKeyValue(node, path);
        continue;
      }
      this.#addKeys(node.key.keys, []);
      for (const pair of node.body) this.#addKeyValue(pair, node.resolvedKey);
    }
  }

  #addKeyValue(pair: AST.TOMLKeyValue, parent: KeyPath): void {
    this.#addValue(pair.value, this.#addKeys(pair.key.keys, parent));
  }

  /** A key counts where it is first written: `[a.b]` names `a` as well. */
  #addKeys(keys: readonly (AST.TOMLBare | AST.TOMLQuoted)[], parent: KeyPath): KeyPath {
    let path = parent;
    for (const key of keys) {
      path = [...path, key.type === "TOMLBare" ? key.name : key.value];
      const id = identity(path);
      if (!this.#keys.has(id)) this.#keys.set(id, positionOf(key.loc));
    }
    return path;
  }

  #addValue(value: AST.TOMLContentNode, path: KeyPath): void {
    this.#values.set(identity(path), positionOf(value.loc));
    if (value.type === "TOMLArray") {
      for (const [index, element] of value.elements.entries()) {
        this.#addValue(element, [...path, index]);
      }
    } else if (value.type === "TOMLInlineTable") {
      for (const pair of value.body) this.#addKeyValue(pair, path);
    }
  }
}

function identity(path: KeyPath): string {
  return JSON.stringify(path);
}

function positionOf({ start, end }: AST.SourceLocation): Position {
  const length = start.line === end.line ? Math.max(1, end.column - start.column) : 1;
  return { line: start.line, column: start.column + 1, length };
}
