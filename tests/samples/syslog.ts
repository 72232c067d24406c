/**
 * First messages of syslog over TCP.
 *
 * @module
 */

import corpus from "../corpus/syslog.json" with { type: "json" };
import { latin1 } from "../support/client_hello_builder.ts";
import { captured, type Flight, type ProtocolSamples } from "./samples.ts";

/** Syslog. */
export const SYSLOG_SAMPLES: ProtocolSamples = {
  protocol: "syslog",
  transport: "tcp",
  flights: [
    ...captured(corpus),
    {
      ...sent(
        "an example of RFC 5424",
        "<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ",
      ),
      expected: { version: "RFC 5424", consumed: 7 },
    },
    {
      ...sent("no time", "<165>1 - - - - - -"),
      expected: { version: "RFC 5424", consumed: 8 },
    },
    {
      ...sent("an example of RFC 3164", "<13>Feb  5 17:32:18 10.0.0.99 Use the BFG!"),
      expected: { version: "RFC 3164", consumed: 5 },
    },
    {
      ...sent("a time of the newer format alone", "<30>2026-11-22T23:00:00+00:00 host app: text\n"),
      expected: { version: "RFC 3164" },
    },
    {
      ...sent("a router that counts its messages", "<189>45: *Mar  1 18:46:11: %SYS-5-CONFIG_I: "),
      expected: { version: "RFC 3164" },
    },
    {
      ...sent("a counter that is 1", "<189>1: Mar  1 18:46:11: %SYS-5-RESTART: System restarted\n"),
      expected: { version: "RFC 3164", consumed: 7 },
    },
    {
      ...sent("as long as length and priority can be", "999999 <191>1 2026-11-22T23:00:00Z "),
      expected: { version: "RFC 5424", consumed: 15 },
    },
  ],
  lookalikes: [
    sent("a priority that there is not", "<192>1 - - - - - -"),
    sent("a priority with a leading zero", "<013>Feb  5 17:32:18 host text"),
    sent("no priority", "<>1 - - - - - -"),
    sent("a length with a leading zero", "018 <165>1 - - - - - -"),
    sent("an element of XML", "<a>1 - - - - - -"),
    sent("a control character behind the priority", "<13>\0"),
  ],
  generate: (random) => {
    const priority = random.pick(["<0>", "<13>", "<191>", "<192>", "<00>", "<1000>", "<"]);
    const text = random.pick([
      "1 2026-",
      "1 - ",
      "1: a",
      "12 -",
      "Feb  5",
      "\xef\xbb\xbf",
      "\x7f",
      "",
    ]);
    return [latin1(random.pick(["", "", "1 ", "75 ", "1234567 ", "0 "]) + priority + text)];
  },
};

function sent(name: string, text: string): Flight {
  return { name, parts: [latin1(text)] };
}
