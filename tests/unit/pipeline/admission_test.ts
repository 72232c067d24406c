import assert from "node:assert/strict";
import { admitTcp, admitUdp } from "../../../src/pipeline/admission.ts";
import { parseCidr } from "../../../src/proto/cidr.ts";
import { address, snapshot } from "../../support/snapshot_builder.ts";

const PEER = address("192.0.2.1:5000");

function trusting(...cidrs: string[]) {
  const trusted = cidrs.map((text) => {
    const cidr = parseCidr(text);
    assert(cidr !== null);
    return cidr;
  });
  return snapshot({ inboundProxy: { trusted } });
}

Deno.test("admitTcp() admits up to the limit", () => {
  const limited = snapshot({ tcpMaxConnections: 2 });
  assert.equal(admitTcp(limited, PEER, 0), null);
  assert.equal(admitTcp(limited, PEER, 1), null);
  assert.equal(admitTcp(limited, PEER, 2), "limit");
  assert.equal(admitTcp(limited, PEER, 3), "limit");
});

Deno.test("admitTcp() turns away peers outside of the trusted blocks, of either family", () => {
  const guarded = trusting("10.0.0.0/8", "192.0.2.1", "2001:db8::/33");
  assert.equal(admitTcp(guarded, address("10.255.0.1:1"), 0), null);
  assert.equal(admitTcp(guarded, PEER, 0), null);
  assert.equal(admitTcp(guarded, address("[2001:db8:7fff::1]:1"), 0), null);
  assert.equal(admitTcp(guarded, address("11.0.0.1:1"), 0), "untrusted");
  assert.equal(admitTcp(guarded, address("192.0.2.2:1"), 0), "untrusted");
  assert.equal(admitTcp(guarded, address("[2001:db8:8000::1]:1"), 0), "untrusted");
});

Deno.test("admitTcp() trusts nobody when the list is empty, and everybody in /0", () => {
  assert.equal(admitTcp(trusting(), PEER, 0), "untrusted");
  assert.equal(admitTcp(trusting("0.0.0.0/0"), PEER, 0), null);
  assert.equal(admitTcp(trusting("::/0"), PEER, 0), "untrusted");
});

Deno.test("admitTcp() keeps the trust of two snapshots apart", () => {
  const first = trusting("192.0.2.0/24");
  const second = trusting("198.51.100.0/24");
  assert.equal(admitTcp(first, PEER, 0), null);
  assert.equal(admitTcp(second, PEER, 0), "untrusted");
  assert.equal(admitTcp(first, PEER, 0), null);
});

Deno.test("admitUdp() admits up to the limit", () => {
  const limited = snapshot({ udpMaxConnections: 1 });
  assert.equal(admitUdp(limited, 0), null);
  assert.equal(admitUdp(limited, 1), "limit");
});
