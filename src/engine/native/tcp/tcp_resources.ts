/**
 * What all TCP connections of one worker share.
 *
 * @module
 */

import { BufferPool } from "../../buffer_pool.ts";
import type { DescriptorTable } from "../sys/descriptor_table.ts";
import type { Libc } from "../sys/libc.ts";
import { PipePool } from "./pipe_pool.ts";
import { ReserveDescriptor } from "./reserve_descriptor.ts";

/** Made once for a worker, and closed with it. */
export class TcpResources {
  readonly buffers = new BufferPool();
  readonly pipes: PipePool;
  readonly reserve: ReserveDescriptor;

  /** @param owner the worker in `descriptors` */
  constructor(libc: Libc, descriptors: DescriptorTable, owner: number) {
    this.pipes = new PipePool(libc, descriptors, owner);
    this.reserve = new ReserveDescriptor(libc, descriptors, owner);
  }

  /** Closes what is spare; to be called when no connection is left. */
  close(): void {
    this.pipes.close();
    this.reserve.giveUp();
  }
}
