/**
 * First messages of Winbox.
 *
 * @module
 */

import { concat, latin1, u16 } from "../support/client_hello_builder.ts";
import type { ProtocolSamples } from "./samples.ts";

const KEY = Uint8Array.from({ length: 32 }, (_, i) => 7 * i + 1);

/** Winbox. */
export const WINBOX_SAMPLES: ProtocolSamples = {
  protocol: "winbox",
  transport: "tcp",
  flights: [
    {
      name: "a login as admin, with a key of odd parity",
      parts: [login({ user: "admin" })],
      expected: { version: null, consumed: 41 },
      fields: { user: "admin" },
    },
    {
      name: "a login as admin to reach the neighbours of a router (RoMON)",
      parts: [login({ user: "admin+r", parity: 0 })],
      expected: { consumed: 43 },
      fields: { user: "admin+r" },
    },
    {
      name: "a login with the longest name of one chunk",
      parts: [login({ user: "a".repeat(219) })],
      expected: { consumed: 255 },
      fields: { user: "a".repeat(219) },
    },
    {
      name: "a message of the time before 6.43: what there is to download",
      parts: [message({})],
      expected: { consumed: 6 },
    },
    {
      name: "a message of several chunks",
      parts: [message({ chunk: 0xff, length: 300 })],
      expected: { consumed: 6 },
    },
  ],
  lookalikes: [
    { name: "a key of parity 2", parts: [login({ user: "admin", parity: 2 })] },
    { name: "no name", parts: [login({ user: "" })] },
    { name: "a name with a blank", parts: [login({ user: "a b" })] },
    { name: "a name that ends too early", parts: [login({ user: "adm\0in" })] },
    { name: "a name that does not end in time", parts: [login({ user: "admin", chunk: 38 })] },
    { name: "lengths that do not agree", parts: [message({ length: 54 })] },
    {
      name: "a chunk that begins like a ping of Minecraft",
      parts: [login({ user: "a".repeat(220) })],
    },
    { name: "a message of another format", parts: [message({ format: "M3" })] },
  ],
  generate: (random) => [
    random.oneIn(2)
      ? login({
        user: random.pick(["admin", "a", "", "a b", "a".repeat(random.between(215, 221))]),
        parity: random.pick([0, 1, 1, 2]),
        ...(random.oneIn(8) ? { chunk: random.below(256) } : {}),
      })
      : message({
        format: random.pick(["M2", "M2", "M3"]),
        ...(random.oneIn(3) ? { chunk: random.pick([255, random.below(256)]) } : {}),
        ...(random.oneIn(3) ? { length: random.below(600) } : {}),
      }),
  ],
};

interface Login {
  readonly user: string;
  readonly parity?: number;
  /** Length of the chunk, if it is not to be the true one. */
  readonly chunk?: number;
}

function login({ user, parity = 1, chunk }: Login): Uint8Array {
  const body = concat(latin1(`${user}\0`), KEY, Uint8Array.of(parity));
  return concat(Uint8Array.of(chunk ?? body.length, 6), body);
}

interface Message {
  readonly format?: string;
  readonly chunk?: number;
  readonly length?: number;
}

/** A request to the file server of a router: who shall answer (0xff0001), and what is asked for (1). */
function message({ format = "M2", chunk, length }: Message): Uint8Array {
  const list = Uint8Array.of(1, 0, 0, 0x21, 4, ...latin1("list"));
  const to = Uint8Array.of(1, 0, 0xff, 0x88, 2, 0, 2, 0, 0, 0, 2, 0, 0, 0);
  const body = concat(latin1(format), to, list);
  return concat(
    Uint8Array.of(chunk ?? body.length + 2, 1),
    u16(length ?? body.length),
    body,
  );
}
