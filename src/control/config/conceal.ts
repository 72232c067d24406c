/**
 * Takes secrets out of the text of a configuration before any of it is shown.
 *
 * @module
 */

import { maskSecrets } from "./value_error.ts";

/**
 * What begins a secret: `private_keys`, and what it may become in a typing error; `key`; a PEM file in the place of its
 * path.
 */
const SECRET_KEY = /priv\w{0,32}key|private key|\bkey(?=["']?\s*[=:].{8})/i;

/** A line that begins a table or another key, and so ends the value before it. */
const NEW_KEY = /^\s*(?:\[+\s*["'\w]|(?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*[\w"'-]+)*\s*=\s*[^\s=])/;

/**
 * The text with all that may be a key in stars, each line as long as before. It works on the text alone, because it
 * must hold for files that are not even TOML: what belongs to a `private_keys` or a `key`, and what looks like a key anywhere.
 */
export function concealKeys(text: string): string {
  let secret = false;
  return text.split("\n").map((line) => {
    if (NEW_KEY.test(line)) secret = false;
    const key = SECRET_KEY.exec(line);
    if (key !== null) {
      secret = true;
      const end = key.index + key[0].length;
      return maskSecrets(line.slice(0, end)) + stars(line.slice(end));
    }
    return secret ? stars(line) : maskSecrets(line);
  }).join("\n");
}

/**
 * Whether a line may have names that Encrypted Client Hello hides: it is about an `ech` table, or nobody can tell.
 *
 * @param key path of the key that the line is shown for; empty where the text is not TOML
 */
export function mayTellInnerName(key: string, line: string, text: string): boolean {
  return /\.ech(?:[.[]|$)/.test(key) || ECH_WORD.test(line) || (key === "" && ECH_WORD.test(text));
}

/** `ech`, `private_server_names`, `private`, and what is near. */
const ECH_WORD = /\bech\b|\bpriv/i;

/** Stars for every character of base64; the quotes and brackets that an error may be about stay. */
function stars(text: string): string {
  // A name of one or two more letters (the rest of "private_keys") and the equals sign are not part of the value.
  const [head = ""] = /^\w{0,2}["']?\s*=/.exec(text) ?? [];
  return head + text.slice(head.length).replace(/[A-Za-z0-9+/=_-]/g, "*");
}
