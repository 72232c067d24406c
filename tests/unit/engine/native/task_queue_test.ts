import assert from "node:assert/strict";
import { WaitingTasks } from "../../../../src/engine/native/task_queue.ts";

Deno.test("WaitingTasks runs tasks in order, and in the next run what they put in", () => {
  const tasks = new WaitingTasks();
  const done: string[] = [];
  const second = { run: () => done.push("second") };
  tasks.later({
    run: () => {
      done.push("first");
      tasks.later({ run: () => done.push("third") });
    },
  });
  tasks.later(second);
  tasks.later(second);
  tasks.run();
  assert.deepEqual(done, ["first", "second", "second"]);
  assert(!tasks.isEmpty);
  tasks.run();
  assert.deepEqual(done, ["first", "second", "second", "third"]);
  assert(tasks.isEmpty);
  tasks.run();
  assert.equal(done.length, 4);
});
