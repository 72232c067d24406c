/**
 * Which thread a descriptor belongs to, so that those of a thread that died can be closed.
 *
 * @module
 */

/** Owners are 1–255. A table is shared between threads by its `memory`. */
export class DescriptorTable {
  /** One byte for each descriptor: its owner, or 0. */
  readonly memory: SharedArrayBuffer;
  readonly #owners: Uint8Array;

  /** @param memory that of another thread's table, or a new one from {@linkcode DescriptorTable.create} */
  constructor(memory: SharedArrayBuffer) {
    this.memory = memory;
    this.#owners = new Uint8Array(memory);
  }

  /** A table for descriptors below `limit`, or a bound of its own; those above are not kept track of. */
  static create(limit: number): DescriptorTable {
    return new DescriptorTable(new SharedArrayBuffer(Math.min(limit, MAX_DESCRIPTORS)));
  }

  /** A descriptor was made by, or given to, an owner. */
  claim(fd: number, owner: number): void {
    if (fd < this.#owners.length) Atomics.store(this.#owners, fd, owner);
  }

  /** To be called before the descriptor is closed: after that another thread may have the number. */
  release(fd: number): void {
    if (fd < this.#owners.length) Atomics.store(this.#owners, fd, 0);
  }

  /** 0 = nobody's. */
  ownerOf(fd: number): number {
    return fd < this.#owners.length ? Atomics.load(this.#owners, fd) : 0;
  }

  /** All descriptors of an owner, in ascending order. */
  ownedBy(owner: number): number[] {
    const owned: number[] = [];
    for (let fd = 0; fd < this.#owners.length; fd++) {
      if (this.#owners[fd] === owner) owned.push(fd);
    }
    return owned;
  }
}

/** As many as Linux allows a process unless told otherwise (fs.nr_open): a table of 1 MiB. */
const MAX_DESCRIPTORS = 1024 * 1024;
