/**
 * Request lines of HTTP/1 and first frames of HTTP/2 in clear text.
 *
 * @module
 */

import captures from "../corpus/http.json" with { type: "json" };
import type { Random } from "../fuzz/random.ts";
import { concat, latin1 } from "../support/client_hello_builder.ts";
import {
  END_HEADERS,
  FRAME,
  h2Flight,
  h2Frame,
  headersFrame,
  literalBlock,
} from "../support/h2_builder.ts";
import { firstFlights } from "./first_flights.ts";
import { captured, type Flight, type ProtocolSamples } from "./samples.ts";

const REQUEST = [
  [":method", "GET"],
  [":scheme", "http"],
  [":path", "/a/b?c"],
  [":authority", "www.example.com:8080"],
] as const;

const WRITTEN: readonly Flight[] = [
  {
    name: "CONNECT to a port",
    parts: [latin1("CONNECT server.example.com:80 HTTP/1.1\r\nHost: other.example\r\n\r\n")],
    expected: { version: "HTTP/1.1", consumed: 40 },
    fields: { host: "server.example.com" },
  },
  {
    name: "a target in absolute form, which goes before the header",
    parts: [latin1("GET http://Www.Example.Org:81/pub/?a HTTP/1.1\r\nHost: other.example\r\n\r\n")],
    expected: { version: "HTTP/1.1", consumed: 47 },
    fields: { host: "www.example.org", path: "/pub/" },
  },
  {
    name: "REPORT of WebDAV, the Host field last",
    parts: [
      latin1("REPORT /cal HTTP/1.1\r\nDepth: 1\r\nX-Host: b\r\nhOST:\tdav.example. \r\n\r\n"),
    ],
    expected: { version: "HTTP/1.1", consumed: 22 },
    fields: { host: "dav.example", path: "/cal" },
  },
  {
    name: "HTTP/1.0 without a host",
    parts: [latin1("GET /old HTTP/1.0\r\nAccept: */*\r\n\r\n")],
    expected: { version: "HTTP/1.0" },
    fields: { path: "/old" },
  },
  {
    name: "HTTP/0.9",
    parts: [latin1("GET /older?still\r\n")],
    expected: { version: null },
    fields: { path: "/older" },
  },
  {
    name: "h2c without Huffman code, the block in three frames",
    parts: [h2Flight(...inFrames(literalBlock(...REQUEST), [5, 20]))],
    expected: { version: "h2c", consumed: 24 },
    fields: { host: "www.example.com", path: "/a/b" },
  },
  {
    name: "h2c with padding, priority, and Host in place of :authority",
    parts: [
      h2Flight(
        h2Frame(
          FRAME.headers,
          END_HEADERS | 0x28,
          1,
          concat(
            Uint8Array.of(3, 0, 0, 0, 0, 15),
            literalBlock([":method", "OPTIONS"], [":path", "*"], ["host", "h.example"]),
            new Uint8Array(3),
          ),
        ),
      ),
    ],
    expected: { version: "h2c" },
    fields: { host: "h.example" },
  },
  {
    name: "h2c whose header is broken",
    parts: [h2Flight(headersFrame(Uint8Array.of(0xff)))],
    expected: { version: "h2c" },
  },
  {
    name: "h2c that begins with a frame out of place",
    parts: [h2Flight(h2Frame(FRAME.data, 0, 1, latin1("x")), headersFrame(literalBlock()))],
    expected: { version: "h2c" },
  },
];

const LOCAL = { host: "127.0.0.1" };

/** HTTP. */
export const HTTP_SAMPLES: ProtocolSamples = {
  protocol: "http",
  transport: "tcp",
  flights: [
    ...firstFlights("http", {
      curl_http: { ...LOCAL, path: "/path" },
      curl_propfind: { ...LOCAL, path: "/dav" },
      curl_h2c: { ...LOCAL, path: "/" },
    }),
    ...captured(captures),
    ...WRITTEN,
  ],
  lookalikes: [
    { name: "ICAP", parts: [latin1("OPTIONS icap://example.com/ ICAP/1.0\r\nHost: a\r\n\r\n")] },
    { name: "a word of memcached", parts: [latin1("GET key\r\n")] },
    { name: "a preface that breaks off", parts: [latin1("PRI * HTTP/2.0\r\n\r\nSX\r\n\r\n")] },
    { name: "a method that is no token", parts: [latin1("GE(T) / HTTP/1.1\r\nHost: a\r\n\r\n")] },
    { name: "a line with a zero byte", parts: [latin1("GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n")] },
  ],
  generate: (random) => [random.oneIn(4) ? h2Request(random) : request(random)],
};

function request(random: Random): Uint8Array {
  const long = random.oneIn(60) ? random.between(15_000, 19_000) : random.below(1_500);
  const header = random.list(
    0,
    6,
    () =>
      random.pick([
        "Host: a.example",
        "host:[::1]:80",
        "Host : a",
        "Hos: a",
        " folded",
        "A: b\0",
        "",
      ]) +
      random.pick(["\r\n", "\r\n", "\n", "\r", ` ${"x".repeat(long)}\r\n`]),
  );
  return latin1(
    random.pick(["", "", "", "\r\n", "\n", "\r\n\r\n\r\n\r\n", "\r\n\r\n\r\n\r\n\n", "\r"]) +
      random.pick(["GET", "get", "PRI", "PROPFIND", "X".repeat(32), "X".repeat(33), "", "G\xe9T"]) +
      random.pick([" ", " ", "  ", "\t", ""]) +
      random.pick(["/", `/${"a".repeat(long)}`, "*", "http://a/", "a:443", "/ HTTP/1.1", "{", ""]) +
      random.pick([" ", " ", "  ", ""]) +
      random.pick(["HTTP/1.1", "HTTP/1.0", "HTTP/2.0", "HTTP/1.", "RTSP/1.0", "SIP/2.0", ""]) +
      random.pick(["\r\n", "\r\n", "\n", "\r", "\0", ""]) +
      random.pick([header.join(""), "Host: a\r\n\r\n", "\r\nSM\r\n\r\n"]),
  );
}

function h2Request(random: Random): Uint8Array {
  const before = random.list(0, 3, () =>
    h2Frame(
      random.pick([...Object.values(FRAME), 0x10, 0xff]),
      random.below(256),
      random.below(3),
      random.bytes(random.below(20)),
    ));
  const long = random.oneIn(30) ? 40_000 : random.below(300);
  const fields = random.shuffled(
    [...REQUEST, ["host", "a"], ["cookie", "c".repeat(long)]] as const,
  );
  const block = concat(
    random.pick([new Uint8Array(0), Uint8Array.of(0x82), Uint8Array.of(0x20), Uint8Array.of(0xff)]),
    literalBlock(...fields),
  );
  const cuts = random.list(0, 4, () => random.below(block.length)).sort((a, b) => a - b);
  return h2Flight(...before, ...inFrames(block, cuts));
}

/** A header block in a HEADERS frame and CONTINUATION frames, cut at these offsets. */
function inFrames(block: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const edges = [0, ...cuts, block.length];
  return edges.slice(1).map((end, i) =>
    h2Frame(
      i === 0 ? FRAME.headers : FRAME.continuation,
      i === edges.length - 2 ? END_HEADERS : 0,
      1,
      block.subarray(edges[i], end),
    )
  );
}
