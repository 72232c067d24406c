import assert from "node:assert/strict";
import { type Command, parseCommandLine, UsageError } from "../../../src/cli/args.ts";

Deno.test("parseCommandLine() reads options in every form", () => {
  const serve = (config: string | null, logDir: string | null): Command => ({
    name: "serve",
    config,
    logDir,
  });
  const cases: [string[], Command][] = [
    [[], serve(null, null)],
    [["serve"], serve(null, null)],
    [["--config", "a.toml"], serve("a.toml", null)],
    [["--config=a.toml", "--log-dir=logs"], serve("a.toml", "logs")],
    [["-c", "a.toml", "-l", "logs"], serve("a.toml", "logs")],
    [["-ca.toml"], serve("a.toml", null)],
    [["--config=-odd.toml"], serve("-odd.toml", null)],
    [["check", "-c", "a.toml"], { name: "check", config: "a.toml" }],
    [["-c", "a.toml", "check"], { name: "check", config: "a.toml" }],
    [["permissions", "-l", "x"], { name: "permissions", config: null, logDir: "x" }],
    [["health"], { name: "health", config: null }],
    [["demo"], { name: "demo" }],
    [["explain"], { name: "explain", config: null, flow: null }],
    [["-h"], { name: "help" }],
    [["check", "--help"], { name: "help" }],
    [["-V"], { name: "version" }],
    [["--version"], { name: "version" }],
  ];
  for (const [argv, expected] of cases) {
    assert.deepEqual(parseCommandLine(argv), expected, argv.join(" "));
  }
});

Deno.test("parseCommandLine() reads a flow told in words", () => {
  assert.deepEqual(
    parseCommandLine(["explain", "-c", "a", "--sni", "x.test", "--alpn", "h2", "--alpn=a,b"]),
    {
      name: "explain",
      config: "a",
      flow: { protocol: "tls", sni: "x.test", alpn: ["h2", "a", "b"], fields: [], source: null },
    },
  );
});

Deno.test("parseCommandLine() reads fields with all that stands behind the first equals sign", () => {
  const argv = ["--protocol=http", "--field", "path=/a=b", "--field=host=x", "--source=::1"];
  const command = parseCommandLine(["explain", "-c", "a", ...argv]);
  assert(command.name === "explain");
  assert.deepEqual(command.flow?.fields, [["path", "/a=b"], ["host", "x"]]);
  assert.equal(command.flow.source, "::1");
});

Deno.test("parseCommandLine() says what is wrong and what may have been meant", () => {
  const cases: [string[], string][] = [
    [["--confg", "a"], `Unknown option "--confg": did you mean "--config"?`],
    [["--zzzzzzzz"], `Unknown option "--zzzzzzzz"`],
    [["-x"], `Unknown option "-x"`],
    [["chek"], `Unknown command "chek": did you mean "check"?`],
    [["my.toml"], `Unknown command "my.toml": did you mean "--config my.toml"?`],
    [["frobnicate"], `Unknown command "frobnicate"`],
    [["check", "extra"], `Unexpected argument "extra" after "check"`],
    [
      ["check", "my.toml"],
      `Unexpected argument "my.toml" after "check": did you mean "--config my.toml"?`,
    ],
    [["-c"], `Option "-c" needs a value, as in "--config=FILE"`],
    [["--config", "--log-dir", "x"], `Option "--config" needs a value, as in "--config=FILE"`],
    [["--config="], `Option "--config" needs a value, as in "--config=FILE"`],
    [["--help=yes"], `Option "--help" takes no value`],
    [["-c", "a", "-c", "b"], `Option "-c" is given more than once`],
    [["check", "--log-dir", "x"], `Option "--log-dir" is only for "serve", "permissions"`],
    [["--sni", "x"], `Option "--sni" is only for "explain"`],
    [
      ["explain", "--sni", "x"],
      `"explain" with "--sni" needs "--config=FILE" to route by`,
    ],
    [
      ["explain", "-c", "a", "--field", "path"],
      `Option "--field" needs a name and a value, as in "--field path=/api"`,
    ],
  ];
  for (const [argv, message] of cases) {
    assert.throws(() => parseCommandLine(argv), new UsageError(message), argv.join(" "));
  }
});
