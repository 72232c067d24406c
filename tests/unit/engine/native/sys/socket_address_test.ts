import assert from "node:assert/strict";
import fc from "fast-check";
import { AF_INET, AF_INET6 } from "../../../../../src/engine/native/sys/layout.ts";
import {
  decodeSockaddr,
  encodeSockaddr,
  SockaddrBuffer,
} from "../../../../../src/engine/native/sys/socket_address.ts";
import { canonicalHost } from "../../../../../src/proto/ip.ts";

const port = fc.integer({ min: 0, max: 65_535 });
const host = fc.oneof(fc.ipV4(), fc.ipV6()).map((text) => canonicalHost(text) ?? "0.0.0.0");

Deno.test("decodeSockaddr() gives back what encodeSockaddr() has written", () => {
  fc.assert(fc.property(host, port, fc.nat(20), (host, port, offset) => {
    const bytes = new Uint8Array(64).fill(0xff);
    const length = encodeSockaddr({ host, port }, bytes, offset);
    assert.equal(length, host.includes(":") ? 28 : 16);
    assert.deepEqual(decodeSockaddr(bytes, offset), { host, port });
    assert.ok(bytes.subarray(0, offset).every((byte) => byte === 0xff));
    assert.ok(bytes.subarray(offset + length).every((byte) => byte === 0xff));
  }));
});

Deno.test("encodeSockaddr() writes addresses in network order", () => {
  const bytes = new Uint8Array(28);
  assert.equal(encodeSockaddr({ host: "192.0.2.1", port: 443 }, bytes), 16);
  assert.equal(bytes.join(), "2,0,1,187,192,0,2,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0");
  assert.equal(encodeSockaddr({ host: "2001:db8::1", port: 443 }, bytes), 28);
  assert.equal(bytes.join(), "10,0,1,187,0,0,0,0,32,1,13,184,0,0,0,0,0,0,0,0,0,0,0,1,0,0,0,0");
});

Deno.test("encodeSockaddr() refuses what is no IP address", () => {
  assert.throws(() => encodeSockaddr({ host: "example.com", port: 1 }, new Uint8Array(28)), {
    name: "TypeError",
    message: '"example.com" is not an IP address',
  });
});

Deno.test("decodeSockaddr() knows no other family", () => {
  assert.equal(decodeSockaddr(new Uint8Array(128)), null);
  assert.equal(decodeSockaddr(new Uint8Array(0)), null);
});

Deno.test("SockaddrBuffer tells an address in numbers", () => {
  const buffer = SockaddrBuffer.of({ host: "127.0.0.1", port: 8443 });
  assert.equal(buffer.length, 16);
  assert.equal(buffer.family, AF_INET);
  assert.equal(buffer.port, 8443);
  assert.equal(buffer.ipv4, 0x7f000001);
  buffer.set({ host: "2001:db8::ffff:1", port: 1 });
  assert.equal(buffer.family, AF_INET6);
  assert.deepEqual([0, 1, 2, 3].map((index) => buffer.ipv6Word(index)), [
    0x20010db8,
    0,
    0,
    0xffff0001,
  ]);
  assert.deepEqual(buffer.toSocketAddress(), { host: "2001:db8::ffff:1", port: 1 });
});
