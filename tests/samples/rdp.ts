/**
 * Connection requests of RDP clients.
 *
 * @module
 */

import flights from "../corpus/rdp.json" with { type: "json" };
import { concat, latin1, u16 } from "../support/client_hello_builder.ts";
import { captured, type ProtocolSamples } from "./samples.ts";

/** A request for TLS and CredSSP (§2.2.1.1.1). */
const NEGOTIATION = [1, 0, 8, 0, 3, 0, 0, 0] as const;
const CORRELATED = [1, 8, 8, 0, 3, 0, 0, 0] as const;
const CORRELATION = [6, 0, 36, 0, ...new Array<number>(32).fill(0xa5)];

/** RDP. */
export const RDP_SAMPLES: ProtocolSamples = {
  protocol: "rdp",
  transport: "tcp",
  flights: [
    ...captured(flights),
    {
      // [MS-RDPBCGR] §4.1.1
      name: "the example of the specification: a cookie and no security protocol",
      parts: [request({ line: "Cookie: mstshash=eltons\r\n", behind: [1, 0, 8, 0, 0, 0, 0, 0] })],
      expected: { version: null, consumed: 44 },
      fields: { cookie: "eltons" },
    },
    {
      name: "nothing but the request, as clients before RDP 5",
      parts: [request({})],
      expected: { consumed: 11 },
    },
    {
      name: "a domain with the user, and a correlation identifier",
      parts: [
        request({
          line: "Cookie: mstshash=CORP\\alice\r\n",
          behind: [...CORRELATED, ...CORRELATION],
        }),
      ],
      fields: { cookie: "CORP\\alice" },
    },
    {
      name: "the longest request, and a reference of the client",
      parts: [
        request({ source: 1, line: `Cookie: msts=${"1".repeat(225)}\r\n`, behind: NEGOTIATION }),
      ],
      expected: { consumed: 259 },
      fields: { routingToken: "1".repeat(225) },
    },
  ],
  lookalikes: [
    {
      name: "a request of S7comm, with parameters of X.224",
      parts: [request({ source: 1, behind: [0xc1, 2, 1, 0, 0xc2, 2, 1, 2, 0xc0, 1, 10] })],
    },
    { name: "lengths that do not agree", parts: [request({ behind: NEGOTIATION, length: 20 })] },
    { name: "class 2", parts: [request({ behind: NEGOTIATION, transportClass: 0x20 })] },
    { name: "a request for nothing", parts: [request({ behind: [1, 0, 8, 0] })] },
    { name: "bytes behind the cookie", parts: [request({ line: "Cookie: mstshash=a\r\n!" })] },
    { name: "a line that does not end", parts: [request({ line: "Cookie: mstshash=a" })] },
    { name: "an empty line", parts: [request({ line: "\r\n", behind: NEGOTIATION })] },
    { name: "a flag without its identifier", parts: [request({ behind: CORRELATED })] },
  ],
  generate: (random) => [
    request({
      source: random.pick([0, 0, 1, random.below(65_536)]),
      transportClass: random.pick([0, 0, 0, 0, 0x10]),
      line: random.pick([
        "",
        `Cookie: mstshash=${random.pick(["", "alice", "é \\", "\t"])}\r\n`,
        `Cookie: msts=${"1".repeat(random.pick([0, 20, random.between(220, 240)]))}\r\n`,
        "tsv://MS Terminal Services Plugin.1.Farm\r\n",
        "\r\n",
        "a\rb\n",
      ]),
      behind: random.pick([
        [],
        NEGOTIATION,
        NEGOTIATION,
        [...CORRELATED, ...CORRELATION],
        CORRELATED,
        [...random.bytes(random.pick([4, 8, 44]))],
      ]),
      ...(random.oneIn(8) ? { length: random.below(300) } : {}),
    }),
  ],
};

interface Request {
  readonly source?: number;
  readonly transportClass?: number;
  readonly line?: string;
  readonly behind?: readonly number[];
  /** Length of the packet, if it is not to be the true one. */
  readonly length?: number;
}

function request(
  { source = 0, transportClass = 0, line = "", behind = [], length }: Request,
): Uint8Array {
  const variable = concat(latin1(line), Uint8Array.from(behind));
  const total = 11 + variable.length;
  return concat(
    Uint8Array.of(3, 0),
    u16(length ?? total),
    Uint8Array.of(total - 5, 0xe0, 0, 0),
    u16(source),
    Uint8Array.of(transportClass),
    variable,
  );
}
