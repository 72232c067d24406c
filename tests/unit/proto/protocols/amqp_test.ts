import assert from "node:assert/strict";
import { AMQP, detectAmqp } from "../../../../src/proto/protocols/amqp.ts";
import { matched } from "../../../support/chunks.ts";
import { concat, latin1 } from "../../../support/client_hello_builder.ts";

const header = (...id: number[]) => concat(latin1("AMQP"), Uint8Array.from(id));

Deno.test("detectAmqp() tells every version that has a header of its own", () => {
  for (
    const [id, version] of [
      [[0, 0, 9, 1], "AMQP 0-9-1"],
      [[0, 1, 0, 0], "AMQP 1.0"],
      [[2, 1, 0, 0], "AMQP 1.0"],
      [[3, 1, 0, 0], "AMQP 1.0"],
      [[1, 1, 0, 10], "AMQP 0-10"],
      [[1, 1, 0, 9], "AMQP 0-9"],
      [[1, 1, 8, 0], "AMQP 0-8"],
      [[1, 1, 9, 1], "AMQP 0-8"],
    ] as const
  ) {
    const detected = matched(detectAmqp(header(...id)));
    assert.deepEqual([detected.version, detected.consumed], [version, AMQP.bound]);
    assert(AMQP.versions.includes(version));
    assert.equal(detectAmqp(header(...id.slice(0, 3))).kind, "needMore");
  }
});

Deno.test("detectAmqp() says no at the first byte that no header has", () => {
  for (const start of [[4], [0, 2], [1, 0], [0, 0, 8], [1, 1, 1], [0, 0, 9, 0], [1, 1, 0, 11]]) {
    assert.equal(detectAmqp(header(...start)).kind, "noMatch", String(start));
    assert.equal(detectAmqp(header(...start.slice(0, -1))).kind, "needMore", String(start));
  }
  assert.equal(detectAmqp(latin1("AMQp")).kind, "noMatch");
});
