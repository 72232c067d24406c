/**
 * A descriptor that is kept back for the hour when there is no other.
 *
 * @module
 */

import type { DescriptorTable } from "../sys/descriptor_table.ts";
import type { Libc } from "../sys/libc.ts";

/**
 * With it given up, a connection can be accepted and closed at once although the process is at its limit: the client is
 * told instead of left waiting for long, and the queue of the listener empties.
 */
export class ReserveDescriptor {
  readonly #libc: Libc;
  readonly #descriptors: DescriptorTable;
  readonly #owner: number;
  #fd = -1;

  constructor(libc: Libc, descriptors: DescriptorTable, owner: number) {
    this.#libc = libc;
    this.#descriptors = descriptors;
    this.#owner = owner;
    this.restore();
  }

  /** Frees the descriptor; tells whether there was one. */
  giveUp(): boolean {
    if (this.#fd < 0) return false;
    this.#descriptors.release(this.#fd);
    this.#libc.close(this.#fd);
    this.#fd = -1;
    return true;
  }

  /** Takes a descriptor again; tells whether there is one now. */
  restore(): boolean {
    if (this.#fd >= 0) return true;
    const fd = this.#libc.eventfd();
    if (fd < 0) return false;
    this.#fd = fd;
    this.#descriptors.claim(fd, this.#owner);
    return true;
  }
}
