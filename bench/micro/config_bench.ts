/**
 * Reading a configuration with ten thousand server names, right and wrong.
 *
 * @module
 */

import { ConfigError, formatIssues, parseConfig } from "../../src/control/config/parse.ts";
import { describeRoutes } from "../../src/control/config/report.ts";

const NAMES = 10_000;

const names = Array.from({ length: NAMES }, (_, i) => `"host${i}.example.com"`);
const head = 'listen_port = 443\n[protocols.web]\nprotocol = "tls"\ntarget = ["10.0.0.1:443"]\n';
const oneService = `${head}server_names = [${names.join(",\n")}]\n`;
const manyServices = "listen_port = 443\n" +
  names.map((name, i) =>
    `[protocols.web${i}]\nprotocol = "tls"\ntarget = ["10.0.0.1:443"]\nserver_names = [${name}]\n`
  ).join("");
const wrong = `${oneService}alpn = [""]\n`;

Deno.bench(`parseConfig(), ${NAMES} names of one service`, () => {
  parseConfig(oneService, "config.toml");
});

Deno.bench(`parseConfig(), ${NAMES} services of one name`, () => {
  parseConfig(manyServices, "config.toml");
});

Deno.bench(`parseConfig() and formatIssues(), ${NAMES} names and a mistake`, () => {
  try {
    parseConfig(wrong, "config.toml");
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    formatIssues(error.issues, wrong, { colour: false });
  }
});

const settings = parseConfig(manyServices, "config.toml");

Deno.bench(`describeRoutes(), ${NAMES} services of one name`, () => {
  describeRoutes(settings);
});
