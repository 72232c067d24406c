/**
 * QUIC detection, flow by flow.
 *
 * @module
 */

import assert from "node:assert/strict";
import { MAX_COALESCED_PACKETS, MAX_HELD_DATAGRAMS } from "../../../../src/model/limits.ts";
import type { Detected } from "../../../../src/model/protocol.ts";
import type { Verdict } from "../../../../src/model/verdict.ts";
import { plainMatch } from "../../../../src/proto/detector.ts";
import { QuicDetector } from "../../../../src/proto/quic/detect.ts";
import { QUIC_V1, QUIC_V2, QUIC_VERSIONS } from "../../../../src/proto/quic/versions.ts";
import { buildClientHello, concat } from "../../../support/client_hello_builder.ts";
import {
  ackFrame,
  connectionCloseFrame,
  cryptoFrame,
  invariantDatagram,
  longHeaderPacket,
  pingFrame,
  sealClientHello,
  sealInitial,
  sealInitialDatagram,
} from "../../../support/quic_initial_builder.ts";
import { RFC_9001_SAMPLES, RFC_9369_SAMPLES } from "../../../vectors/quic_samples.ts";

const HELLO = buildClientHello({ serverName: "Quic.Example.", alpn: ["h3", "hq-interop"] });
const OTHER_DCID = Uint8Array.fromHex("00112233445566778899");
const DETECTED: Detected = {
  protocol: "quic",
  sni: "quic.example",
  alpn: ["h3", "hq-interop"],
  ech: false,
  version: "QUIC v1",
  consumed: 1,
};
/** A first datagram whose hello is not whole. */
const HALF = sealInitialDatagram({ frames: [cryptoFrame(0, HELLO.subarray(0, 50))] });
/** What completes {@linkcode HALF}. */
const OTHER_HALF = sealInitialDatagram({
  packetNumber: 1,
  frames: [cryptoFrame(50, HELLO.subarray(50))],
});

Deno.test("QuicDetector.detect() holds no more pieces for many connections than for one", () => {
  const pieces = 200;
  const scattered = (count: number) =>
    sealInitialDatagram({
      frames: Array.from({ length: count }, (_, i) => cryptoFrame(2 * i, Uint8Array.of(1))),
    });
  const cut = sealInitialDatagram({
    dcid: OTHER_DCID,
    frames: Array.from(
      { length: pieces },
      (_, i) => cryptoFrame(i, HELLO.subarray(i, i < pieces - 1 ? i + 1 : undefined)),
    ).reverse(),
  });
  matches([scattered(1), cut], { ...DETECTED, consumed: 2 });
  const detector = new QuicDetector();
  assert.equal(detector.detect([scattered(pieces), cut]).kind, "needMore");
});

Deno.test("QuicDetector.detect() reads the client's sample packets of RFC 9001 and RFC 9369", () => {
  for (
    const [samples, version] of [
      [RFC_9001_SAMPLES, "QUIC v1"],
      [RFC_9369_SAMPLES, "QUIC v2"],
    ] as const
  ) {
    matches([Uint8Array.fromHex(samples.client.packet)], {
      ...DETECTED,
      sni: "example.com",
      alpn: ["alpn"],
      version,
    });
  }
});

Deno.test("QuicDetector.detect() does not take a server's Initial for a client's", () => {
  // Its keys come from a connection ID that it does not carry.
  for (const samples of [RFC_9001_SAMPLES, RFC_9369_SAMPLES]) {
    assert.equal(detect([Uint8Array.fromHex(samples.server.packet)]).kind, "noMatch");
    assert.equal(detect([Uint8Array.fromHex(samples.retry)]).kind, "noMatch");
  }
});

Deno.test("QuicDetector.detect() names the version", () => {
  for (const version of QUIC_VERSIONS) {
    matches([sealClientHello(HELLO, { version })], { ...DETECTED, version: version.name });
  }
});

Deno.test("QuicDetector.detect() tells a hello without a name, and one with ECH", () => {
  matches([sealClientHello(buildClientHello())], { ...DETECTED, sni: null, alpn: [] });
  const ech = buildClientHello({ serverName: "outer.example", echPayloadLength: 100 });
  matches([sealClientHello(ech)], { ...DETECTED, sni: "outer.example", alpn: [], ech: true });
});

Deno.test("QuicDetector.detect() reads Initials with tokens and cleared QUIC bits", () => {
  matches([sealClientHello(HELLO, { token: new Uint8Array(400).fill(9) })], DETECTED);
  matches([sealClientHello(HELLO, { flipFirst: 0x40 })], DETECTED);
});

Deno.test("QuicDetector.detect() passes over reserved bits, which are the backend's to refuse", () => {
  matches([sealClientHello(HELLO, { flipFirst: 0x0c })], DETECTED);
});

Deno.test("QuicDetector.detect() reads Initials smaller than 1,200 bytes", () => {
  matches([sealInitial({ frames: [cryptoFrame(0, HELLO)] })], DETECTED);
});

Deno.test("QuicDetector.detect() waits for the rest of a hello, in any order", () => {
  for (const held of [[HALF, OTHER_HALF], [OTHER_HALF, HALF], [HALF, HALF, OTHER_HALF]]) {
    matches(held, { ...DETECTED, consumed: held.length });
  }
});

Deno.test("QuicDetector.detect() takes other frames between CRYPTO frames", () => {
  matches([
    sealInitialDatagram({
      frames: [
        pingFrame(),
        cryptoFrame(60, HELLO.subarray(60)),
        ackFrame(2, true),
        cryptoFrame(0, HELLO.subarray(0, 30)),
        connectionCloseFrame(),
        cryptoFrame(20, HELLO.subarray(20, 70)),
      ],
    }),
  ], DETECTED);
});

Deno.test("QuicDetector.detect() reads Initials among coalesced packets", () => {
  const zeroRtt = longHeaderPacket("zeroRtt", new Uint8Array(200).fill(1));
  const initial = sealInitial({ frames: [cryptoFrame(0, HELLO)] });
  const shortHeader = new Uint8Array(60).fill(0x40);
  matches([concat(initial, zeroRtt, shortHeader)], DETECTED);
  matches([concat(zeroRtt, initial)], DETECTED);
  matches([concat(longHeaderPacket("handshake", new Uint8Array(30)), initial)], DETECTED);
  matches([
    concat(
      sealInitial({ packetNumber: 7, frames: [cryptoFrame(50, HELLO.subarray(50))] }),
      zeroRtt,
      sealInitial({ packetNumber: 3, frames: [cryptoFrame(0, HELLO.subarray(0, 50))] }),
    ),
  ], DETECTED);
});

Deno.test("QuicDetector.detect() ignores coalesced packets of another connection", () => {
  const ping = sealInitial({ frames: [pingFrame()] });
  const foreign = sealInitial({ dcid: OTHER_DCID, frames: [cryptoFrame(0, HELLO)] });
  assert.equal(detect([concat(ping, foreign)]).kind, "needMore");
});

Deno.test("QuicDetector.detect() waits when 0-RTT has overtaken its Initial", () => {
  const zeroRtt = longHeaderPacket("zeroRtt", new Uint8Array(1100).fill(1));
  assert.equal(detect([zeroRtt]).kind, "needMore");
  matches([zeroRtt, sealClientHello(HELLO)], { ...DETECTED, consumed: 2 });
});

Deno.test("QuicDetector.detect() knows a client again after a Retry", () => {
  const retried = { dcid: OTHER_DCID, token: new Uint8Array(80), packetNumber: 2 };
  matches([HALF, sealClientHello(HELLO, retried)], { ...DETECTED, consumed: 2 });
  matches(
    [
      HALF,
      sealInitialDatagram({ ...retried, frames: [cryptoFrame(50, HELLO.subarray(50))] }),
      sealInitialDatagram({ ...retried, frames: [cryptoFrame(0, HELLO.subarray(0, 50))] }),
    ],
    { ...DETECTED, consumed: 3 },
  );
});

Deno.test("QuicDetector.detect() does not mix the hellos of two connections", () => {
  const other = buildClientHello({ serverName: "other.example" });
  const first = sealInitialDatagram({
    dcid: OTHER_DCID,
    frames: [cryptoFrame(0, other.subarray(0, 60))],
  });
  matches([HALF, first, OTHER_HALF], { ...DETECTED, consumed: 3 });
  // The same connection ID under another version is another connection, too.
  const v2 = sealInitialDatagram({
    version: QUIC_V2,
    frames: [cryptoFrame(50, HELLO.subarray(50))],
  });
  assert.equal(detect([HALF, v2]).kind, "needMore");
  matches([HALF, sealClientHello(HELLO, { version: QUIC_V2 })], {
    ...DETECTED,
    version: "QUIC v2",
    consumed: 2,
  });
});

Deno.test("QuicDetector.detect() is not put off by what comes after an authentic Initial", () => {
  const forged = sealClientHello(buildClientHello({ serverName: "forged.example" }));
  forged[1199] = (forged[1199] ?? 0) ^ 1;
  const strays: [string, Uint8Array][] = [
    ["an empty datagram", new Uint8Array(0)],
    ["a DNS query", Uint8Array.fromHex("12340100000100000000000003777777")],
    ["a forged Initial", forged],
    ["a truncated Initial", OTHER_HALF.subarray(0, 900)],
    ["an unknown version", invariantDatagram(0x1a2a3a4a)],
    ["a Handshake packet", longHeaderPacket("handshake", new Uint8Array(100))],
    ["a short header packet", new Uint8Array(100).fill(0x45)],
    [
      "a broken other connection",
      sealInitialDatagram({ dcid: OTHER_DCID, frames: [Uint8Array.of(0x30)] }),
    ],
  ];
  for (const [name, stray] of strays) {
    matches([HALF, stray, OTHER_HALF], { ...DETECTED, consumed: 3 }, name);
  }
});

Deno.test("QuicDetector.detect() reads nothing more of another connection that was broken", () => {
  const broken = sealInitialDatagram({ dcid: OTHER_DCID, frames: [Uint8Array.of(0x30)] });
  const whole = sealClientHello(buildClientHello(), { dcid: OTHER_DCID, packetNumber: 1 });
  assert.equal(detect([HALF, broken, whole]).kind, "needMore");
  matches([HALF, broken, whole, OTHER_HALF], { ...DETECTED, consumed: 4 });
});

Deno.test("QuicDetector.detect() says no at once to a first datagram that proves nothing", () => {
  const changed = sealClientHello(HELLO);
  changed[600] = (changed[600] ?? 0) ^ 1;
  const others: [string, Uint8Array][] = [
    ["an empty datagram", new Uint8Array(0)],
    ["one byte", Uint8Array.of(0xc0)],
    ["zeros", new Uint8Array(1200)],
    ["a changed Initial", changed],
    ["a truncated Initial", sealClientHello(HELLO).subarray(0, 1199)],
    ["keys of another connection", sealClientHello(HELLO, { keyDcid: OTHER_DCID })],
    [
      "a changed Initial before 0-RTT",
      concat(changed, longHeaderPacket("zeroRtt", new Uint8Array(50))),
    ],
    ["a Handshake packet", longHeaderPacket("handshake", new Uint8Array(1100))],
    ["a short header packet", new Uint8Array(1200).fill(0x45)],
    ["Version Negotiation", invariantDatagram(0)],
    ["an unknown version below 1,200 bytes", invariantDatagram(0x1a2a3a4a, { size: 1199 })],
    ["an unknown version without the QUIC bit", invariantDatagram(0x1a2a3a4a, { first: 0x80 })],
    [
      "an unknown version with a short ID",
      invariantDatagram(0x1a2a3a4a, { dcid: new Uint8Array(7) }),
    ],
    [
      "an unknown version with a long ID",
      invariantDatagram(0x1a2a3a4a, { dcid: new Uint8Array(21) }),
    ],
    [
      "an unknown version with a long source ID",
      invariantDatagram(0x1a2a3a4a, { scid: new Uint8Array(21) }),
    ],
  ];
  for (const [name, datagram] of others) {
    assert.equal(detect([datagram]).kind, "noMatch", name);
    assert.equal(detect([datagram, sealClientHello(HELLO)]).kind, "noMatch", `${name}: final`);
  }
});

Deno.test("QuicDetector.detect() matches clients of other versions without a name", () => {
  // 0x1a2a3a4a is of the pattern that forces Version Negotiation (RFC 9000 §15).
  for (
    const [id, version] of [
      [0x1a2a3a4a, "QUIC 0x1a2a3a4a"],
      [0xfaceb002, "QUIC 0xfaceb002"],
      [0x00000002, "QUIC 0x00000002"],
      [0xff00001c, "QUIC 0xff00001c"],
      [0xff000023, "QUIC 0xff000023"],
    ] as const
  ) {
    matches([invariantDatagram(id)], { ...DETECTED, sni: null, alpn: [], version });
    matches([invariantDatagram(id, { dcid: new Uint8Array(20), scid: new Uint8Array(20) })], {
      ...DETECTED,
      sni: null,
      alpn: [],
      version,
    });
  }
});

Deno.test("QuicDetector.detect() calls an authentic Initial that breaks the rules malformed", () => {
  const faults: [string, readonly Uint8Array[], string][] = [
    ["a STREAM frame", [Uint8Array.of(0x08, 0, 1, 2)], "bad_value"],
    ["a truncated frame", [cryptoFrame(0, HELLO).subarray(0, 40)], "bad_length"],
    ["a ServerHello", [cryptoFrame(0, Uint8Array.of(2, 0, 0, 2, 3, 3))], "bad_value"],
    ["a hello of 16 MiB", [cryptoFrame(0, Uint8Array.of(1, 0xff, 0xff, 0xff))], "too_long"],
    ["a far offset", [cryptoFrame(2 ** 30, Uint8Array.of(1))], "too_long"],
    ["a broken hello", [cryptoFrame(0, Uint8Array.of(1, 0, 0, 2, 3, 3))], "bad_length"],
    [
      "two contents",
      [cryptoFrame(9, HELLO.subarray(0, 5)), cryptoFrame(8, HELLO.subarray(0, 5))],
      "bad_value",
    ],
  ];
  for (const [name, frames, code] of faults) {
    // No padding: a cut frame would go on into it.
    const datagram = sealInitial({ frames });
    assert.deepEqual(detect([datagram]), { kind: "malformed", code }, name);
    assert.deepEqual(
      detect([HALF.slice(), sealInitial({ packetNumber: 9, frames })]).kind,
      "malformed",
      name,
    );
  }
});

Deno.test("QuicDetector.detect() leaves alone what follows the hello in the stream", () => {
  matches([sealClientHello(concat(HELLO, Uint8Array.of(2, 0, 0, 0)))], DETECTED);
});

Deno.test("QuicDetector.detect() comes to an end when a hello never becomes whole", () => {
  const pings = Array.from(
    { length: MAX_HELD_DATAGRAMS },
    (_, i) => sealInitialDatagram({ packetNumber: i, frames: [pingFrame()] }),
  );
  assert.equal(detect(pings.slice(1)).kind, "needMore");
  assert.deepEqual(detect(pings), plainMatch("quic", "QUIC v1", MAX_HELD_DATAGRAMS));
  const zeroRtt = longHeaderPacket("zeroRtt", new Uint8Array(1100));
  assert.equal(detect(new Array(MAX_HELD_DATAGRAMS).fill(zeroRtt)).kind, "noMatch");
});

Deno.test("QuicDetector.atEnd() says QUIC without a name once an Initial was authentic", () => {
  const ended = (...held: Uint8Array[]) => {
    const detector = new QuicDetector();
    assert.equal(detector.detect(held).kind, "needMore");
    return detector.atEnd();
  };
  const zeroRtt = longHeaderPacket("zeroRtt", new Uint8Array(1100));
  const stray = new Uint8Array(40);
  assert.deepEqual(ended(HALF), plainMatch("quic", "QUIC v1", 1));
  assert.deepEqual(ended(zeroRtt, HALF, stray), plainMatch("quic", "QUIC v1", 3));
  assert.equal(ended(zeroRtt).kind, "noMatch");
});

Deno.test("QuicDetector.detect() looks at no more coalesced packets than any client sends", () => {
  const ping = sealInitial({ frames: [pingFrame()] });
  const hello = sealInitial({ packetNumber: 1, frames: [cryptoFrame(0, HELLO)] });
  const pings = (count: number) => Array.from({ length: count }, () => ping);
  matches([concat(...pings(MAX_COALESCED_PACKETS - 1), hello)], DETECTED);
  assert.equal(detect([concat(...pings(MAX_COALESCED_PACKETS), hello)]).kind, "needMore");
});

Deno.test("QuicDetector.detect() keeps nothing of the datagrams that it was shown", () => {
  const detector = new QuicDetector();
  const first = HALF.slice();
  const held = [first];
  assert.equal(detector.detect(held).kind, "needMore");
  first.fill(0);
  const verdict = detector.detect([first, OTHER_HALF]);
  assert.deepEqual(verdict, { kind: "match", value: { ...DETECTED, consumed: 2 } });
});

Deno.test("QuicDetector.detect() waits while there is no datagram", () => {
  const detector = new QuicDetector();
  assert.equal(detector.detect([]).kind, "needMore");
  assert.equal(detector.detect([sealClientHello(HELLO)]).kind, "match");
});

Deno.test("QuicDetector.detect() reads drafts 29 to 34 with the salts that each of them has", () => {
  // Salts as in draft-ietf-quic-tls-29 §5.2 and draft-ietf-quic-tls-33 §5.2.
  const early = Uint8Array.fromHex("afbfec289993d24c9e9786f19c6111e04390a899");
  const late = Uint8Array.fromHex("38762cf7f55934b34d179ae6a4c80cadccbb7f0a");
  for (const draft of [29, 30, 31, 32, 33, 34]) {
    const version = { ...QUIC_V1, id: 0xff000000 + draft };
    const [own, other] = draft < 33 ? [early, late] : [late, early];
    matches([sealClientHello(HELLO, { version: { ...version, initialSalt: own } })], {
      ...DETECTED,
      version: `QUIC draft-${draft}`,
    });
    const wrong = sealClientHello(HELLO, { version: { ...version, initialSalt: other } });
    assert.equal(detect([wrong]).kind, "noMatch");
  }
});

function detect(held: readonly Uint8Array[]): Verdict<Detected> {
  return new QuicDetector().detect(held);
}

/** All of `held` is needed for the match, whether it is shown at once or one datagram more each time. */
function matches(held: readonly Uint8Array[], value: Detected, message?: string): void {
  assert.deepEqual(detect(held), { kind: "match", value }, message);
  const detector = new QuicDetector();
  for (let count = 1; count < held.length; count++) {
    assert.equal(detector.detect(held.slice(0, count)).kind, "needMore", message);
  }
  assert.deepEqual(detector.detect(held), { kind: "match", value }, message);
}
