/**
 * A map by client address.
 *
 * @module
 */

/** Keyed by host and port apart: a look-up for a datagram builds no key string. */
export class AddressMap<T> {
  readonly #byHost = new Map<string, Map<number, T>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(host: string, port: number): T | undefined {
    return this.#byHost.get(host)?.get(port);
  }

  set(host: string, port: number, value: T): void {
    let ports = this.#byHost.get(host);
    if (ports === undefined) {
      ports = new Map();
      this.#byHost.set(host, ports);
    }
    if (!ports.has(port)) this.#size++;
    ports.set(port, value);
  }

  delete(host: string, port: number): void {
    const ports = this.#byHost.get(host);
    if (ports === undefined || !ports.delete(port)) return;
    this.#size--;
    if (ports.size === 0) this.#byHost.delete(host);
  }

  *values(): Generator<T> {
    for (const ports of this.#byHost.values()) yield* ports.values();
  }
}
