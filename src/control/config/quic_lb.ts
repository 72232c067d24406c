// deno-lint-ignore-file camelcase -- keys are named as in the file
/**
 * The `quic_lb` tables of a service: how its servers write their IDs into QUIC connection IDs.
 *
 * @module
 */

import { z } from "zod";
import type { QuicLbConfig, Target } from "../../model/snapshot.ts";
import { UNROUTABLE } from "../../proto/quic/routable_id.ts";
import type { ProtocolDraft } from "./draft.ts";
import { parseTarget } from "./endpoint.ts";
import type { Findings } from "./findings.ts";
import { quote, ValueError } from "./value_error.ts";
import { expected, integer, reading, tables, text } from "./value_schema.ts";

/** Bounds of draft-ietf-quic-load-balancers §5.2: a connection ID has 20 bytes, the first of which is not theirs. */
const MAX_SERVER_ID = 15;
const MIN_NONCE = 4;
const MAX_NONCE = 18;
const MAX_TOGETHER = 19;

const KEYS = {
  config_rotation: integer(0, UNROUTABLE - 1).meta({
    description: "First three bits of the connection IDs that are written like this.",
  }),
  server_id_length: integer(1, MAX_SERVER_ID).meta({ description: "Bytes of a server ID." }),
  nonce_length: integer(MIN_NONCE, MAX_NONCE).meta({ description: "Bytes of a nonce." }),
  // The value is not repeated in any message.
  key: reading(z.string({ error: () => "must be a string" }), parseKey).optional().meta({
    description: "AES-128 key, 32 hexadecimal digits; left out where IDs are not encrypted.",
  }),
  servers: z.record(z.string(), reading(text, parseTarget), { error: expected("a table") }).meta({
    description: "Backends by server ID, in hexadecimal digits.",
  }),
};

/** Names of the keys of such a table, for suggestions. */
export const QUIC_LB_KEY_NAMES: readonly string[] = Object.keys(KEYS);

/** Schema of `quic_lb`. */
export const quicLb = tables(
  reading(z.strictObject(KEYS, { error: expected("a table") }), toConfig),
  "[[protocols.NAME.quic_lb]]",
);

/** Adds to `findings` what is wrong between the `quic_lb` tables of all services, and with their targets. */
export function checkQuicLb(protocols: readonly ProtocolDraft[], findings: Findings): void {
  const owners = new Map<number, string>();
  for (const { name, path, given, values } of protocols) {
    if (!given.has("quic_lb")) continue;
    const { protocol, target, quic_lb: configs } = values;
    if (protocol !== undefined && protocol !== "quic") {
      findings.error([...path, "quic_lb"], `"quic_lb" is for quic, not for ${protocol}`, {
        at: "key",
        hint: "Remove the key",
      });
    }
    for (const [index, { configRotation, servers }] of (configs ?? []).entries()) {
      const owner = owners.get(configRotation);
      if (owner !== undefined) {
        findings.error(
          [...path, "quic_lb", index, "config_rotation"],
          `${quote(owner)} has the connection IDs with config_rotation ${configRotation} already`,
          { hint: "Give each table another one from 0 to 6, here and at the servers" },
        );
      }
      owners.set(configRotation, owner ?? name);
      if (target === undefined) continue;
      for (const [id, { label }] of servers) {
        if (target.some((known) => known.label === label)) continue;
        findings.error(
          [...path, "quic_lb", index, "servers"],
          `Server ID ${id} leads to ${quote(label)}, which is no target of the service`,
          { hint: `Add it to "target"` },
        );
      }
    }
  }
}

/** The same with targets that are those of the service. */
export function frozenQuicLb(
  configs: readonly QuicLbConfig[],
  targets: readonly Target[],
): readonly QuicLbConfig[] {
  return Object.freeze(configs.map((config) => {
    const servers = new Map<string, Target>();
    for (const [id, { label }] of config.servers) {
      const target = targets.find((target) => target.label === label);
      if (target !== undefined) servers.set(id, target);
    }
    return Object.freeze({ ...config, servers });
  }));
}

interface Table {
  readonly config_rotation: number;
  readonly server_id_length: number;
  readonly nonce_length: number;
  readonly key?: string | undefined;
  readonly servers: Readonly<Record<string, Target>>;
}

function toConfig(table: Table): QuicLbConfig {
  const { config_rotation, server_id_length, nonce_length, key } = table;
  if (server_id_length + nonce_length > MAX_TOGETHER) {
    throw new ValueError(
      `Server ID and nonce have ${server_id_length + nonce_length} bytes together`,
      `They may have at most ${MAX_TOGETHER}: a connection ID has 20, and the first is not theirs`,
      "nonce_length",
    );
  }
  const servers = new Map<string, Target>();
  for (const [text, target] of Object.entries(table.servers)) {
    const id = text.toLowerCase();
    if (!/^[0-9a-f]*$/.test(id) || id.length !== 2 * server_id_length) {
      throw new ValueError(
        `${quote(text)} is not a server ID of ${server_id_length} bytes`,
        `Write ${2 * server_id_length} hexadecimal digits`,
        "servers",
      );
    }
    if (servers.has(id)) {
      throw new ValueError(`Server ID ${id} is there twice`, "Remove one of the two", "servers");
    }
    servers.set(id, target);
  }
  if (servers.size === 0) throw new ValueError('"servers" must not be empty', null, "servers");
  return {
    configRotation: config_rotation,
    serverIdLength: server_id_length,
    nonceLength: nonce_length,
    key: key ?? null,
    servers,
  };
}

/** @throws {ValueError} when it is not 16 bytes in hexadecimal digits */
function parseKey(text: string): string {
  if (/^[0-9a-f]{32}$/i.test(text)) return text.toLowerCase();
  throw new ValueError(
    "This is not a key: 32 hexadecimal digits",
    "Make one with `openssl rand -hex 16`, and give it to the servers",
  );
}
