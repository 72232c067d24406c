/**
 * What is to be done with a new key, as text that can be pasted.
 *
 * @module
 */

import { dirname, relative, resolve } from "node:path";
import { formatTable } from "../../control/config/text_table.ts";
import { formRows, type RecordToPublish, zoneLine } from "./https_record.ts";
import { keyFileName, type StoredKey } from "./new_key.ts";

/** A heading, behind a `#` as in all files that these lines may go to, and what stands below it. */
export function section(heading: readonly string[], lines: readonly string[]): string {
  return [...heading.map((line) => `# ${line}`), ...lines, ""].join("\n");
}

/** Where the key is, or the key itself, and what is odd about it. */
export function keySection(stored: StoredKey): string {
  const { publicName } = stored.key;
  if (publicName.includes(".")) return fileSection(stored);
  return [
    section([
      `The public name "${publicName}" has no dot: some clients, such as Go's, will not use this key`,
    ], []),
    fileSection(stored),
  ].join("\n");
}

function fileSection({ key, path }: StoredKey): string {
  return path === null
    ? section(
      [`Key file: save these lines as "${keyFileName(key.configId)}", readable by its owner alone`],
      key.pem.trimEnd().split("\n"),
    )
    : section([`Key file: "${path}", readable by its owner alone`], []);
}

/**
 * The path of a key file as a configuration has it.
 *
 * @param config path of the configuration; null where it is not known: the path is then right anywhere
 */
export function pathInConfig({ key, path }: StoredKey, config: string | null): string {
  if (path === null) return keyFileName(key.configId);
  const below = config === null ? ".." : relative(dirname(resolve(config)), resolve(path));
  return below.startsWith("..") ? resolve(path) : below;
}

/** The list of configurations as other programs take it. */
export function listSection({ key }: StoredKey): string {
  return section(["ECHConfigList in base64"], [key.configList.toBase64()]);
}

/** Records for DNS, in the form of a zone file and for the first also in that of a form. */
export function recordSections(records: readonly RecordToPublish[]): string {
  const [first] = records;
  return [
    section([
      "DNS, as in a zone file. alpn: what the private site speaks besides http/1.1; h3 only where",
      "a service for quic has the same ech table",
    ], records.map(zoneLine)),
    ...(first === undefined ? [] : [
      section(
        ['The same in a form such as Cloudflare\'s, with its proxy off ("DNS only")'],
        formatTable(formRows(first)),
      ),
    ]),
  ].join("\n");
}

/** A text as TOML has it. */
export function tomlString(text: string): string {
  return JSON.stringify(text);
}
