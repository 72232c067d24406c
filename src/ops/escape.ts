/**
 * Text from outside in log lines. Server names and ALPN names are what any client likes to send: whatever they hold,
 * a line stays one line of printable ASCII, and each value can be read back.
 *
 * @module
 */

/** Printable ASCII but space, `"`, `=` and `\`. */
const BARE = /^[!#-<>-[\]-~]+$/;

/** The same without the comma. */
const BARE_ELEMENT = /^[!#-+\--<>-[\]-~]+$/;

/** All but printable ASCII without `"` and `\`. */
const UNSAFE = /[^ !#-[\]-~]/g;

/** Writes the value of a `key=value` pair: as it is, or in quotes with `\"`, `\\`, `\xHH` and `\uHHHH`. */
export function formatValue(value: string): string {
  return BARE.test(value) ? value : `"${escapeText(value)}"`;
}

/**
 * Writes a list, which is not empty, as one value with commas between the elements; a comma in an element is `\x2c`.
 * So a reader splits at the commas first, and then takes the escapes of each element back.
 */
export function formatList(values: readonly string[]): string {
  return values.every((value) => BARE_ELEMENT.test(value))
    ? values.join(",")
    : `"${values.map((value) => escapeText(value).replaceAll(",", "\\x2c")).join(",")}"`;
}

/** Writes text without anything that could end a line, steer a terminal or close a quote. */
function escapeText(text: string): string {
  return text.replace(UNSAFE, escapeCharacter);
}

/** Writes a sentence for people: quotes, backslashes and printable Unicode stay as they are. */
export function escapeMessage(message: string): string {
  return message.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, escapeCharacters);
}

/** Writes a JSON string of printable ASCII. */
export function formatJsonString(text: string): string {
  return BARE.test(text)
    ? `"${text}"`
    : JSON.stringify(text).replace(/[^ -~]/g, (character) => "\\u" + hex(character, 4));
}

function escapeCharacters(text: string): string {
  let escaped = "";
  // A character beyond the Basic Multilingual Plane is two code units, each written for itself.
  for (let index = 0; index < text.length; index++) escaped += escapeCharacter(text.charAt(index));
  return escaped;
}

function escapeCharacter(character: string): string {
  if (character === '"' || character === "\\") return "\\" + character;
  return character.charCodeAt(0) < 0x100 ? "\\x" + hex(character, 2) : "\\u" + hex(character, 4);
}

function hex(character: string, digits: number): string {
  return character.charCodeAt(0).toString(16).padStart(digits, "0");
}
