/**
 * Identification strings of SSH.
 *
 * @module
 */

import flights from "../corpus/ssh.json" with { type: "json" };
import { latin1 } from "../support/client_hello_builder.ts";
import { firstFlights } from "./first_flights.ts";
import { captured, type Flight, type ProtocolSamples } from "./samples.ts";

const WRITTEN: readonly Flight[] = [
  {
    name: "a client that speaks 1.x as well, with a hyphen in its name",
    parts: [latin1("SSH-1.99-Cisco-1.25\n")],
    expected: { version: "SSH-1.99", consumed: 9 },
    fields: { clientSoftware: "Cisco-1.25" },
  },
  {
    name: "a client of version 1 with a comment",
    parts: [latin1("SSH-1.5-1.2.27 [NetBSD]\n")],
    expected: { version: "SSH-1.5", consumed: 8 },
    fields: { clientSoftware: "1.2.27" },
  },
  {
    name: "a client that does not say who it is",
    parts: [latin1("SSH-2.0-\r\n")],
    expected: { version: "SSH-2.0", consumed: 8 },
  },
];

/** SSH. */
export const SSH_SAMPLES: ProtocolSamples = {
  protocol: "ssh",
  transport: "tcp",
  flights: [
    ...firstFlights("ssh", { ssh: { clientSoftware: "OpenSSH_9.2p1" } }),
    ...captured(flights),
    ...WRITTEN,
  ],
  lookalikes: [
    { name: "a version that there is not", parts: [latin1("SSH-3.0-a\r\n")] },
    { name: "no hyphen behind the version", parts: [latin1("SSH-2.0\r\n")] },
    { name: "lower case", parts: [latin1("ssh-2.0-a\r\n")] },
    { name: "a line before it, as servers may send", parts: [latin1("Hello\r\nSSH-2.0-a\r\n")] },
  ],
  generate: (random) => [
    latin1(
      `SSH-${random.pick(["2.0", "1.99", "1.5", "2", ""])}-` +
        random.pick(["a", "OpenSSH_9.6", "", "é", "x".repeat(random.between(240, 255))]) +
        random.pick(["\r\n", "\n", " comment\r\n", "\0", ""]),
    ),
  ],
};
