/**
 * Opening of Initial packets against the samples of RFC 9001 Appendix A.2, A.3 and RFC 9369 Appendix A.2, A.3.
 *
 * @module
 */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { type InitialPacket, parseLongHeader } from "../../../../src/proto/quic/header.ts";
import { deriveInitialKeys, type Sender } from "../../../../src/proto/quic/initial_keys.ts";
import { headerMask, openInitial } from "../../../../src/proto/quic/packet_protection.ts";
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

  Deno.test(`sealInitial() reproduces the sample packets of ${version.name}`, () => {
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

Deno.test("openInitial() leaves datagram and keys as they are, even where they are Buffers", () => {
  const sealed = sealInitial({ packetNumber: 0x01020304, frames: [pingFrame()] });
  const { header, keys } = read(sealed);
  const key = Buffer.from(keys.key);
  const iv = Buffer.from(keys.iv);
  const hp = Buffer.from(keys.hp);
  const datagram = Buffer.from(sealed);
  for (let i = 0; i < 2; i++) {
    const payload = openInitial({ key, iv, hp }, datagram, header);
    assert.deepEqual(payload && Uint8Array.from(payload), Uint8Array.of(1));
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
  return openInitial(keys, packet, header);
}

function read(packet: Uint8Array, sender: Sender = "client") {
  const header = parseLongHeader(packet, 0);
  assert(header?.kind === "initial");
  const keys = deriveInitialKeys(header.version, SAMPLE_DCID, sender);
  return { header: header satisfies InitialPacket, keys };
}
