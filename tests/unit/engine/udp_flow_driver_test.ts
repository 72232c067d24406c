import assert from "node:assert/strict";
import type { EngineNotice } from "../../../src/engine/engine.ts";
import { FlowLedger } from "../../../src/engine/flow_ledger.ts";
import { type Timer, TimerWheel } from "../../../src/engine/timer_wheel.ts";
import { UdpFlowDriver, type UdpFlowTransport } from "../../../src/engine/udp_flow_driver.ts";
import type { ErrorCode } from "../../../src/model/errors.ts";
import type { DatagramFilter, FlowOutcome, UdpDrop } from "../../../src/model/flow.ts";
import {
  MAX_HELD_DATAGRAM_BYTES,
  MAX_HELD_DATAGRAM_BYTES_TOTAL,
  UDP_PROBE_TIMEOUT,
} from "../../../src/model/limits.ts";
import type { Resolution } from "../../../src/model/resolver.ts";
import { UdpFlow } from "../../../src/pipeline/udp_flow.ts";
import { address, routeTable, service, snapshot, target } from "../../support/snapshot_builder.ts";

Deno.test("deliver() leaves a datagram to the caller as soon as the flow is open", () => {
  const rig = new Rig("10.0.0.1:53");
  assert.equal(rig.driver.deliver(bytes(3)), true);
  assert.equal(rig.driver.isOpen, true);
  assert.deepEqual(rig.held, []);
  assert.equal(rig.ledger.udpSessions, 1);
});

Deno.test("deliver() holds datagrams while a name is looked up, and hands them out in order", () => {
  const rig = new Rig("slow.example:53");
  for (const length of [1, 2, 3]) assert.equal(rig.driver.deliver(bytes(length)), false);
  assert.equal(rig.ledger.heldDatagramBytes, 6);
  rig.answer({ kind: "resolved", addresses: [address("10.0.0.1:53")] });
  assert.deepEqual(rig.held, [1, 2, 3]);
  assert.equal(rig.ledger.heldDatagramBytes, 0);
});

Deno.test("deliver() ends a flow whose first datagram is larger than what may be held", () => {
  const rig = new Rig("slow.example:53");
  rig.driver.deliver(bytes(MAX_HELD_DATAGRAM_BYTES + 1));
  assert.deepEqual(rig.outcomes, [{ reason: "limit" }]);
});

Deno.test("UdpFlowDriver hands out no more datagrams when one of them has ended the flow", () => {
  const rig = new Rig("slow.example:53");
  for (const length of [1, 2, 3]) rig.driver.deliver(bytes(length));
  rig.endsOn = 2;
  rig.answer({ kind: "resolved", addresses: [address("10.0.0.1:53")] });
  assert.deepEqual(rig.held, [1, 2]);
  assert.deepEqual(rig.outcomes, [{ reason: "connect_failed", error: "connection_refused" }]);
  assert.equal(rig.ledger.heldDatagramBytes, 0);
});

Deno.test("UdpFlowDriver ends the flow when there is no way to the target", () => {
  const rig = new Rig("10.0.0.1:53");
  rig.obstacle = "too_many_files";
  assert.equal(rig.driver.deliver(bytes(1)), false);
  assert.deepEqual(rig.outcomes, [{ reason: "connect_failed", error: "too_many_files" }]);
  assert.equal(rig.ledger.udpSessions, 0);
  assert.equal(rig.ledger.udpUndecided, 0);
});

Deno.test("UdpFlowDriver takes a name that is not resolved in time for one that cannot be", () => {
  const rig = new Rig("slow.example:53");
  rig.driver.deliver(bytes(1));
  rig.pass(snapshot().timeouts.connectMs + 20);
  assert.deepEqual(rig.outcomes, [{ reason: "connect_failed", error: "name_not_resolved" }]);
  rig.answer({ kind: "resolved", addresses: [address("10.0.0.1:53")] }); // too late
  assert.equal(rig.ledger.udpSessions, 0);
});

Deno.test("touch() puts off the end of an idle flow", () => {
  const rig = new Rig("10.0.0.1:53");
  rig.driver.deliver(bytes(1));
  rig.pass(600);
  rig.driver.touch();
  rig.pass(600);
  assert.deepEqual(rig.outcomes, []);
  rig.pass(600);
  assert.deepEqual(rig.outcomes, [{ reason: "idle" }]);
  assert.equal(rig.wheel.size, 0);
});

Deno.test("fail() ends the flow as the proxy's own fault, and tells of it", () => {
  const rig = new Rig("10.0.0.1:53");
  rig.driver.deliver(bytes(1));
  rig.driver.fail(new Error("broken"));
  assert.deepEqual(rig.outcomes, [{ reason: "error" }]);
  assert.deepEqual(rig.notices.map(({ event }) => event), ["flow_fault"]);
});

Deno.test("end() ends a flow once, and closes the books when the transport says so", () => {
  const rig = new Rig("10.0.0.1:53");
  rig.driver.deliver(bytes(1));
  rig.isSlow = true;
  rig.driver.cut();
  rig.driver.end({ reason: "idle" });
  assert.equal(rig.ledger.size, 1);
  rig.close();
  assert.equal(rig.ledger.size, 0);
  assert.deepEqual(rig.outcomes, [{ reason: "drained" }]);
  assert.equal(rig.driver.deliver(bytes(1)), false);
});

Deno.test("UdpFlowDriver shows its filter what was held, and each datagram that it wants to see", () => {
  const filter = new ScriptedFilter();
  const rig = new Rig("slow.example:53", filter);
  for (const length of [1, 2]) rig.driver.deliver(bytes(length));
  rig.answer({ kind: "resolved", addresses: [address("10.0.0.1:53")] });
  assert.deepEqual(rig.held, [101, 102]);
  assert.equal(rig.ledger.udpUndecided, 0);
  assert.equal(rig.driver.isOpen, true);

  assert.equal(rig.driver.deliver(bytes(3)), false);
  for (const unseen of [bytes(4, 7), bytes(0)]) assert.equal(rig.driver.deliver(unseen), true);
  assert.deepEqual([undefined, 7, 0].map((first) => rig.driver.sees(first)), [false, false, true]);
  assert.equal(rig.driver.deliver(bytes(5)), false);
  assert.deepEqual(rig.held, [101, 102, 103, 105]);
  assert.deepEqual(filter.seen, [1, 2, 3, 5]);
  assert.equal(rig.driver.isFiltered, true);
  rig.driver.cut();
  assert.equal(rig.driver.isFiltered, false);
});

Deno.test("UdpFlowDriver hands out a datagram that was held and that its filter does not want to see", () => {
  const rig = new Rig("slow.example:53", new ScriptedFilter());
  for (const first of [0, 7]) rig.driver.deliver(bytes(3, first));
  rig.answer({ kind: "resolved", addresses: [address("10.0.0.1:53")] });
  assert.deepEqual(rig.held, [103, 3]);
});

Deno.test("UdpFlowDriver shows its filter the datagram that decides the flow", () => {
  const filter = new ScriptedFilter();
  const rig = new Rig("10.0.0.1:53", filter);
  assert.equal(rig.driver.deliver(bytes(1)), false);
  assert.deepEqual(rig.held, [101]);
  rig.pass(600);
  rig.driver.deliver(bytes(2));
  rig.pass(600); // a datagram that the target gets is a sign of life, too
  assert.deepEqual(rig.outcomes, []);
  filter.passes = false;
  rig.driver.deliver(bytes(3));
  rig.pass(600); // one that it does not get is none
  assert.deepEqual(rig.outcomes, [{ reason: "idle" }]);
  assert.deepEqual([rig.ledger.udpUndecided, rig.wheel.size], [0, 0]);
});

Deno.test("UdpFlowDriver counts what its filter holds, and has it hold nothing where all hold too much", () => {
  const filter = new ScriptedFilter();
  const rig = new Rig("10.0.0.1:53", filter);
  filter.heldBytes = 700;
  rig.driver.deliver(bytes(1));
  assert.equal(rig.ledger.heldDatagramBytes, 700);
  filter.heldBytes = 0;
  rig.driver.deliver(bytes(1));
  assert.equal(rig.ledger.heldDatagramBytes, 0);
  filter.heldBytes = 800;
  rig.ledger.heldDatagramBytes = MAX_HELD_DATAGRAM_BYTES_TOTAL - 700;
  rig.driver.deliver(bytes(1));
  assert.equal(filter.heldBytes, 0);
  assert.deepEqual(rig.outcomes, []);
  assert.equal(rig.ledger.heldDatagramBytes, MAX_HELD_DATAGRAM_BYTES_TOTAL - 700);
});

for (const idleMs of [0, 60_000]) {
  Deno.test(`UdpFlowDriver has its filter forget what has waited for too long, where flows may be idle for ${idleMs} ms`, () => {
    const filter = new ScriptedFilter();
    const rig = new Rig("10.0.0.1:53", filter, idleMs);
    filter.heldBytes = 700;
    rig.driver.deliver(bytes(1));
    rig.pass(UDP_PROBE_TIMEOUT - 500);
    filter.heldBytes = 800;
    rig.driver.deliver(bytes(1)); // gives no more time to what waits for longer
    assert.equal(rig.ledger.heldDatagramBytes, 800);
    rig.pass(520);
    assert.deepEqual([filter.heldBytes, rig.ledger.heldDatagramBytes], [0, 0]);
    assert.equal(filter.rests, 0);
    filter.heldBytes = 300;
    rig.driver.deliver(bytes(1));
    rig.pass(UDP_PROBE_TIMEOUT - 20);
    assert.equal(rig.ledger.heldDatagramBytes, 300);
    assert.deepEqual(rig.outcomes, []);
    rig.driver.cut();
    assert.deepEqual([rig.ledger.heldDatagramBytes, rig.wheel.size], [0, 0]);
  });
}

Deno.test("UdpFlowDriver gives its filter a rest from time to time", () => {
  const filter = new ScriptedFilter();
  const rig = new Rig("10.0.0.1:53", filter);
  for (let look = 0; look < 3; look++) {
    rig.driver.deliver(bytes(1));
    rig.pass(900);
  }
  assert.equal(filter.rests, 2);
});

Deno.test("UdpFlowDriver ends a flow as its filter says, with a reply to the client", () => {
  const filter = new ScriptedFilter();
  const rig = new Rig("10.0.0.1:53", filter);
  rig.driver.deliver(bytes(1));
  filter.drop = { kind: "drop", outcome: { reason: "ech_fault" }, reply: bytes(40) };
  rig.driver.deliver(bytes(2));
  assert.deepEqual(rig.replies, [40]);
  assert.deepEqual(rig.outcomes, [{ reason: "ech_fault" }]);
  assert.equal(rig.driver.deliver(bytes(3)), false);
  assert.deepEqual(filter.seen, [1, 2]);
});

Deno.test("UdpFlowDriver takes a fault of its filter for one of the proxy's", () => {
  const filter = new ScriptedFilter();
  const rig = new Rig("10.0.0.1:53", filter);
  filter.push = () => {
    throw new Error("broken");
  };
  rig.driver.deliver(bytes(1));
  assert.deepEqual(rig.outcomes, [{ reason: "error" }]);
  assert.deepEqual(rig.notices.map(({ event }) => event), ["flow_fault"]);
});

/** Lengthens each datagram by a hundred bytes that begins with a zero. */
class ScriptedFilter implements DatagramFilter {
  heldBytes = 0;
  passes = true;
  rests = 0;
  drop: UdpDrop | null = null;
  /** How long the datagrams were that it was shown. */
  readonly seen: number[] = [];

  sees(first: number | undefined): boolean {
    return first === 0;
  }

  push({ length }: Uint8Array): readonly Uint8Array<ArrayBuffer>[] {
    this.seen.push(length);
    return this.passes ? [bytes(100 + length)] : [];
  }

  forgetHeld(): void {
    this.heldBytes = 0;
  }

  rest(): void {
    this.rests++;
  }
}

/** A driver whose transport moves nothing. */
class Rig implements UdpFlowTransport {
  readonly wheel = new TimerWheel();
  readonly outcomes: FlowOutcome[] = [];
  readonly notices: EngineNotice[] = [];
  /** How long the datagrams were that were held and handed out. */
  readonly held: number[] = [];
  /** How long the datagrams were that the client got. */
  readonly replies: number[] = [];
  readonly ledger: FlowLedger;
  readonly driver: UdpFlowDriver;
  /** Why no way can be opened. */
  obstacle: ErrorCode | null = null;
  /** The length of the datagram that meets a dead target. */
  endsOn = 0;
  /** Whether the end takes until {@linkcode Rig.close}. */
  isSlow = false;
  close: () => void = () => {};
  answer: (resolution: Resolution) => void = () => {};
  #now = 0;

  constructor(label: string, filter?: DatagramFilter, idleMs = 1_000) {
    const events = {
      flowStarted: () => {},
      flowFinished: (_: unknown, { outcome }: { readonly outcome: FlowOutcome }) =>
        void this.outcomes.push(outcome),
      notice: (notice: EngineNotice) => void this.notices.push(notice),
    };
    const fallback = service("default", {
      transport: "udp",
      targets: [target(label)],
      idleMs,
    });
    const flow = new UdpFlow({
      snapshot: snapshot({ udp: routeTable({ fallback }) }),
      peer: address("192.0.2.1:5000"),
      local: address("192.0.2.2:53"),
      seed: 1,
    });
    this.ledger = new FlowLedger(events);
    this.driver = new UdpFlowDriver({
      flow: {
        next: (event, now) => {
          const action = flow.next(event, now);
          return action.kind === "forward" && filter ? { ...action, filter } : action;
        },
        facts: () => flow.facts(),
        learner: () => flow.learner(),
      },
      listener: address("192.0.2.2:53"),
      transport: this,
      clock: {
        now: () => this.#now,
        arm: (timer: Timer, deadline: number) => this.wheel.arm(timer, deadline, this.#now),
        disarm: (timer: Timer) => this.wheel.disarm(timer),
      },
      ledger: this.ledger,
      lookUp: {
        peek: () => null,
        lookUp: (_, answer) => this.answer = answer,
      },
      events,
    });
  }

  pass(ms: number): void {
    this.#now += ms;
    this.wheel.advance(this.#now);
  }

  open(): ErrorCode | null {
    return this.obstacle;
  }

  sendHeld(data: Uint8Array): void {
    this.held.push(data.length);
    if (data.length !== this.endsOn) return;
    this.driver.end({ reason: "connect_failed", error: "connection_refused" });
  }

  reply(data: Uint8Array): void {
    this.replies.push(data.length);
  }

  end(closed: () => void): void {
    if (this.isSlow) this.close = closed;
    else closed();
  }
}

function bytes(length: number, value = 0): Uint8Array<ArrayBuffer> {
  return new Uint8Array(length).fill(value);
}
