/**
 * First commands of Redis clients.
 *
 * @module
 */

import flights from "../corpus/redis.json" with { type: "json" };
import { latin1 } from "../support/client_hello_builder.ts";
import { captured, type ProtocolSamples } from "./samples.ts";

/** Redis. */
export const REDIS_SAMPLES: ProtocolSamples = {
  protocol: "redis",
  transport: "tcp",
  flights: [
    ...captured(flights),
    {
      name: "a pipeline of two commands",
      parts: [latin1("*2\r\n$4\r\nINCR\r\n$1\r\na\r\n*2\r\n$4\r\nINCR\r\n$1\r\nb\r\n")],
      expected: { version: null, consumed: 14 },
    },
    {
      name: "a command of a module, with a million words",
      parts: [latin1("*1048576\r\n$9\r\nFT.SEARCH\r\n$1\r\na\r\n")],
      expected: { consumed: 25 },
    },
    {
      name: "a probe by hand",
      parts: [latin1("ping\n")],
      expected: { consumed: 5 },
    },
  ],
  lookalikes: [
    { name: "an array that is empty", parts: [latin1("*0\r\n$4\r\nPING\r\n")] },
    { name: "an array of integers", parts: [latin1("*1\r\n:4\r\nPING\r\n")] },
    { name: "a name longer than announced", parts: [latin1("*1\r\n$3\r\nPING\r\n")] },
    { name: "a name of two words", parts: [latin1("*1\r\n$4\r\nA BC\r\n")] },
    { name: "a PING of IRC", parts: [latin1("PING :irc.example\r\n")] },
    { name: "an array of array heads", parts: [latin1("*1\n$4\nPING\n")] },
  ],
  generate: (random) => [
    latin1(
      random.oneIn(10)
        ? random.pick(["PING", "ping", "PONG"]) + random.pick(["\r\n", "\n", "\r", " x\r\n"])
        : `*${random.pick(["1", "2", "9999999", "10000000", "0", "01", "-1", ""])}\r\n` +
          `$${random.pick(["4", "4", "4", "3", "5", "04", "99", "100"])}\r\n` +
          random.pick(["PING", "PING", "JSON.GET", "P\0NG", "x".repeat(random.between(95, 105))]) +
          random.pick(["\r\n", "\r\n", "\n", ""]),
    ),
  ],
};
