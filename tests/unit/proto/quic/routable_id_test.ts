import assert from "node:assert/strict";
import { configRotation, readServerId } from "../../../../src/proto/quic/routable_id.ts";

const hex = (text: string) => Uint8Array.fromHex(text);
const KEY = hex("8f95f09245765f80256934e50c66207f");

/**
 * draft-ietf-quic-load-balancers-21: Appendix B and, last, the example of §5.4.2. The second vector of §B.1 is left out: it
 * has an odd number of digits. The last one of §B.2 has rotation bits other than those that stand beside it.
 */
const VECTORS = [
  { rotation: 0, server: "c4605e", nonce: "4504cc4f", key: null, id: "07c4605e4504cc4f" },
  { rotation: 0, server: "ed793a", nonce: "ee080dbf", key: KEY, id: "0720b1d07b359d3c" },
  {
    rotation: 1,
    server: "ed793a51d49b8f5fab65",
    nonce: "ee080dbf48",
    key: KEY,
    id: "2fcc381bc74cb4fbad2823a3d1f8fed2",
  },
  {
    rotation: 2,
    server: "ed793a51d49b8f5f",
    nonce: "ee080dbf48c0d1e5",
    key: KEY,
    id: "504dd2d05a7b0de9b2b9907afb5ecf8cc3",
  },
  {
    rotation: 0,
    server: "ed793a51d49b8f5fab",
    nonce: "ee080dbf48c0d1e55d",
    key: KEY,
    id: "125779c9cc86beb3a3a4a3ca96fce4bfe0cdbc",
  },
  {
    rotation: 0,
    server: "31441a",
    nonce: "9c69c275",
    key: hex("fdf726a9893ec05c0632d3956680baf0"),
    id: "0767947d29be054a",
  },
];

for (const { rotation, server, nonce, key, id } of VECTORS) {
  Deno.test(`readServerId() reads ${server} of ${id}`, () => {
    const format = { serverIdLength: server.length / 2, nonceLength: nonce.length / 2, key };
    assert.equal(readServerId(hex(id), format)?.toHex(), server);
    assert.equal(configRotation(hex(id)), rotation);
  });
}

Deno.test("readServerId() reads the same whatever stands behind the nonce", () => {
  const format = { serverIdLength: 3, nonceLength: 4, key: KEY };
  assert.equal(readServerId(hex("0720b1d07b359d3c01020304"), format)?.toHex(), "ed793a");
});

Deno.test("readServerId() is null when the ID is too short", () => {
  assert.equal(
    readServerId(hex("0720b1d07b359d"), { serverIdLength: 3, nonceLength: 4, key: KEY }),
    null,
  );
});
