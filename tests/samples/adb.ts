/**
 * First messages of hosts to the Android Debug Bridge daemon.
 *
 * @module
 */

import flights from "../corpus/adb.json" with { type: "json" };
import { concat, latin1 } from "../support/client_hello_builder.ts";
import { captured, type ProtocolSamples } from "./samples.ts";

const CNXN = latin1("CNXN");

/** ADB. */
export const ADB_SAMPLES: ProtocolSamples = {
  protocol: "adb",
  transport: "tcp",
  flights: [
    ...captured(flights),
    {
      name: "a host of the first version, without features",
      parts: [connect({ version: 0x01000000, maxPayload: 4096, payload: "host::\0" })],
      expected: { version: null, consumed: 24 },
    },
  ],
  lookalikes: [
    { name: "a command that is not inverted at the end", parts: [connect({ magic: CNXN })] },
    { name: "OPEN, which is never first", parts: [connect({ command: latin1("OPEN") })] },
    { name: "a version of another kind", parts: [connect({ version: 0x02000000 })] },
    { name: "a payload of 16 MiB", parts: [connect({ length: 0x01000000 })] },
  ],
  generate: (random) => [
    connect({
      command: random.pick([CNXN, CNXN, CNXN, latin1("STLS"), latin1("SYNC")]),
      version: random.pick([0x01000000, 0x01000001, 0x01000002, random.u32()]),
      maxPayload: random.u32(),
      payload: random.pick(["host::", "host::features=cmd", ""]),
      ...(random.oneIn(8) ? { magic: random.bytes(4) } : {}),
      ...(random.oneIn(8) ? { length: random.u32() } : {}),
    }),
  ],
};

interface Connect {
  readonly command?: Uint8Array;
  readonly version?: number;
  readonly maxPayload?: number;
  readonly payload?: string;
  readonly length?: number;
  readonly magic?: Uint8Array;
}

/** A message as adb's "protocol.txt" lays it out, its checksum left to be zero. */
function connect({
  command = CNXN,
  version = 0x01000001,
  maxPayload = 1024 * 1024,
  payload = "host::features=shell_v2,cmd",
  length = payload.length,
  magic = command.map((byte) => ~byte),
}: Connect): Uint8Array {
  const values = new DataView(new ArrayBuffer(16));
  values.setUint32(0, version, true);
  values.setUint32(4, maxPayload, true);
  values.setUint32(8, length, true);
  return concat(command, new Uint8Array(values.buffer), magic, latin1(payload));
}
