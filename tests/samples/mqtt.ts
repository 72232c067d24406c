/**
 * CONNECT packets of MQTT clients.
 *
 * @module
 */

import flights from "../corpus/mqtt.json" with { type: "json" };
import { concat, latin1, u16 } from "../support/client_hello_builder.ts";
import { captured, type ProtocolSamples } from "./samples.ts";

/** MQTT. */
export const MQTT_SAMPLES: ProtocolSamples = {
  protocol: "mqtt",
  transport: "tcp",
  flights: [
    ...captured(flights),
    {
      name: "the shortest packet: no client identifier",
      parts: [connect({})],
      expected: { version: "MQTT 3.1.1", consumed: 10 },
    },
    {
      name: "a bridge of Mosquitto",
      parts: [connect({ level: 0x84, rest: text("bridge") })],
      expected: { version: "MQTT 3.1.1" },
    },
    {
      name: "a will of 20,000 bytes, so that the length has three bytes",
      parts: [
        connect({ flags: 0x06, rest: concat(text("c"), text("w"), text("x".repeat(20_000))) }),
      ],
      expected: { version: "MQTT 3.1.1", consumed: 12 },
    },
  ],
  lookalikes: [
    { name: "a reserved flag", parts: [connect({ flags: 0x03 })] },
    { name: "a will with quality of service 3", parts: [connect({ flags: 0x1e })] },
    { name: "a retained will that is not there", parts: [connect({ flags: 0x22 })] },
    { name: "level 6", parts: [connect({ level: 6 })] },
    { name: "a length without room for an identifier", parts: [connect({ length: [11] })] },
    { name: "a length of five bytes", parts: [connect({ length: [0x80, 0x80, 0x80, 0x80, 1] })] },
    { name: "PUBLISH, which is never first", parts: [connect({ type: 0x30 })] },
  ],
  generate: (random) => [
    connect({
      type: random.pick([0x10, 0x10, 0x10, 0x11, 0x30]),
      name: random.pick(["MQTT", "MQTT", "MQIsdp", "MQTTX", ""]),
      level: random.pick([4, 4, 5, 3, 0x84, 0x83, random.below(256)]),
      flags: random.pick([0x02, 0xc2, 0xee, random.below(256)]),
      rest: concat(text("a".repeat(random.below(300))), random.bytes(random.below(9))),
      ...(random.oneIn(6) ? { length: [...random.bytes(random.between(1, 5))] } : {}),
    }),
  ],
};

interface Connect {
  readonly type?: number;
  readonly length?: readonly number[];
  readonly name?: string;
  readonly level?: number;
  readonly flags?: number;
  readonly rest?: Uint8Array;
}

function connect({
  type = 0x10,
  length,
  name = "MQTT",
  level = 4,
  flags = 0x02,
  rest = text(""),
}: Connect): Uint8Array {
  const body = concat(text(name), Uint8Array.of(level, flags), u16(60), rest);
  return concat(Uint8Array.of(type, ...(length ?? variableLength(body.length))), body);
}

function text(value: string): Uint8Array {
  return concat(u16(value.length), latin1(value));
}

/** MQTT 5.0 §1.5.5. */
function variableLength(value: number): number[] {
  return value < 0x80 ? [value] : [value & 0x7f | 0x80, ...variableLength(value >> 7)];
}
