/**
 * Opening and sealing of Initial packets against the samples of RFC 9001 Appendix A.2, A.3 and RFC 9369 Appendix A.2, A.3.
 *
 * @module
 */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { type InitialPacket, parseLongHeader } from "../../../../src/proto/quic/header.ts";
import { deriveInitialKeys, type Sender } from "../../../../src/proto/quic/initial_keys.ts";
import {
  decodePacketNumber,
  headerMask,
  openInitial,
  sealInitial as seal,
} from "../../../../src/proto/quic/packet_protection.ts";
import { findQuicVersion, QUIC_V1, QUIC_V2 } from "../../../../src/proto/quic/versions.ts";
import {
  paddingFrames,
  pingFrame,
  SAMPLE_DCID,
  sealInitial,
} from "../../../support/quic_initial_builder.ts";
import { RFC_9001_SAMPLES, RFC_9369_SAMPLES } from "../../../vectors/quic_samples.ts";

for (const samples of [RFC_9001_SAMPLES, RFC_9369_SAMPLES]) {
  const version = findQuicVersion(samples.version);
  assert(version !== undefined);

  Deno.test(`openInitial() opens the client's sample packet of ${version.name}`, () => {
    const packet = Uint8Array.fromHex(samples.client.packet);
    assert.equal(open(packet)?.toHex(), samples.client.frames.padEnd(2 * 1162, "0"));
  });

  Deno.test(`openInitial() opens the server's sample packet of ${version.name}`, () => {
    const packet = Uint8Array.fromHex(samples.server.packet);
    assert.equal(open(packet, "server")?.toHex(), samples.server.frames);
  });

  Deno.test(`headerMask() gives the sample masks of ${version.name}`, () => {
    for (const sender of ["client", "server"] as const) {
      const keys = deriveInitialKeys(version, SAMPLE_DCID, sender);
      const mask = headerMask(keys, Uint8Array.fromHex(samples[sender].sample));
      assert.equal(mask.subarray(0, 5).toHex(), samples[sender].mask);
    }
  });

  Deno.test(`sealInitial() seals the sample packets of ${version.name}`, () => {
    for (const sender of ["client", "server"] as const) {
      const { header, packetNumber, frames, packet } = samples[sender];
      const payload = Uint8Array.fromHex(
        sender === "client" ? frames.padEnd(2 * 1162, "0") : frames,
      );
      const keys = deriveInitialKeys(version, SAMPLE_DCID, sender);
      const sealed = seal(keys, { header: Uint8Array.fromHex(header), packetNumber, payload });
      assert.equal(sealed.toHex(), packet);
    }
  });

  Deno.test(`the packets that tests seal are as the samples of ${version.name}`, () => {
    const { client, server } = samples;
    const fromClient = sealInitial({
      version,
      packetNumber: client.packetNumber,
      packetNumberLength: client.packetNumberLength,
      frames: [Uint8Array.fromHex(client.frames.padEnd(2 * 1162, "0"))],
    });
    assert.equal(fromClient.toHex(), client.packet);
    const fromServer = sealInitial({
      version,
      dcid: new Uint8Array(0),
      scid: Uint8Array.fromHex("f067a5502a4262b5"),
      keyDcid: SAMPLE_DCID,
      sender: "server",
      packetNumber: server.packetNumber,
      packetNumberLength: server.packetNumberLength,
      frames: [Uint8Array.fromHex(server.frames)],
    });
    assert.equal(fromServer.toHex(), server.packet);
  });
}

Deno.test("openInitial() opens packet numbers of every length", () => {
  const numbers = [[1, 0xff], [2, 0xfffe], [3, 0xabcdef], [4, 2 ** 31]] as const;
  for (const [packetNumberLength, packetNumber] of numbers) {
    for (const version of [QUIC_V1, QUIC_V2]) {
      const packet = sealInitial({
        version,
        packetNumber,
        packetNumberLength,
        frames: [pingFrame(), paddingFrames(30)],
      });
      assert.equal(open(packet)?.length, 31, `${packetNumberLength} bytes, ${version.name}`);
    }
  }
});

Deno.test("sealInitial() gives back the packet that was opened, whatever its number is a part of", () => {
  const numbers = [[1, 0x1ff], [2, 0x1_fffe], [3, 2 ** 31 + 5], [4, 2 ** 40 + 7]] as const;
  for (const [packetNumberLength, packetNumber] of numbers) {
    const { header, keys } = read(sealInitial({ packetNumberLength, frames: [paddingFrames(30)] }));
    const opened = openInitial(
      keys,
      sealInitial({ packetNumberLength, frames: [paddingFrames(30)] }),
      header,
    );
    assert(opened !== null);
    const numbered = opened.header.slice();
    for (let i = 1; i <= packetNumberLength; i++) {
      numbered[numbered.length - i] = Math.floor(packetNumber / 256 ** (i - 1));
    }
    const sealed = seal(keys, { ...opened, header: numbered, packetNumber });
    const again = openInitial(keys, sealed, header, packetNumber - 3);
    assert.equal(again?.packetNumber, packetNumber);
    assert.deepEqual(again && seal(keys, again), sealed);
    assert.equal(openInitial(keys, sealed, header), null, "taken as it stands it is another");
  }
});

Deno.test("decodePacketNumber() finds the number closest to the one that is expected", () => {
  assert.equal(decodePacketNumber(0x9b32, 2, 0xa82f30ea), 0xa82f9b32); // RFC 9000 §A.3
  const cases = [
    { low: 0, length: 1, largest: -1, number: 0 },
    { low: 200, length: 1, largest: -1, number: 200 },
    { low: 0xffff_ffff, length: 4, largest: -1, number: 0xffff_ffff },
    { low: 0x80, length: 1, largest: 0xff, number: 0x180 },
    { low: 0x81, length: 1, largest: 0xff, number: 0x81 },
    { low: 0x00, length: 1, largest: 0xf0, number: 0x100 },
    { low: 0xf0, length: 1, largest: 0x102, number: 0xf0 },
    { low: 3, length: 2, largest: 2 ** 40 + 1, number: 2 ** 40 + 3 },
  ];
  for (const { low, length, largest, number } of cases) {
    assert.equal(decodePacketNumber(low, length, largest), number, `${low} after ${largest}`);
  }
});

Deno.test("openInitial() leaves datagram and keys as they are, even where they are Buffers", () => {
  const sealed = sealInitial({ packetNumber: 0x01020304, frames: [pingFrame()] });
  const { header, keys } = read(sealed);
  const key = Buffer.from(keys.key);
  const iv = Buffer.from(keys.iv);
  const hp = Buffer.from(keys.hp);
  const datagram = Buffer.from(sealed);
  for (let i = 0; i < 2; i++) {
    const opened = openInitial({ key, iv, hp }, datagram, header);
    assert.deepEqual(opened?.payload, Uint8Array.of(1)); // no Buffer either
  }
  assert.equal(datagram.toString("hex"), sealed.toHex());
});

Deno.test("openInitial() opens nothing when any byte is changed", () => {
  const sealed = sealInitial({
    token: Uint8Array.of(1, 2, 3),
    frames: [pingFrame(), paddingFrames(4)],
  });
  const { header, keys } = read(sealed);
  for (let i = 0; i < sealed.length; i++) {
    const changed = sealed.slice();
    changed[i] = (changed[i] ?? 0) ^ 0x01;
    assert.equal(openInitial(keys, changed, header), null, `byte ${i}`);
  }
});

Deno.test("openInitial() opens nothing under the keys of the other side, version or connection", () => {
  const sealed = sealInitial({ frames: [pingFrame()] });
  const { header } = read(sealed);
  for (
    const keys of [
      deriveInitialKeys(QUIC_V1, SAMPLE_DCID, "server"),
      deriveInitialKeys(QUIC_V2, SAMPLE_DCID, "client"),
      deriveInitialKeys(QUIC_V1, new Uint8Array(8), "client"),
    ]
  ) {
    assert.equal(openInitial(keys, sealed, header), null);
  }
});

Deno.test("openInitial() opens nothing that is too short for a sample", () => {
  const sealed = sealInitial({ frames: [pingFrame()] });
  const { header, keys } = read(sealed);
  for (let end = header.numberStart; end < header.numberStart + 20; end++) {
    assert.equal(openInitial(keys, sealed, { ...header, end }), null, `${end}`);
  }
});

function open(packet: Uint8Array, sender: Sender = "client"): Uint8Array | null {
  const { header, keys } = read(packet, sender);
  return openInitial(keys, packet, header)?.payload ?? null;
}

function read(packet: Uint8Array, sender: Sender = "client") {
  const header = parseLongHeader(packet, 0);
  assert(header?.kind === "initial");
  const keys = deriveInitialKeys(header.version, SAMPLE_DCID, sender);
  return { header: header satisfies InitialPacket, keys };
}
