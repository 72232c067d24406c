/**
 * HTTPS records as people publish them (RFC 9460 §2.1, RFC 9848).
 *
 * @module
 */

/** What a record says. */
export interface RecordToPublish {
  /** The private name. */
  readonly name: string;
  readonly port: number;
  /** Beside http/1.1, which needs no word. */
  readonly alpn: readonly string[];
  readonly configList: Uint8Array;
}

/** Seconds for which clients keep it. Short, because for as long an old key must be kept, too. */
export const RECORD_TTL = 300;

/** The port whose record has the name itself. */
const HTTPS_PORT = 443;

/** Name of the record for a name and port (RFC 9460 §2.3). */
export function recordName(name: string, port: number): string {
  return port === HTTPS_PORT ? name : `_${port}._https.${name}`;
}

/** The record as a line of a zone file. */
export function zoneLine(record: RecordToPublish): string {
  const { owner, target, value } = recordFields(record);
  return `${owner}. ${RECORD_TTL} IN HTTPS 1 ${target} ${value}`;
}

/** The record as rows of a form, such as Cloudflare's. */
export function formRows(record: RecordToPublish): (readonly [field: string, value: string])[] {
  const { owner, target, value } = recordFields(record);
  return [
    ["Type", "HTTPS"],
    ["Name", owner],
    ["Priority", "1"],
    ["Target", target],
    ["TTL", `${RECORD_TTL / 60} min`],
    ["Value", value],
  ];
}

function recordFields({ name, port, alpn, configList }: RecordToPublish) {
  return {
    owner: recordName(name, port),
    // "." would be the name with the port in front, which has no address.
    target: port === HTTPS_PORT ? "." : `${name}.`,
    value: `alpn="${alpn.join(",")}" ech="${configList.toBase64()}"`,
  };
}
