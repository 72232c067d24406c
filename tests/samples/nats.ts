/**
 * First messages of NATS clients.
 *
 * @module
 */

import flights from "../corpus/nats.json" with { type: "json" };
import { latin1 } from "../support/client_hello_builder.ts";
import { captured, type ProtocolSamples } from "./samples.ts";

/** NATS. */
export const NATS_SAMPLES: ProtocolSamples = {
  protocol: "nats",
  transport: "tcp",
  flights: [
    ...captured(flights),
    {
      name: "the example of the protocol reference",
      parts: [
        latin1(
          'CONNECT {"verbose":false,"pedantic":false,"tls_required":false,"name":"","lang":"go",' +
            '"version":"1.2.2","protocol":1}\r\n',
        ),
      ],
      expected: { version: null, consumed: 10 },
    },
    {
      name: "lower case, and blanks that JSON allows",
      parts: [latin1('connect\t{ "verbose": false }\r\n')],
      expected: { consumed: 11 },
    },
  ],
  lookalikes: [
    { name: "an object without a name", parts: [latin1("CONNECT {1}\r\n")] },
    { name: "no object", parts: [latin1('CONNECT "verbose"\r\n')] },
    { name: "no blank before the options", parts: [latin1('CONNECT{"verbose":false}\r\n')] },
    { name: "too many blanks", parts: [latin1(`CONNECT${" ".repeat(9)}{"a":1}\r\n`)] },
    { name: "CONNECT of STOMP", parts: [latin1("CONNECT\naccept-version:1.2\n\n\0")] },
  ],
  generate: (random) => [
    latin1(
      random.pick(["CONNECT", "CONNECT", "connect", "CONNECTED", "CONNEC"]) +
        random.pick([" ", " ", "\t", "", " ".repeat(random.between(7, 10))]) +
        random.pick(["{", "{", "{{", "["]) +
        random.pick(["", "", " ", "\n", " ".repeat(random.between(7, 10))]) +
        random.pick(['"', '"', "}", "'"]) +
        random.pick(['verbose":false}', "", " HTTP/1.1"]) +
        random.pick(["\r\n", ""]),
    ),
  ],
};
