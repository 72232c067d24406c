/**
 * The ECH key that proxies of ours have where a load has ECH.
 *
 * @module
 */

import { encodeEchConfigList } from "../../../src/proto/ech/config.ts";
import { echKey } from "../../../tests/support/ech_client.ts";
import { SERVER_NAME } from "./proxy.ts";

const KEY = echKey({ configId: 7, publicName: SERVER_NAME });

/** Its config_id. */
export const ECH_CONFIG_ID = 7;

/** A table for a protocol of a configuration, by its path; no inner name leads anywhere. */
export function echTable(path: string, port: number): string {
  const privateKey = KEY.privateKey.toBase64();
  return `[${path}.ech]
ech_config_list = "${encodeEchConfigList([KEY.config]).toBase64()}"
private_keys = ["${privateKey}"]
private_server_names = ["private.example:${port}"]
`;
}
