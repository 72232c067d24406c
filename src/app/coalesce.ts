/**
 * One at a time, and no more often than needed.
 *
 * @module
 */

/**
 * Makes a function that runs `task` after any run before has ended. Calls made while a run waits share that run: it
 * has not looked at anything yet, and so sees what all of them are about.
 *
 * @param task must not reject
 */
export function coalesce<T>(task: () => Promise<T>): () => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  let waiting: Promise<T> | null = null;
  return () => {
    if (waiting === null) {
      waiting = last.then(() => {
        waiting = null;
        return task();
      });
      last = waiting;
    }
    return waiting;
  };
}
