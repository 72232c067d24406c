/**
 * First messages of PostgreSQL clients.
 *
 * @module
 */

import flights from "../corpus/postgres.json" with { type: "json" };
import { concat, latin1, u16 } from "../support/client_hello_builder.ts";
import { captured, type ProtocolSamples } from "./samples.ts";

/** PostgreSQL. */
export const POSTGRES_SAMPLES: ProtocolSamples = {
  protocol: "postgres",
  transport: "tcp",
  flights: [
    ...captured(flights),
    {
      name: "a request for encryption by GSSAPI",
      parts: [message(1234, 5680)],
      expected: { version: null, consumed: 8 },
    },
    {
      name: "a cancel request of version 3.2, with a key of 32 bytes",
      parts: [message(1234, 5678, "\0\0\x12\x67" + "k".repeat(32))],
      expected: { version: null, consumed: 8 },
    },
    {
      name: "version 3.2, and the database left to be the user's",
      parts: [message(3, 2, "client_encoding\0UTF8\0user\0alice\0\0")],
      expected: { version: "3.2", consumed: 24 },
      fields: { user: "alice", database: "alice" },
    },
    {
      name: "a minor version and an option that no server knows",
      parts: [message(3, 9999, "_pq_.test_protocol_negotiation\0\0user\0alice\0\0")],
      expected: { version: "3.9999" },
      fields: { user: "alice", database: "alice" },
    },
    {
      name: "a name that comes twice: the last counts",
      parts: [message(3, 0, "user\0alice\0database\0shop\0database\0other\0\0")],
      fields: { user: "alice", database: "other" },
    },
  ],
  lookalikes: [
    { name: "version 2.0, of before 2003", parts: [message(2, 0, "shop" + "\0".repeat(284))] },
    { name: "a request for TLS that is too long", parts: [message(1234, 5679, "\0\0\0\0")] },
    { name: "a cancel request without a key", parts: [message(1234, 5678, "\0\0\0\x01")] },
    { name: "a request of no known kind", parts: [message(1234, 5681)] },
    { name: "no parameter", parts: [message(3, 0, "\0\0\0\0\0")] },
    { name: "a name with a blank", parts: [message(3, 0, "us er\0alice\0\0")] },
    { name: "a length beyond what servers take", parts: [message(3, 0, "user\0a\0\0", 10_001)] },
  ],
  generate: (random) => {
    if (random.oneIn(4)) {
      const kind = random.pick([5678, 5679, 5680, 5681]);
      return [message(1234, kind, "k".repeat(random.pick([0, 8, 8, 260, random.below(300)])))];
    }
    const parameters = random.list(
      0,
      5,
      () =>
        random.pick(["user", "database", "options", "_pq_.x", "é", ""]) + "\0" +
        random.pick(["alice", "shop", "", "x".repeat(random.between(250, 260))]) +
        random.pick(["\0", "\0", "\0", ""]),
    );
    const body = parameters.join("") + random.pick(["\0", "\0", ""]);
    const length = random.oneIn(8) ? random.below(600) : undefined;
    return [message(random.pick([3, 3, 3, 2]), random.pick([0, 2, 9999]), body, length)];
  },
};

/** @param length of the message as it says itself, if that is not to be the true one */
function message(major: number, minor: number, body = "", length?: number): Uint8Array {
  return concat(
    u16(0),
    u16(length ?? 8 + body.length),
    u16(major),
    u16(minor),
    latin1(body),
  );
}
