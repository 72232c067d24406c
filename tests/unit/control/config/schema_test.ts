import assert from "node:assert/strict";
import { ECH_KEY_NAMES } from "../../../../src/control/config/ech/schema.ts";
import {
  configJsonSchema,
  PROTOCOL_KEYS,
  TOP_LEVEL_KEYS,
} from "../../../../src/control/config/schema.ts";

/** The part of JSON Schema that is looked at here. */
interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly required?: readonly string[];
  readonly default?: unknown;
  readonly description?: string;
  readonly enum?: readonly string[];
}

const SCHEMA = configJsonSchema() as Schema;

Deno.test("configJsonSchema() has every key, its description and no other key", () => {
  const { protocols, protocol, ...top } = SCHEMA.properties ?? {};
  assert.deepEqual(Object.keys(top), Object.keys(TOP_LEVEL_KEYS));
  assert.equal(SCHEMA.additionalProperties, false);
  assert.deepEqual(protocols, protocol);
  const entry = protocols?.additionalProperties;
  assert.ok(typeof entry === "object");
  assert.deepEqual(Object.keys(entry.properties ?? {}), Object.keys(PROTOCOL_KEYS));
  assert.equal(entry.additionalProperties, false);
  assert.deepEqual(entry.required, ["protocol", "target"]);
  const ech = entry.properties?.["ech"]?.properties;
  assert.deepEqual(Object.keys(ech ?? {}), ECH_KEY_NAMES);
  const all = { ...top, ...entry.properties, ...ech };
  for (const [key, { description }] of Object.entries(all)) {
    assert.match(description ?? "", /\.$/, key);
  }
});

Deno.test("configJsonSchema() tells defaults and choices as a file writes them", () => {
  const { properties = {} } = SCHEMA;
  assert.deepEqual(SCHEMA.required, ["listen_port"]);
  assert.equal(properties["tcp_idle_timeout"]?.default, "24h");
  assert.equal(properties["udp_idle_lifetime"]?.default, 30);
  assert.equal(properties["tcp_max_connections"]?.default, 1024);
  assert.deepEqual(properties["unmatched"]?.enum, ["target", "drop"]);
});
