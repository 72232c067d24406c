/**
 * Protocol headers of AMQP clients.
 *
 * @module
 */

import flights from "../corpus/amqp.json" with { type: "json" };
import { concat, latin1 } from "../support/client_hello_builder.ts";
import { captured, type Flight, type ProtocolSamples } from "./samples.ts";

/** AMQP. */
export const AMQP_SAMPLES: ProtocolSamples = {
  protocol: "amqp",
  transport: "tcp",
  flights: [
    ...captured(flights),
    ...([
      ["AMQP 1.0 with TLS inside", [2, 1, 0, 0], "AMQP 1.0"],
      ["AMQP 0-10", [1, 1, 0, 10], "AMQP 0-10"],
      ["AMQP 0-9", [1, 1, 0, 9], "AMQP 0-9"],
      ["AMQP 0-8 as clients send it", [1, 1, 8, 0], "AMQP 0-8"],
      ["AMQP 0-8 as its specification has it", [1, 1, 9, 1], "AMQP 0-8"],
    ] as const).map(([name, id, version]): Flight => ({
      name,
      parts: [header(id)],
      expected: { version, consumed: 8 },
    })),
  ],
  lookalikes: [
    { name: "a version that there is not", parts: [header([0, 0, 9, 2])] },
    { name: "a protocol that there is not", parts: [header([4, 1, 0, 0])] },
    { name: "the name in lower case", parts: [header([0, 0, 9, 1], "amqp")] },
  ],
  generate: (random) => [
    concat(
      header(
        random.pick([[0, 0, 9, 1], [0, 1, 0, 0], [3, 1, 0, 0], [1, 1, 0, 10], [
          ...random.bytes(4),
        ]]),
        random.pick(["AMQP", "AMQP", "AMQP", "amqp"]),
      ),
      random.bytes(random.below(20)),
    ),
  ],
};

function header(id: readonly number[], name = "AMQP"): Uint8Array {
  return concat(latin1(name), Uint8Array.from(id));
}
