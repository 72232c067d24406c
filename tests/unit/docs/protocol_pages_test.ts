/**
 * The documentation has a page for each protocol, and each page what a reader looks for.
 *
 * @module
 */

import assert from "node:assert/strict";
import { MATCH_KEYS, takesKey } from "../../../src/control/config/match_keys.ts";
import { parseConfig } from "../../../src/control/config/parse.ts";
import type { Protocol } from "../../../src/model/protocol.ts";
import {
  PROTOCOLS,
  specsOf,
  TCP_SPECS,
  transportsOf,
  UDP_SPECS,
} from "../../../src/proto/registry.ts";

const PAGES = new URL("../../../docs/protocols/", import.meta.url);

const HEADINGS = ["What is matched", "Source", "Match fields", "What can fool it", "Example"];

for (const protocol of PROTOCOLS) {
  Deno.test(`docs/protocols/${protocol}.md has all that a page has, and an example that works`, () => {
    const page = Deno.readTextFileSync(new URL(`${protocol}.md`, PAGES));
    assert.match(page, new RegExp(`^# \`${protocol}\`\n`));
    assert.deepEqual([...page.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading), HEADINGS);
    const summary = page.slice(0, page.indexOf("\n## "));
    for (const transport of transportsOf(protocol)) {
      assert(summary.includes(transport.toUpperCase()), transport);
    }
    for (const { certainty } of specsOf(protocol)) assert(summary.includes(certainty), certainty);
    for (const key of MATCH_KEYS) {
      if (key !== "sources" && takesKey(protocol, key)) assert(page.includes(`\`${key}\``), key);
    }
    const example = /## Example\n[^]*?```toml\n([^]*?)```/.exec(page)?.[1] ?? "";
    const { warnings } = parseConfig(`listen_port = 1\n${example}`, "example.toml");
    assert.deepEqual(warnings, []);
    assert(example.includes(`protocol = "${protocol}"`));
  });
}

Deno.test("docs/protocols has no page of a protocol that is not there", () => {
  const pages = [...Deno.readDirSync(PAGES)].map(({ name }) => name.replace(/\.md$/, ""));
  assert.deepEqual(pages.filter((name) => name !== "README").sort(), [...PROTOCOLS]);
});

Deno.test("docs/protocols/README.md has all protocols in its table, in order, as they are", () => {
  const index = Deno.readTextFileSync(new URL("README.md", PAGES));
  const rows = [...index.matchAll(/^\| \[`.*$/gm)].map(([row]) => row.replace(/ +/g, " "));
  assert.deepEqual(rows, PROTOCOLS.map(indexRow));
});

Deno.test("README.md names all protocols, and its services can be used", () => {
  const text = Deno.readTextFileSync(new URL("../../README.md", PAGES));
  const start = text.indexOf("### Protocols");
  const section = text.slice(start, text.indexOf("What other proxies tell", start));
  const named = [...section.matchAll(/`([a-z0-9_]+)`/g)].map(([, name]) => name);
  assert.deepEqual(named.filter((name) => name !== "protocol").sort(), [...PROTOCOLS]);
  for (const [, example = ""] of text.matchAll(/```toml\n([^]*?)```/g)) {
    const whole = example.includes("listen_port") ? example : `listen_port = 1\n${example}`;
    assert.deepEqual(parseConfig(whole, "README.md").warnings, []);
  }
});

function indexRow(protocol: Protocol): string {
  const keys = MATCH_KEYS.filter((key) =>
    key !== "sources" && key !== "alpns" && takesKey(protocol, key)
  );
  const bounds = [
    ...TCP_SPECS.filter(({ name }) => name === protocol).map(({ bound }) =>
      `${bound.toLocaleString("en")} bytes`
    ),
    ...UDP_SPECS.filter(({ name }) => name === protocol).map(({ bound }) =>
      bound === 1 ? "1 datagram" : `${bound} datagrams`
    ),
  ];
  const cells = [
    `[\`${protocol}\`](${protocol}.md)`,
    transportsOf(protocol).join(", ").toUpperCase(),
    [...new Set(specsOf(protocol).map(({ certainty }) => certainty))].join(", "),
    keys.map((key) => `\`${key}\``).join(" "),
    bounds.join(", "),
  ];
  return `| ${cells.join(" | ")} |`.replace(/ +/g, " ");
}
