import assert from "node:assert/strict";
import { nearest } from "../../../../src/control/config/nearest.ts";

const KEYS = ["tcp_target", "udp_target", "load_balance"];

for (
  const [word, expected] of [
    ["tcp_targt", "tcp_target"],
    ["TCP_TARGET", "tcp_target"],
    ["loadbalance", "load_balance"],
    ["target_udp", null],
    ["colour", null],
    ["", null],
    ["tcp_target".repeat(1000), null],
  ] as const
) {
  Deno.test(`nearest() suggests ${expected} for "${word.slice(0, 20)}"`, () => {
    assert.equal(nearest(word, KEYS), expected);
  });
}

Deno.test("nearest() takes the nearest of several", () => {
  assert.equal(nearest("udp_targe", KEYS), "udp_target");
});
