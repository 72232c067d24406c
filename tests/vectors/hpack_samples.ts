/**
 * The examples of RFC 7541, Appendix C.
 *
 * @module
 */

/** Header blocks of one connection, with what they say. */
export interface HpackSequence {
  readonly section: string;
  readonly tableSize: number;
  readonly blocks: readonly string[];
  readonly fields: readonly (readonly (readonly [name: string, value: string])[])[];
}

const START = [[":method", "GET"], [":scheme", "http"], [":path", "/"], [
  ":authority",
  "www.example.com",
]] as const;

const REQUESTS = [
  START,
  [...START, ["cache-control", "no-cache"]],
  [
    [":method", "GET"],
    [":scheme", "https"],
    [":path", "/index.html"],
    [":authority", "www.example.com"],
    ["custom-key", "custom-value"],
  ],
] as const;

const LOCATION = ["location", "https://www.example.com"] as const;

const RESPONSES = [
  [
    [":status", "302"],
    ["cache-control", "private"],
    ["date", "Mon, 21 Oct 2013 20:13:21 GMT"],
    LOCATION,
  ],
  [
    [":status", "307"],
    ["cache-control", "private"],
    ["date", "Mon, 21 Oct 2013 20:13:21 GMT"],
    LOCATION,
  ],
  [
    [":status", "200"],
    ["cache-control", "private"],
    ["date", "Mon, 21 Oct 2013 20:13:22 GMT"],
    LOCATION,
    ["content-encoding", "gzip"],
    ["set-cookie", "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1"],
  ],
] as const;

/** Requests and responses, with and without the Huffman code; the responses evict entries of a small table. */
export const RFC_7541_SEQUENCES: readonly HpackSequence[] = [
  {
    section: "C.3",
    tableSize: 4096,
    blocks: [
      "828684410f7777772e6578616d706c652e636f6d",
      "828684be58086e6f2d6361636865",
      "828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565",
    ],
    fields: REQUESTS,
  },
  {
    section: "C.4",
    tableSize: 4096,
    blocks: [
      "828684418cf1e3c2e5f23a6ba0ab90f4ff",
      "828684be5886a8eb10649cbf",
      "828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf",
    ],
    fields: REQUESTS,
  },
  {
    section: "C.5",
    tableSize: 256,
    blocks: [
      "4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d546e17" +
      "68747470733a2f2f7777772e6578616d706c652e636f6d",
      "4803333037c1c0bf",
      "88c1611d4d6f6e2c203231204f637420323031332032303a31333a323220474d54c05a04677a69707738666f6f3d41" +
      "53444a4b48514b425a584f5157454f50495541585157454f49553b206d61782d6167653d333630303b207665727369" +
      "6f6e3d31",
    ],
    fields: RESPONSES,
  },
  {
    section: "C.6",
    tableSize: 256,
    blocks: [
      "488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97" +
      "c8e9ae82ae43d3",
      "4883640effc1c0bf",
      "88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd" +
      "5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007",
    ],
    fields: RESPONSES,
  },
];
