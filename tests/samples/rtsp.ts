/**
 * First requests of RTSP clients.
 *
 * @module
 */

import flights from "../corpus/rtsp.json" with { type: "json" };
import type { Random } from "../fuzz/random.ts";
import { latin1 } from "../support/client_hello_builder.ts";
import { captured, type ProtocolSamples } from "./samples.ts";

/** RTSP. */
export const RTSP_SAMPLES: ProtocolSamples = {
  protocol: "rtsp",
  transport: "tcp",
  flights: [
    ...captured(flights),
    {
      name: "DESCRIBE as in RFC 2326",
      parts: [
        latin1("DESCRIBE rtsp://server.example.com/fizzle/foo RTSP/1.0\r\nCSeq: 312\r\n\r\n"),
      ],
      expected: { version: "RTSP/1.0", consumed: 56 },
    },
    {
      name: "SETUP of version 2.0 behind an empty line",
      parts: [latin1("\r\nSETUP rtsp://example.com/foo/bar/baz.rm RTSP/2.0\r\nCSeq: 302\r\n\r\n")],
      expected: { version: "RTSP/2.0", consumed: 52 },
    },
    {
      name: "a camera's client that sends a path alone",
      parts: [latin1("OPTIONS /live/main RTSP/1.0\r\nCSeq: 1\r\n\r\n")],
      expected: { version: "RTSP/1.0" },
    },
  ],
  lookalikes: [
    { name: "version 3.0", parts: [latin1("OPTIONS * RTSP/3.0\r\nCSeq: 1\r\n\r\n")] },
    { name: "a method of HTTP alone", parts: [latin1("FETCH rtsp://a/b RTSP/1.0\r\n\r\n")] },
    { name: "no target", parts: [latin1("OPTIONS RTSP/1.0\r\n\r\n")] },
    { name: "a control character", parts: [latin1("SETUP rtsp://a/\x01 RTSP/1.0\r\n\r\n")] },
    { name: "a CR without its LF", parts: [latin1("SETUP rtsp://a/ RTSP/1.0\rCSeq: 1\r\n")] },
    { name: "a response", parts: [latin1("RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n")] },
  ],
  generate: (random) => [requestLine(random)],
};

function requestLine(random: Random): Uint8Array {
  const long = random.oneIn(40) ? random.between(16_300, 16_400) : random.below(100);
  return latin1(
    random.pick(["", "", "", "\r\n", "\n", "\r\n\r\n\r\n\r\n", "\r"]) +
      random.pick(["OPTIONS", "DESCRIBE", "SETUP", "SET_PARAMETER", "SETUPS", "PLA", "options"]) +
      random.pick([" ", " ", " ", "  ", ""]) +
      random.pick(["*", "rtsp://a/b", `rtsp://a/${"c".repeat(long)}`, "/a", ""]) +
      random.pick([" ", " ", " ", "  ", ""]) +
      random.pick(["RTSP/1.0", "RTSP/2.0", "RTSP/1.1", "HTTP/1.1", "SIP/2.0", ""]) +
      random.pick(["\r\n", "\r\n", "\n", "\r", " \r\n", ""]) +
      random.pick(["", "CSeq: 1\r\n\r\n"]),
  );
}
