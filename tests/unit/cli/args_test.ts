import assert from "node:assert/strict";
import { type Command, parseCommandLine, UsageError } from "../../../src/cli/args.ts";
import type { EchCommand } from "../../../src/cli/ech/command.ts";

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

Deno.test("parseCommandLine() reads the commands for ECH", () => {
  const unsaid = { kem: null, configId: null, maximumNameLength: null, out: null } as const;
  const generate = {
    action: "generate",
    publicName: "edge.example",
    names: [],
    alpn: [],
    port: null,
    config: null,
  } as const;
  const check = {
    action: "check",
    config: null,
    port: null,
    resolver: null,
    publicOnly: false,
  } as const;
  const rotate = {
    action: "rotate",
    config: null,
    service: null,
    publicName: null,
    port: null,
    ttl: null,
    resolver: null,
  } as const;
  const cases: [string, EchCommand][] = [
    ["generate --public-name Edge.Example.", { ...generate, ...unsaid }],
    [
      "generate --public-name edge.example --kem P256 --config-id 255 --max-name-length 0 --out d",
      { ...generate, kem: "p256", configId: 255, maximumNameLength: 0, out: "d" },
    ],
    [
      "generate --public-name edge.example --name A.test --name b.test --alpn h2,h3 --port 8443 -c f",
      {
        ...generate,
        ...unsaid,
        names: ["a.test", "b.test"],
        alpn: ["h2", "h3"],
        port: 8443,
        config: "f",
      },
    ],
    ["show -", { action: "show", source: "-" }],
    ["show AEX+/w==", { action: "show", source: "AEX+/w==" }],
    ["check", check],
    [
      "check -c f --resolver 192.0.2.1 --public-only --port 8443",
      { ...check, config: "f", resolver: "192.0.2.1", publicOnly: true, port: 8443 },
    ],
    ["rotate", { ...rotate, ...unsaid }],
    [
      "rotate --service edge --ttl 5m --resolver https://dns.test/q --public-name b.example",
      {
        ...rotate,
        ...unsaid,
        service: "edge",
        ttl: 300,
        resolver: "https://dns.test/q",
        publicName: "b.example",
      },
    ],
    ["rotate --ttl 90", { ...rotate, ...unsaid, ttl: 90 }],
  ];
  for (const [words, command] of cases) {
    const argv = ["ech", ...words.split(" ")];
    assert.deepEqual(parseCommandLine(argv), { name: "ech", command }, words);
  }
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
    [["ech"], `"ech" needs one of generate, show, check, rotate behind it`],
    [["ech", "rotat"], `Unknown command "ech rotat": did you mean "rotate"?`],
    [["echo"], `Unknown command "echo": did you mean "ech"?`],
    [
      ["ech", "show"],
      `"ech show" needs a file, an ECHConfigList in base64, or "-" for standard input`,
    ],
    [["ech", "show", "a", "b"], `Unexpected argument "b" after "a"`],
    [
      ["ech", "check", "a.toml"],
      `Unexpected argument "a.toml" after "check": did you mean "--config a.toml"?`,
    ],
    [
      ["ech", "generate"],
      `"ech generate" needs "--public-name NAME": what the wire shows in place of private names`,
    ],
    [
      ["ech", "check", "--kem", "x25519"],
      `Option "--kem" is only for "ech generate", "ech rotate"`,
    ],
    [["ech", "check", "--public-only=yes"], `Option "--public-only" takes no value`],
    [["ech", "check", "--port", "0"], `Option "--port" takes a number from 1 to 65535`],
    [["ech", "rotate", "--kem", "p384"], `Option "--kem" takes x25519 or p256, not "p384"`],
    [["ech", "rotate", "--config-id", "256"], `Option "--config-id" takes a number from 0 to 255`],
    [
      ["ech", "rotate", "--max-name-length", "x"],
      `Option "--max-name-length" takes a number from 0 to 255`,
    ],
    [
      ["ech", "rotate", "--ttl", "5 fortnights"],
      `Option "--ttl": "5 fortnights" has an unknown unit, "fortnights"`,
    ],
    ...["192.0.2.1", "-edge.example", "edge_1.example", "a.0x1", "bü.example"].map((name) =>
      [
        ["ech", "generate", `--public-name=${name}`],
        `"${name}" cannot be a public name: clients take labels of letters, digits and hyphens ` +
        "that are no IP address",
      ] as [string[], string]
    ),
    [
      ["ech", "generate", "--public-name", "a.example", "--name", "*.b"],
      `"*.b" is not the name of a host`,
    ],
    [
      ["ech", "generate", "--public-name", "a.example", "--alpn", 'h2"'],
      `"h2"" is not the name of an application protocol, such as h2`,
    ],
  ];
  for (const [argv, message] of cases) {
    assert.throws(() => parseCommandLine(argv), new UsageError(message), argv.join(" "));
  }
});
