/**
 * Stream headers of XMPP clients and servers.
 *
 * @module
 */

import flights from "../corpus/xmpp.json" with { type: "json" };
import { latin1 } from "../support/client_hello_builder.ts";
import { captured, type ProtocolSamples } from "./samples.ts";

const NAMESPACES = "xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'";

/** XMPP. */
export const XMPP_SAMPLES: ProtocolSamples = {
  protocol: "xmpp",
  transport: "tcp",
  flights: [
    ...captured(flights),
    {
      name: "the example of RFC 6120 §4.2, with a client's address",
      parts: [
        latin1(
          "<?xml version='1.0'?>\n<stream:stream\n     from='juliet@im.example.com'\n" +
            "     to='im.example.com'\n     version='1.0'\n     xml:lang='en'\n     xmlns='jabber:client'\n" +
            "     xmlns:stream='http://etherx.jabber.org/streams'>\n",
        ),
      ],
      expected: { version: null, consumed: 37 },
      fields: { host: "im.example.com" },
    },
    {
      name: "a server without a declaration, its peer's name in capitals",
      parts: [
        latin1(
          '<stream:stream xmlns="jabber:server" xmlns:stream="http://etherx.jabber.org/streams" ' +
            'to="Chat.Example" from="im.example.com" version="1.0">',
        ),
      ],
      expected: { consumed: 15 },
      fields: { host: "chat.example" },
    },
    {
      name: "a value that looks like an attribute",
      parts: [latin1(`<stream:stream id="a>' to='evil'" ${NAMESPACES} to='chat.example'>`)],
      fields: { host: "chat.example" },
    },
    {
      name: "an address that is no name of a host",
      parts: [latin1(`<stream:stream to='&lt;' ${NAMESPACES}>`)],
    },
    {
      name: "a start tag that is too long to be read",
      parts: [latin1(`<stream:stream id='${"x".repeat(440)}' to='chat.example' ${NAMESPACES}>`)],
    },
  ],
  lookalikes: [
    { name: "another document", parts: [latin1("<?xml version='1.0'?><methodCall>")] },
    { name: "a tag with a longer name", parts: [latin1(`<stream:streams ${NAMESPACES}>`)] },
    { name: "no namespace", parts: [latin1("<stream:stream>")] },
    { name: "a declaration that does not end", parts: [latin1(`<?xml ${" ".repeat(100)}?>`)] },
    { name: "a byte that XML does not have", parts: [latin1("<?xml version='1\0'?>")] },
    { name: "another instruction", parts: [latin1("<?xml-stylesheet href='a'?>")] },
  ],
  generate: (random) => [
    latin1(
      random.pick(["", "<?xml version='1.0'?>", "<?xml version='1.0' encoding='UTF-8'?>\r\n"]) +
        " ".repeat(random.pick([0, 0, 1, random.below(12)])) +
        random.pick(["<stream:stream", "<stream:stream", "<stream", "<stream:streams"]) +
        random.list(0, 5, () =>
          random.pick([
            " to='chat.example'",
            ' to="10.0.0.1"',
            "\n version = '1.0'",
            ` ${NAMESPACES}`,
            ` id='${"x".repeat(random.below(300))}'`,
            " a=b",
            " a='",
          ])).join("") +
        random.pick([">", ">", "/>", ""]),
    ),
  ],
};
