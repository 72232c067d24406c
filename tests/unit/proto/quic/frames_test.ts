/**
 * The frames of Initial packets.
 *
 * @module
 */

import assert from "node:assert/strict";
import { HandshakeStream } from "../../../../src/proto/tls/handshake_stream.ts";
import { readInitialFrames } from "../../../../src/proto/quic/frames.ts";
import { concat } from "../../../support/client_hello_builder.ts";
import {
  ackFrame,
  connectionCloseFrame,
  cryptoFrame,
  paddingFrames,
  pingFrame,
} from "../../../support/quic_initial_builder.ts";

Deno.test("readInitialFrames() takes CRYPTO data from among all frames that a client may send", () => {
  const stream = new HandshakeStream();
  const payload = concat(
    paddingFrames(3),
    ackFrame(),
    cryptoFrame(2, Uint8Array.of(3, 4)),
    pingFrame(),
    ackFrame(5, true),
    cryptoFrame(0, Uint8Array.of(1, 2)),
    connectionCloseFrame(),
    ackFrame(2),
    cryptoFrame(4, Uint8Array.of(5)),
    paddingFrames(1),
  );
  assert.equal(readInitialFrames(payload, stream), null);
  assert.deepEqual(stream.read(stream.available), Uint8Array.of(1, 2, 3, 4, 5));
});

Deno.test("readInitialFrames() gives the frames between CRYPTO frames as they are", () => {
  const runs = [
    concat(paddingFrames(2), ackFrame(3)),
    concat(pingFrame(), ackFrame(1, true)),
    connectionCloseFrame(),
  ];
  const seen: string[] = [];
  const fault = readInitialFrames(
    concat(
      ...[0, 1].flatMap((i) => [runs[i] ?? pingFrame(), cryptoFrame(i, Uint8Array.of(i))]),
      cryptoFrame(2, Uint8Array.of(2)),
      runs[2] ?? pingFrame(),
    ),
    {
      insert: (offset, data) => {
        seen.push(`${offset}:${data.toHex()}`);
        return null;
      },
      keep: (frames) => void seen.push(frames.toHex()),
    },
  );
  assert.equal(fault, null);
  const [first, second, third] = runs.map((run) => run.toHex());
  assert.deepEqual(seen, [first, "0:00", second, "1:01", "2:02", third]);
});

Deno.test("readInitialFrames() refuses frames that an Initial must not carry", () => {
  const allowed = [0x00, 0x01, 0x02, 0x03, 0x06, 0x1c];
  for (let type = 0; type < 256; type++) {
    if (allowed.includes(type)) continue;
    const payload = concat(Uint8Array.of(type), new Uint8Array(40));
    assert.equal(readInitialFrames(payload, new HandshakeStream()), "bad_value", `type ${type}`);
  }
});

Deno.test("readInitialFrames() refuses a packet without frames", () => {
  assert.equal(readInitialFrames(new Uint8Array(0), new HandshakeStream()), "bad_length");
});

Deno.test("readInitialFrames() refuses frames that end early", () => {
  for (
    const frame of [
      ackFrame(3),
      ackFrame(1, true),
      cryptoFrame(70, new Uint8Array(100)),
      connectionCloseFrame("reason"),
    ]
  ) {
    for (let length = 1; length < frame.length; length++) {
      const fault = readInitialFrames(frame.subarray(0, length), new HandshakeStream());
      assert.equal(fault, "bad_length", `type ${frame[0]}, ${length} of ${frame.length} bytes`);
    }
  }
});

Deno.test("readInitialFrames() ends on an ACK that claims more ranges than there are bytes", () => {
  const payload = Uint8Array.fromHex("020000ffffffffffffffff000000");
  assert.equal(readInitialFrames(payload, new HandshakeStream()), "bad_length");
});

Deno.test("readInitialFrames() passes on what the stream refuses", () => {
  const payload = concat(cryptoFrame(0, Uint8Array.of(1)), cryptoFrame(0, Uint8Array.of(2)));
  assert.equal(readInitialFrames(payload, new HandshakeStream()), "bad_value");
  const far = cryptoFrame(2 ** 40, Uint8Array.of(1));
  assert.equal(readInitialFrames(far, new HandshakeStream()), "too_long");
});
