/**
 * First messages of MongoDB clients.
 *
 * @module
 */

import flights from "../corpus/mongodb.json" with { type: "json" };
import mysqlFlights from "../corpus/mysql.json" with { type: "json" };
import { concat, latin1 } from "../support/client_hello_builder.ts";
import { captured, type ProtocolSamples } from "./samples.ts";

/** `{ hello: 1 }` in BSON, as a 32-bit integer. */
const HELLO = concat(int32(16), latin1("\x10hello\0"), int32(1), Uint8Array.of(0));

/** MongoDB. */
export const MONGODB_SAMPLES: ProtocolSamples = {
  protocol: "mongodb",
  transport: "tcp",
  flights: [
    ...captured(flights),
    {
      name: "hello in OP_MSG",
      parts: [message({})],
      expected: { version: null, consumed: 25 },
    },
    {
      name: "hello in OP_MSG with a checksum",
      parts: [message({ flags: 1, behind: int32(0x12345678) })],
      expected: { consumed: 25 },
    },
    {
      name: "hello in OP_MSG that allows exhaust, from a client that counts at random",
      parts: [message({ id: 0xdeadbeef, flags: 0x10000 })],
    },
    {
      name: "hello in OP_QUERY to the longest name of a database",
      parts: [message({ opcode: 2004, flags: 4, before: query("d".repeat(63)) })],
      expected: { consumed: 101 },
    },
  ],
  lookalikes: [
    { name: "an answer", parts: [message({ responseTo: 1 })] },
    { name: "OP_REPLY", parts: [message({ opcode: 1 })] },
    { name: "a document that is not as long as the message says", parts: [message({ extra: 1 })] },
    { name: "a flag that a server refuses", parts: [message({ flags: 4 })] },
    { name: "a section of unknown kind", parts: [message({ before: Uint8Array.of(2) })] },
    {
      name: "a query of a collection",
      parts: [message({ opcode: 2004, before: concat(latin1("shop.items\0"), new Uint8Array(8)) })],
    },
    ...captured(mysqlFlights), // a client that lets the server speak first
  ],
  generate: (random) => {
    const isMessage = random.oneIn(2);
    const bytes = message({
      id: random.u32(),
      responseTo: random.pick([0, 0, 0, 1]),
      opcode: isMessage ? 2013 : random.pick([2004, 2004, 2012, 2002]),
      flags: random.pick([0, 0, 1, 4, 0x10000, random.u32()]),
      before: isMessage
        ? Uint8Array.of(random.pick([0, 0, 0, 1]))
        : query(random.pick(["admin", "a.b", "", "d".repeat(random.between(60, 66))])),
      behind: random.oneIn(3) ? int32(random.u32()) : new Uint8Array(0),
      extra: random.pick([0, 0, 0, 1, 4]),
    });
    return [bytes];
  },
};

interface Message {
  readonly id?: number;
  readonly responseTo?: number;
  readonly opcode?: number;
  readonly flags?: number;
  /** Between flags and document. */
  readonly before?: Uint8Array;
  readonly behind?: Uint8Array;
  /** By how much the length is too great. */
  readonly extra?: number;
}

function message({
  id = 1,
  responseTo = 0,
  opcode = 2013,
  flags = 0,
  before = Uint8Array.of(0),
  behind = new Uint8Array(0),
  extra = 0,
}: Message): Uint8Array {
  const body = concat(int32(flags), before, HELLO, behind);
  const header = [16 + body.length + extra, id, responseTo, opcode];
  return concat(...header.map(int32), body);
}

/** A command to a database: skip none, return one. */
function query(database: string): Uint8Array {
  return concat(latin1(`${database}.$cmd\0`), int32(0), int32(-1));
}

function int32(value: number): Uint8Array {
  return Uint8Array.of(value, value >> 8, value >> 16, value >> 24);
}
