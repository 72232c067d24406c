/**
 * Requests of SOCKS4 and SOCKS4a.
 *
 * @module
 */

import { latin1 } from "../support/client_hello_builder.ts";
import type { Flight, ProtocolSamples } from "./samples.ts";

const SPOKEN: readonly Flight[] = [
  {
    name: "the example of the SOCKS4 document: CONNECT with a user ID",
    parts: [request({ user: "Fred" })],
    expected: { version: "SOCKS4", consumed: 13 },
    fields: { user: "Fred" },
  },
  {
    name: "curl --socks4, which sends no user ID",
    parts: [request({})],
    expected: { version: "SOCKS4", consumed: 9 },
  },
  {
    name: "CONNECT to port 20480, which begins as a long reset of OpenVPN does",
    parts: [request({ port: 20_480 })],
    expected: { version: "SOCKS4", consumed: 9 },
  },
  {
    name: "CONNECT to 1.0.0.1, which begins as a long request of DNS does",
    parts: [request({ address: [1, 0, 0, 1] })],
    expected: { version: "SOCKS4", consumed: 9 },
  },
  {
    name: "BIND of any port",
    parts: [request({ command: 2, port: 0, address: [0, 0, 0, 0] })],
    expected: { version: "SOCKS4" },
  },
  {
    name: "SOCKS4a with a name",
    parts: [request({ address: [0, 0, 0, 1], user: "u", name: "www.example.com" })],
    expected: { version: "SOCKS4a", consumed: 26 },
    fields: { user: "u" },
  },
];

/** SOCKS4 and SOCKS4a. */
export const SOCKS4_SAMPLES: ProtocolSamples = {
  protocol: "socks4",
  transport: "tcp",
  flights: SPOKEN,
  lookalikes: [
    { name: "port 0", parts: [request({ port: 0 })] },
    { name: "a command of version 5 alone", parts: [request({ command: 3 })] },
    { name: "a user ID with a control character", parts: [request({ user: "a\x01" })] },
    { name: "SOCKS4a without a name", parts: [request({ address: [0, 0, 0, 1], name: "" })] },
  ],
  generate: (random) => [
    request({
      command: random.pick([1, 1, 1, 2, 0, 3]),
      port: random.pick([1, 80, 443, 65_535, 0]),
      address: random.pick([[...random.bytes(4)], [0, 0, 0, 0], [0, 0, 0, 1]]),
      user: random.pick(["", "Fred", "é", "a".repeat(random.between(250, 260)), "\x7f"]),
      ...(random.oneIn(2) ? { name: random.pick(["a.example", "[::1]", "", "x".repeat(64)]) } : {}),
    }),
  ],
};

interface Request {
  readonly command?: number;
  readonly port?: number;
  readonly address?: readonly number[];
  readonly user?: string;
  readonly name?: string;
}

function request(
  { command = 1, port = 80, address = [66, 102, 7, 99], user = "", name }: Request,
): Uint8Array {
  const named = name === undefined ? [] : [...latin1(name), 0];
  return Uint8Array.of(4, command, port >> 8, port, ...address, ...latin1(user), 0, ...named);
}
