/**
 * Work that is put off within a worker's loop.
 *
 * @module
 */

import type { Task, TaskQueue } from "./worker_context.ts";

/** Runs tasks in the order in which they came; what they put in waits for the next run. */
export class WaitingTasks implements TaskQueue {
  #waiting: Task[] = [];
  #running: Task[] = [];

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  later(task: Task): void {
    this.#waiting.push(task);
  }

  run(): void {
    const tasks = this.#waiting;
    if (tasks.length === 0) return;
    this.#waiting = this.#running;
    this.#running = tasks;
    for (const task of tasks) task.run();
    tasks.length = 0;
  }
}
