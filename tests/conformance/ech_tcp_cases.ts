/**
 * What becomes of TLS clients with ECH, and with them of every relay that a filter sees.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { EchSettings } from "../../src/model/ech.ts";
import type { EndReason } from "../../src/model/flow.ts";
import { ECH_RETRY_TIMEOUT } from "../../src/model/limits.ts";
import type { Service } from "../../src/model/snapshot.ts";
import { parseProxyHeader } from "../../src/proto/proxy_protocol.ts";
import { ALERT, encodeAlertRecord } from "../../src/proto/tls/alert.ts";
import { toRecords } from "../support/client_hello_builder.ts";
import { EchClient, echKey, echSettings, greaseHello, nameMap } from "../support/ech_client.ts";
import { PUBLIC_KEY, RETRY } from "../support/retry_rejection.ts";
import { protocolRoutes, service } from "../support/snapshot_builder.ts";
import {
  CCS,
  EARLY_DATA,
  FIRST,
  FIRST_RECORDS,
  HANDSHAKE_KEY,
  record,
  RETRY_REQUEST,
  SECOND,
  SERVER_HELLO,
} from "../support/split_handshake.ts";
import { Tls13Client } from "../support/tls13_client.ts";
import { ascii, concat, pattern, readAll, readExactly, Rig, text, waitForEnd } from "./rig.ts";
import type { Cases } from "./suite.ts";
import { PeerReset, type TcpBackend, type TcpPeer, type World } from "./world.ts";
import { MOST_BUFFERED, writeUntilStuck } from "./write_until_stuck.ts";

/** A proxy with a private backend, a public one, and one for plaintext. */
interface Stage {
  readonly rig: Rig;
  readonly hidden: TcpBackend;
  readonly outer: TcpBackend;
  readonly plaintext: TcpBackend;
  /** A new client. */
  readonly connect: () => Promise<TcpPeer>;
}

const MIB = 1024 * 1024;
const INNER_RECORDS = toRecords(FIRST.inner);
const SECOND_RECORDS = toRecords(SECOND.outer, [16384], 0x0303);

/** An inner name that nobody serves. */
const STRANGER = EchClient.seeded(HANDSHAKE_KEY).hello({ inner: { serverName: "else.example" } });

export const ECH_TCP_CASES: Cases = {
  "puts an inner hello in the place of its outer one, and says where it went": async (world) => {
    const stage = await start(world);
    const { client, target } = await open(stage);
    await target.write(SERVER_HELLO);
    assert.deepEqual(await readExactly(client, SERVER_HELLO.length), SERVER_HELLO);
    await Promise.all([client.write(CCS), client.closeWrite(), target.closeWrite()]);
    assert.deepEqual(await readAll(target), CCS);
    await readAll(client);
    const [flow] = await stage.rig.finishedFlows(1);
    assert.equal(flow?.record.service?.name, "hidden");
    assert.equal(flow?.record.detected?.sni, "public.example");
    assert.deepEqual(flow?.record.ech, {
      ...{ status: "accepted", publicName: "public.example", configId: 7 },
      innerName: null,
    });
    assert.deepEqual(
      [flow.end.outcome.reason, flow.end.bytesUp, flow.end.bytesDown],
      ["done", INNER_RECORDS.length + CCS.length, SERVER_HELLO.length],
    );
    assert.equal(stage.rig.engine.stats().echAccepted, 1);
  },

  "leads hellos that no key opens by their outer name, unchanged": async (world) => {
    const stage = await start(world);
    const grease = toRecords(greaseHello(99, { spec: { serverName: "public.example" } }));
    const client = await stage.connect();
    await client.write(grease);
    const target = await stage.outer.accept();
    assert.deepEqual(await readExactly(target, grease.length), grease);
    const [flow] = await stage.rig.startedFlows(1);
    assert.deepEqual([flow?.service?.name, flow?.ech?.status], ["tls", "grease"]);
    await stage.rig.until(() => stage.rig.engine.stats().echGrease === 1);
  },

  "sends a PROXY header before an inner hello, and counts it not": async (world) => {
    const stage = await start(world, { hiddenPart: { sendProxyProtocol: "v2" } });
    const client = await stage.connect();
    await client.write(FIRST_RECORDS);
    const target = await stage.hidden.accept();
    const received = await readExactly(target, 28 + INNER_RECORDS.length);
    const header = parseProxyHeader(received);
    assert.equal(header.kind === "match" && header.value.length, 28);
    assert.deepEqual(received.subarray(28), INNER_RECORDS);
    await target.write(SERVER_HELLO);
    await readExactly(client, SERVER_HELLO.length);
    client.reset();
    const [flow] = await stage.rig.finishedFlows(1);
    assert.equal(flow?.end.bytesUp, INNER_RECORDS.length);
  },

  "opens a second hello after a HelloRetryRequest": async (world) => {
    const { client, target } = await open(await start(world));
    await client.write(EARLY_DATA);
    await readExactly(target, EARLY_DATA.length);
    await target.write(concat([RETRY_REQUEST, CCS]));
    await readExactly(client, RETRY_REQUEST.length + CCS.length);
    const second = concat([CCS, toRecords(SECOND.inner, [16384], 0x0303)]);
    for (const piece of [CCS, ...cutInto(SECOND_RECORDS, 50)]) await client.write(piece);
    assert.deepEqual(await readExactly(target, second.length), second);
    await assertRaw(client, target);
  },

  "carries megabytes both ways that come at once when its filter steps out": async (world) => {
    const { client, target } = await open(await start(world));
    const early = concat(Array.from({ length: 1500 }, () => EARLY_DATA));
    const [up, down] = [pattern(16 * MIB, 5), pattern(16 * MIB, 6)];
    const received = readExactly(target, early.length + up.length);
    const answered = readExactly(client, SERVER_HELLO.length + down.length);
    const writes = [client.write(early), target.write(concat([SERVER_HELLO, down]))];
    // Not before it has stepped out: the client's bytes are no records.
    await answered.then(() => client.write(up));
    await Promise.all(writes);
    assert.ok(equal(await received, concat([early, up])), "all that the client sent");
    assert.ok(equal(await answered, concat([SERVER_HELLO, down])), "all that the target sent");
  },

  "takes no more of a client than a target reads while its filter looks on": async (world) => {
    const { client, target } = await open(await start(world));
    const early = concat(Array.from({ length: 100 }, () => EARLY_DATA));
    const written = await writeUntilStuck(world, client, early);
    assert.ok(written < MOST_BUFFERED, `${written} bytes were taken`);
    await assertReads(target, early, written);
    await target.write(SERVER_HELLO);
    assert.deepEqual(await readExactly(client, SERVER_HELLO.length), SERVER_HELLO);
  },

  "passes a client's end on behind its hello, and the answer back": async (world) => {
    const stage = await start(world);
    const client = await stage.connect();
    await client.write(FIRST_RECORDS);
    await client.closeWrite();
    const target = await stage.hidden.accept();
    assert.deepEqual(await readAll(target), INNER_RECORDS);
    await target.write(concat([SERVER_HELLO, EARLY_DATA]));
    await target.closeWrite();
    assert.deepEqual(await readAll(client), concat([SERVER_HELLO, EARLY_DATA]));
    await assertEnded(stage, "done");
  },

  "passes a target's end on that has not answered the hello": async (world) => {
    const stage = await start(world);
    const { client, target } = await open(stage);
    await target.closeWrite();
    assert.equal(await client.read(), null);
    await client.write(EARLY_DATA);
    await client.closeWrite();
    assert.deepEqual(await readAll(target), EARLY_DATA);
    await assertEnded(stage, "done");
  },

  "ends the target when the client is reset while a filter looks on": async (world) => {
    const stage = await start(world);
    const { client, target } = await open(stage);
    client.reset();
    await waitForEnd(target);
    await assertEnded(stage, "client_reset");
  },

  "ends the client when the target is reset while a filter looks on": async (world) => {
    const stage = await start(world);
    const { client, target } = await open(stage);
    target.reset();
    await waitForEnd(client);
    await assertEnded(stage, "target_reset");
  },

  "ends a relay on which nothing moves while a filter looks on": async (world) => {
    const stage = await start(world, { hiddenPart: { idleMs: 100 } });
    const { client } = await open(stage);
    await waitForEnd(client);
    await assertEnded(stage, "idle");
  },

  "lets a client read what is wrong with its hello, whatever it sends behind": async (world) => {
    const stage = await start(world);
    const alert = encodeAlertRecord(ALERT.unrecognizedName);
    const hello = toRecords(STRANGER.outer);
    const flood = concat(Array.from({ length: 200 }, () => EARLY_DATA));
    for (const [index, behind] of [[], EARLY_DATA, flood].entries()) {
      const client = await stage.connect();
      const writing = client.write(concat([hello, Uint8Array.from(behind)])).catch(ignoreReset);
      assert.deepEqual(await readAll(client), alert);
      await writing;
      await client.closeWrite().catch(ignoreReset);
      await assertEnded(stage, "ech_unserved", index + 1);
    }
    assert.equal(stage.rig.engine.stats().echFaults, 3);
    assert.deepEqual(stage.rig.started, []);
  },

  "lets a client read what is wrong with its second hello": async (world) => {
    const stage = await start(world);
    const outer = SECOND.outer.slice().fill(0, SECOND.payloadStart, SECOND.payloadEnd);
    const broken = toRecords(outer, [16384], 0x0303);
    const alert = encodeAlertRecord(ALERT.decryptError);
    const flood = concat(Array.from({ length: 200 }, () => EARLY_DATA));
    for (const [index, behind] of [[], EARLY_DATA, flood].entries()) {
      const { client, target } = await open(stage);
      await target.write(RETRY_REQUEST);
      await readExactly(client, RETRY_REQUEST.length);
      const writing = client.write(concat([broken, Uint8Array.from(behind)])).catch(ignoreReset);
      assert.deepEqual(await readAll(client), alert);
      await waitForEnd(target);
      await writing;
      await client.closeWrite().catch(ignoreReset);
      await assertEnded(stage, "ech_fault", index + 1);
    }
  },

  "waits no more than a moment for a client that has read why it ends": async (world) => {
    const stage = await start(world);
    const client = await stage.connect();
    await client.write(toRecords(STRANGER.outer));
    assert.deepEqual(await readAll(client), encodeAlertRecord(ALERT.unrecognizedName));
    await assertEnded(stage, "ech_unserved");
  },

  "cuts a client that lingers": async (world) => {
    const stage = await start(world);
    const client = await stage.connect();
    await client.write(toRecords(STRANGER.outer));
    assert.deepEqual(await readAll(client), encodeAlertRecord(ALERT.unrecognizedName));
    await stage.rig.engine.drain(0);
    await assertEnded(stage, "ech_unserved");
  },

  "gives a client with an old configuration the current ones": async (world) => {
    const stage = await startWithRetry(world);
    const { client, tls } = await handshake(stage);
    await client.write(tls.finished());
    await client.write(tls.alert(ALERT.echRequired));
    await waitForEnd(client);
    await assertEnded(stage, "ech_retry");
    assert.equal(stage.rig.engine.stats().echRejected, 1);
  },

  "relays in the clear what a client says that stays, both ways and to the ends": async (world) => {
    const stage = await startWithRetry(world);
    const { client, tls } = await handshake(stage);
    await client.write(concat([tls.finished(), tls.data(ascii("question "))]));
    const target = await stage.plaintext.accept();
    await client.write(tls.data(ascii("and more")));
    assert.equal(text(await readExactly(target, 17)), "question and more");
    const [up, down] = [pattern(2 * MIB, 7), pattern(MIB, 8)];
    const received = readExactly(target, up.length);
    const answered = readSealed(client, tls, down.length);
    const sealed = concat(cutInto(up, 16_000).map((piece) => tls.data(piece)));
    await Promise.all([client.write(sealed), target.write(down)]);
    assert.ok(equal(await received, up), "all that the client sent");
    assert.ok(equal(await answered, down), "all that the target sent");

    await target.closeWrite();
    const [closing] = tls.open(await readAll(client));
    assert.equal(closing?.content.toHex(), "0100", "close_notify");
    await client.write(tls.alert(ALERT.closeNotify));
    await client.closeWrite();
    assert.equal(await target.read(), null);
    await assertEnded(stage, "done");
  },

  "takes no more of a client than a plaintext target reads, and loses none of it": async (
    world,
  ) => {
    const stage = await startWithRetry(world);
    const { client, tls } = await handshake(stage);
    const some = pattern(16_000, 9);
    await client.write(concat([tls.finished(), tls.data(some)]));
    const target = await stage.plaintext.accept();
    let sent = 1;
    const written = await writeUntilStuck(world, client, () => {
      sent++;
      return tls.data(some);
    });
    assert.ok(written < MOST_BUFFERED, `${written} bytes were taken`);
    await assertReads(target, some, sent * some.length);
    await target.write(ascii("all there"));
    assert.equal(text(await readSealed(client, tls, 9)), "all there");
  },

  "answers a plaintext client that breaks its records, and lets it read that": async (world) => {
    const stage = await startWithRetry(world);
    const { client, tls } = await handshake(stage);
    await client.write(concat([tls.finished(), tls.data(ascii("x"))]));
    const target = await stage.plaintext.accept();
    await readExactly(target, 1);
    const writing = client.write(concat([record(23, pattern(100)), pattern(90_000)]))
      .catch(ignoreReset);
    const [alert] = tls.open(await readAll(client));
    assert.equal(alert?.content.toHex(), "0214", "bad_record_mac");
    await writing;
    await waitForEnd(target);
    await client.closeWrite().catch(ignoreReset);
    await assertEnded(stage, "malformed");
  },
};

/** Cases that take too long where time is real. */
export const SLOW_ECH_TCP_CASES: Cases = {
  "lets a client with an old configuration be silent for a while, and no longer": async (world) => {
    const stage = await startWithRetry(world, { probeMs: 100 });
    const { client } = await handshake(stage);
    await world.pass(ECH_RETRY_TIMEOUT / 2);
    assert.deepEqual(stage.rig.finished, []);
    await waitForEnd(client);
    await assertEnded(stage, "probe_timeout");
  },
};

async function start(
  world: World,
  { hiddenPart = {}, ech = {}, ...timeouts }: {
    readonly hiddenPart?: Partial<Service>;
    readonly ech?: Partial<EchSettings>;
    readonly probeMs?: number;
    readonly serverFirstMs?: number;
    readonly connectMs?: number;
  } = {},
): Promise<Stage> {
  const hidden = await world.startBackend();
  const outer = await world.startBackend();
  const plaintext = await world.startBackend();
  const inner = service("hidden", { ...hiddenPart, targets: [hidden.target], isPrivate: true });
  const settings = echSettings({
    keys: [HANDSHAKE_KEY],
    names: nameMap({ "private.example": inner }),
    ...ech,
  });
  if (settings.onReject.kind === "retry") {
    const clear = service("clear", { targets: [plaintext.target] });
    Object.assign(settings, { onReject: { ...settings.onReject, plaintext: clear } });
  }
  const tls = service("tls", { protocol: "tls", targets: [outer.target], ech: settings });
  const { rig, address } = await Rig.start(world, "tcp", {
    tcp: protocolRoutes({ tls }),
    timeouts: { probeMs: 600_000, serverFirstMs: 600_000, connectMs: 600_000, ...timeouts },
  });
  return { rig, hidden, outer, plaintext, connect: () => world.connect(address) };
}

/** A stage that serves public.test itself. */
function startWithRetry(world: World, timeouts: Record<string, number> = {}): Promise<Stage> {
  const keys = [echKey({ publicName: "public.test", seed: 3 })];
  return start(world, { ech: { keys, onReject: RETRY }, ...timeouts });
}

/** A client whose first hello has come to the private backend. */
async function open({ connect, hidden }: Stage): Promise<{ client: TcpPeer; target: TcpPeer }> {
  const client = await connect();
  await client.write(FIRST_RECORDS);
  const target = await hidden.accept();
  assert.deepEqual(await readExactly(target, INNER_RECORDS.length), INNER_RECORDS);
  return { client, target };
}

/** A client of public.test that has taken the proxy's flight. */
async function handshake({ connect }: Stage): Promise<{ client: TcpPeer; tls: Tls13Client }> {
  const client = await connect();
  const tls = new Tls13Client();
  await client.write(tls.helloRecord());
  const flight: Uint8Array[] = [];
  // ServerHello, change_cipher_spec, and a record for each message of ours.
  for (;;) {
    flight.push(await client.read() ?? assert.fail("the flight ends"));
    try {
      tls.takeFlight(concat(flight), PUBLIC_KEY);
      return { client, tls };
    } catch {
      assert.ok(flight.length < 100, "the flight has no end");
    }
  }
}

/** Sees both directions pass bytes that are none of TLS. */
async function assertRaw(client: TcpPeer, target: TcpPeer): Promise<void> {
  await Promise.all([client.write(ascii("no record")), target.write(ascii("nor this"))]);
  assert.equal(text(await readExactly(target, 9)), "no record");
  assert.equal(text(await readExactly(client, 8)), "nor this");
}

async function assertEnded({ rig }: Stage, reason: EndReason, count = 1): Promise<void> {
  const flows = await rig.finishedFlows(count);
  assert.equal(flows[count - 1]?.end.outcome.reason, reason);
}

/** Reads and opens records until they have brought so many bytes. */
async function readSealed(peer: TcpPeer, tls: Tls13Client, length: number): Promise<Uint8Array> {
  const contents: Uint8Array[] = [];
  let rest: Uint8Array = new Uint8Array(0);
  for (let have = 0; have < length;) {
    rest = concat([rest, await peer.read() ?? assert.fail("the stream ends too soon")]);
    for (let size = recordSize(rest); rest.length >= size; size = recordSize(rest)) {
      const [opened] = tls.open(rest.subarray(0, size));
      const content = opened?.content ?? assert.fail("no record was opened");
      contents.push(content);
      have += content.length;
      rest = rest.slice(size);
    }
  }
  return concat(contents);
}

function recordSize(bytes: Uint8Array): number {
  return bytes.length < 5 ? Infinity : 5 + (bytes[3] ?? 0) * 256 + (bytes[4] ?? 0);
}

/** Reads `length` bytes that are the same over and over. */
async function assertReads(peer: TcpPeer, bytes: Uint8Array, length: number): Promise<void> {
  const received = await readExactly(peer, length);
  for (let start = 0; start < length; start += bytes.length) {
    const part = received.subarray(start, start + bytes.length);
    assert.ok(equal(part, bytes.subarray(0, part.length)), `bytes differ behind ${start}`);
  }
}

function cutInto(bytes: Uint8Array, size: number): Uint8Array[] {
  const count = Math.ceil(bytes.length / size);
  return Array.from({ length: count }, (_, i) => bytes.subarray(i * size, (i + 1) * size));
}

/** Compares what would take assert.deepEqual seconds. */
function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

/** The proxy may have closed the connection by then. */
function ignoreReset(error: unknown): void {
  if (!(error instanceof PeerReset)) throw error;
}
