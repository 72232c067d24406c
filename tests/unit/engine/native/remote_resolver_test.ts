import assert from "node:assert/strict";
import { RemoteResolver } from "../../../../src/engine/native/remote_resolver.ts";
import { RESOLUTION_REUSE } from "../../../../src/model/limits.ts";
import type { Resolution } from "../../../../src/model/resolver.ts";
import { target } from "../../../support/snapshot_builder.ts";

const NAME = target("backend.example:443");
const ADDRESSES = [{ host: "192.0.2.1", port: 443 }];
const RESOLVED: Resolution = { kind: "resolved", addresses: ADDRESSES };
const FAILED: Resolution = { kind: "failed", error: "name_not_resolved" };

function makeResolver() {
  const time = { now: 1_000 };
  const clock = { now: () => time.now, arm: () => {}, disarm: () => {} };
  const asked: string[] = [];
  const resolver = new RemoteResolver(clock, ({ label }) => asked.push(label));
  return { time, asked, resolver };
}

Deno.test("RemoteResolver knows the address of an IP target, each time the same object", () => {
  const { resolver, asked } = makeResolver();
  const ip = target("192.0.2.7:80");
  assert.deepEqual(resolver.peek(ip), [{ host: "192.0.2.7", port: 80 }]);
  assert.equal(resolver.peek(ip), resolver.peek(ip));
  assert.deepEqual(asked, []);
});

Deno.test("RemoteResolver puts one question at a time, and gives the answer to all who wait", () => {
  const { resolver, asked } = makeResolver();
  const answers: Resolution[] = [];
  resolver.lookUp(NAME, (answer) => answers.push(answer));
  resolver.lookUp(NAME, (answer) => answers.push(answer));
  assert.deepEqual([asked, answers], [[NAME.label], []]);
  resolver.answer(NAME.label, FAILED);
  assert.deepEqual(answers, [FAILED, FAILED]);
  resolver.lookUp(NAME, () => {});
  assert.equal(asked.length, 2, "a failure is no answer for the next one");
});

Deno.test("RemoteResolver uses an answer for a moment, unless it is told to forget", () => {
  const { resolver, time } = makeResolver();
  const learn = () => {
    resolver.lookUp(NAME, () => {});
    resolver.answer(NAME.label, RESOLVED);
    assert.deepEqual(resolver.peek(NAME), ADDRESSES);
  };
  learn();
  time.now += RESOLUTION_REUSE + 1;
  assert.equal(resolver.peek(NAME), null);
  learn();
  resolver.forget();
  assert.equal(resolver.peek(NAME), null);
});
