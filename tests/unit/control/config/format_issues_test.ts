import assert from "node:assert/strict";
import { concealKeys } from "../../../../src/control/config/conceal.ts";
import { type ConfigIssue, formatIssues } from "../../../../src/control/config/parse.ts";

const ISSUE: ConfigIssue = {
  severity: "error",
  file: "config.toml",
  line: 2,
  column: 7,
  length: 3,
  key: "key",
  message: "This is wrong",
  hint: "Do it right",
};

const PLAIN = { colour: false };

Deno.test("formatIssues() shows the place, the source line, a caret and the hint", () => {
  assert.equal(
    formatIssues([ISSUE], "first\nkey = 123\n", PLAIN),
    `config.toml:2:7: error: This is wrong
2 | key = 123
  |       ^^^
  hint: Do it right
`,
  );
});

Deno.test("formatIssues() leaves out a hint that is not there, and parts issues by an empty line", () => {
  const issues = [{ ...ISSUE, hint: null }, { ...ISSUE, severity: "warning", hint: null }] as const;
  assert.equal(
    formatIssues(issues, "first\r\nkey = 123\r\n", PLAIN),
    `config.toml:2:7: error: This is wrong
2 | key = 123
  |       ^^^

config.toml:2:7: warning: This is wrong
2 | key = 123
  |       ^^^
`,
  );
});

Deno.test("formatIssues() keeps tabs before the caret and takes other control characters out", () => {
  const text = "\n\tk\x1b = 123\n";
  assert.deepEqual(formatIssues([ISSUE], text, PLAIN).split("\n").slice(1, 3), [
    "2 | \tk\ufffd = 123",
    "  | \t     ^^^",
  ]);
});

Deno.test("formatIssues() takes out what reorders text or parts lines", () => {
  const [, source] = formatIssues([ISSUE], "\nk\u202e = \u2028\u009b1\n", PLAIN).split("\n");
  assert.equal(source, "2 | k\ufffd = \ufffd\ufffd1");
});

Deno.test("formatIssues() cuts long lines around the caret", () => {
  const text = `\n${"a".repeat(500)}xyz${"b".repeat(500)}`;
  const [, source = "", carets = ""] = formatIssues([{ ...ISSUE, column: 501 }], text, PLAIN)
    .split("\n");
  assert.equal(source.length, 4 + 1 + 100 + 1);
  assert.equal(source.slice(carets.indexOf("^"), carets.lastIndexOf("^") + 1), "xyz");
});

Deno.test("formatIssues() shows an issue at a line that is not there", () => {
  const [, source] = formatIssues([ISSUE], "", PLAIN).split("\n");
  assert.equal(source, "2 | ");
});

Deno.test("formatIssues() colours when asked to, and is the same text without", () => {
  const text = "first\nkey = 123\n";
  const coloured = formatIssues([ISSUE], text, { colour: true });
  assert.ok(coloured.includes("\x1b[31;1merror:\x1b[0m"));
  // deno-lint-ignore no-control-regex -- the escape codes of colours
  assert.equal(coloured.replace(/\x1b\[[0-9;]*m/g, ""), formatIssues([ISSUE], text, PLAIN));
});

const KEY = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVoxMjM0NTY=";
const SHORT = "c2VjcmV0";

for (
  const text of [
    `private_keys = ["${KEY}"]`,
    `private_keys = [\n  "${SHORT}",\n  "${SHORT}", # ${SHORT}\n  ${SHORT}=\n]`,
    `private_keys = ["${SHORT}`,
    `private_keys = ${SHORT}`,
    `private_key = "${SHORT}"`,
    `"Private-Keys" = ["${KEY}"]`,
    `ech = { ech_config_list = "AAAA", private_keys = ["${SHORT}"] }`,
    `server_names = ["${KEY}"]`,
    `x = "${KEY.slice(0, -1)}"`,
  ]
) {
  Deno.test(`concealKeys() takes the key out of ${JSON.stringify(text)}`, () => {
    const concealed = concealKeys(text);
    assert.equal(
      concealed.includes(SHORT) || concealed.includes(KEY.slice(0, 20)),
      false,
      concealed,
    );
    assert.deepEqual(
      concealed.split("\n").map((line) => line.length),
      text.split("\n").map((line) => line.length),
    );
  });
}

Deno.test("concealKeys() leaves everything else alone", () => {
  const text = `listen_port = 8448
tcp_target = ["a-very-long-name-of-a-backend-service-in-some-cluster.example:443"]
private_keys = ["${SHORT}"]
[protocols.privkey]
private_server_names = ["private.example"]
`;
  assert.equal(concealKeys(text), text.replace(SHORT, "*".repeat(SHORT.length)));
});
