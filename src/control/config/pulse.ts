/**
 * A signal that can be waited for with a time limit.
 *
 * @module
 */

/** Remembers that something happened until it is waited for; several times count as once. */
export class Pulse {
  #pending = false;
  #wake: (() => void) | null = null;

  /** Something happened. */
  beat(): void {
    this.#pending = true;
    this.#wake?.();
  }

  /** Waits for a beat, at most `ms` milliseconds; tells whether there was one. */
  async wait(ms: number): Promise<boolean> {
    if (!this.#pending) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, ms);
      this.#wake = resolve;
      await promise;
      clearTimeout(timer);
      this.#wake = null;
    }
    const happened = this.#pending;
    this.#pending = false;
    return happened;
  }
}
