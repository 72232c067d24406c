// deno-lint-ignore-file camelcase -- keys are named as in the file
/**
 * The keys of a service's `ech` table: their types, their defaults, and how values are read.
 *
 * @module
 */

import { z } from "zod";
import { loadBalance, targets } from "../target_schema.ts";
import { ValueError } from "../value_error.ts";
import {
  choice,
  distinctList,
  expected,
  flag,
  integer,
  list,
  reading,
  tables,
  text,
} from "../value_schema.ts";
import {
  parseBase64,
  parsePrivateKey,
  parsePrivateName,
  parsePrivatePattern,
  parsePrivateTarget,
  unnamed,
} from "./private_value.ts";

/** A text that is not shown in any message, nor is what somebody wrote in its place. */
const secret = z.string({ error: () => "must be a string" });

const path = reading(text, (value) => {
  if (value !== "") return value;
  throw new ValueError("A path is missing", "Name the file as seen from the configuration file");
});

const KEY_FILE = {
  path: path.meta({ description: "Path, relative to the configuration file." }),
  retry: flag.default(true).meta({
    description: "Whether clients that come with an older key are given this one.",
  }),
};

const keyFile = z.union([
  reading(path, (value) => ({ path: value, retry: true })),
  z.strictObject(KEY_FILE, { error: expected("a table") }),
], { error: expected('a path or a table as in { path = "ech.pem", retry = false }') });

const PRIVATE = {
  names: distinctList(
    reading(secret, parsePrivatePattern),
    "server names",
    (name) => [name],
    unnamed,
  )
    .meta({
      description: "Inner server names; *.example.com for one label, .example.com for the name " +
        "and all below it.",
    }),
  target: distinctList(
    reading(secret, parsePrivateTarget),
    "targets",
    ({ label }) => [label],
    unnamed,
  ).meta({ description: "Backends, as host:port." }),
  load_balance: loadBalance.prefault("none").meta({
    description: "How a backend is picked; none takes the first that answers.",
  }),
};

/** Keys of an `ech` table; the first three are rpxy-l4's. */
export const ECH_KEYS = {
  ech_config_list: reading(secret, parseBase64).optional().meta({
    description: "ECHConfigList that clients know, in base64.",
  }),
  private_keys: list(reading(secret, parsePrivateKey), "base64 strings").optional().meta({
    description: "Private keys of that list, 32 bytes each in base64, in any order.",
  }),
  private_server_names: list(reading(secret, parsePrivateName), "server names").optional().meta({
    description: "Inner server names that are let through to the host of that name, as name or " +
      "name:port; listen_port where the port is left out.",
  }),
  private: tables(
    z.strictObject(PRIVATE, {
      error: expected('a table as in { names = ["wiki.example"], target = ["10.0.0.5:443"] }'),
    }),
    "[[protocols.NAME.ech.private]]",
  ).optional().meta({ description: "Inner server names with backends of their own." }),
  key_files: list(keyFile, "paths").optional().meta({
    description: "PEM files with a PRIVATE KEY and its ECHCONFIG each, relative to the " +
      "configuration file.",
  }),
  retry: flag.default(true).meta({
    description: "Whether clients that come with an older key are given those of ech_config_list.",
  }),
  trial_decryption: flag.default(false).meta({
    description: "Whether all keys are tried where none has the config_id of a hello.",
  }),
  retired_config_ids: distinctList(integer(0, 255), "numbers", (id) => [String(id)]).optional()
    .meta({ description: "config_id values of keys that are gone." }),
  on_reject: choice(["target", "retry", "refuse"]).prefault("target").meta({
    description: "What becomes of a hello for a public name that was sealed for a key which is " +
      "gone: target; tls: retry; quic: refuse.",
  }),
  certificate: path.optional().meta({
    description: "tls: PEM file with the certificates for the public names; for retry.",
  }),
  certificate_key: path.optional().meta({
    description: "tls: PEM file with the key of the certificate: ECDSA P-256, or RSA of 2048 " +
      "bits or more.",
  }),
  public_plaintext_target: targets.optional().meta({
    description: "tls: backends for what clients say in a handshake of retry that was not meant " +
      "for it.",
  }),
  log_inner_names: flag.default(false).meta({
    description: "Whether logs may show inner names.",
  }),
};

/** Names of the keys, for suggestions: of the table, and of tables within it by their key. */
export const ECH_KEY_NAMES: readonly string[] = Object.keys(ECH_KEYS);
export const ECH_INNER_KEY_NAMES: ReadonlyMap<string, readonly string[]> = new Map([
  ["private", Object.keys(PRIVATE)],
  ["key_files", Object.keys(KEY_FILE)],
]);

/** Schema of the table as a whole, for editors; it is read key by key. */
export const echTable = z.strictObject(ECH_KEYS, { error: expected("a table") });
