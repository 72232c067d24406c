/**
 * The sockets that the proxy listens on, changed all together or not at all.
 *
 * @module
 */

import { diffListeners } from "../control/listener_diff.ts";
import type { Engine, Listener } from "../engine/engine.ts";
import type { ListenerSpec } from "../model/snapshot.ts";
import { formatHostPort } from "../proto/ip.ts";
import { ListenError } from "./listen_error.ts";

/** How often, and with what pause in milliseconds, an address is tried that our own closed socket may still hold. */
const REBIND_ATTEMPTS = 50;
const REBIND_PAUSE = 10;

/** What {@linkcode ListenerSet.replace} did. */
export interface ListenerChange {
  readonly opened: readonly Listener[];
  readonly closed: readonly Listener[];
}

/**
 * An address could not be bound (`cause`), nor could old ones be bound again that had been closed for it (`errors`).
 */
export class RestoreError extends AggregateError {
  override readonly name = "RestoreError";
}

/** All listeners of one engine. */
export class ListenerSet {
  readonly #engine: Engine;
  #listeners: readonly Listener[] = [];

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  get listeners(): readonly Listener[] {
    return this.#listeners;
  }

  /**
   * Binds what `specs` adds, calls `publish`, then closes what `specs` leaves out. What did not change is not touched.
   *
   * A new address may overlap an old one that is to go (`0.0.0.0` → `127.0.0.1` on one port): then the old one is
   * closed first, and for that moment nothing listens there.
   *
   * @throws {ListenError} when an address cannot be bound; `publish` was not called, and all is as it was
   * @throws {RestoreError} when, on top of that, old listeners are lost
   */
  async replace(specs: readonly ListenerSpec[], publish: () => void): Promise<ListenerChange> {
    const difference = diffListeners(this.#listeners.map(({ spec }) => spec), specs);
    const removed = this.#listeners.filter(({ spec }) => difference.removed.includes(spec));
    const opened: Listener[] = [];
    const closedEarly = new Set<Listener>();
    try {
      for (const spec of difference.added) {
        opened.push(await this.#open(spec, removed, closedEarly));
      }
    } catch (error) {
      for (const listener of opened) listener.close();
      await this.#restore(closedEarly, error);
      throw error;
    }
    publish();
    for (const listener of removed) if (!closedEarly.has(listener)) listener.close();
    this.#listeners = [...without(this.#listeners, new Set(removed)), ...opened];
    return { opened, closed: removed };
  }

  /** Binds one address; where a listener that is to go stands in the way, closes that first. */
  async #open(
    spec: ListenerSpec,
    removed: readonly Listener[],
    closedEarly: Set<Listener>,
  ): Promise<Listener> {
    try {
      return await this.#bind(spec);
    } catch (error) {
      const inTheWay = removed.filter((listener) =>
        listener.spec.transport === spec.transport && listener.address.port === spec.address.port
      );
      if (!(error instanceof Deno.errors.AddrInUse) || inTheWay.length === 0) {
        throw new ListenError(spec, error);
      }
      for (const listener of inTheWay) {
        if (!closedEarly.has(listener)) listener.close();
        closedEarly.add(listener);
      }
      return await this.#listenAgain(spec);
    }
  }

  /** Binds an address that one of our own sockets held until now: the system may need a moment to let go of it. */
  async #listenAgain(spec: ListenerSpec): Promise<Listener> {
    for (let attempt = 1;; attempt++) {
      try {
        return await this.#bind(spec);
      } catch (error) {
        if (!(error instanceof Deno.errors.AddrInUse) || attempt === REBIND_ATTEMPTS) {
          throw new ListenError(spec, error);
        }
        await new Promise((resolve) => setTimeout(resolve, REBIND_PAUSE));
      }
    }
  }

  /** @throws {Error} as the system reports it */
  async #bind(spec: ListenerSpec): Promise<Listener> {
    // Asked before use: on a terminal Deno would ask the person, and everything would stand still until the answer.
    const host = formatHostPort(spec.address);
    if (Deno.permissions.querySync({ name: "net", host }).state !== "granted") {
      throw new Deno.errors.NotCapable(`Requires net access to "${host}"`);
    }
    return await this.#engine.listen(spec);
  }

  async #restore(closed: ReadonlySet<Listener>, cause: unknown): Promise<void> {
    const restored: Listener[] = [];
    const failures: unknown[] = [];
    for (const { spec } of closed) {
      try {
        restored.push(await this.#listenAgain(spec));
      } catch (error) {
        failures.push(error);
      }
    }
    this.#listeners = [...without(this.#listeners, closed), ...restored];
    if (failures.length > 0) {
      throw new RestoreError(
        [cause, ...failures],
        "Cannot listen again where the proxy listened before",
      );
    }
  }
}

function without(listeners: readonly Listener[], gone: ReadonlySet<Listener>): Listener[] {
  return listeners.filter((listener) => !gone.has(listener));
}
