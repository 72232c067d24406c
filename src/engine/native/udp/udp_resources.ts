/**
 * What the UDP ports of one worker share.
 *
 * @module
 */

import { UDP_RECEIVE_BATCH } from "../../../model/limits.ts";
import { AF_INET, IPPROTO_UDP, SOCK_DGRAM, UDP_GRO, UDP_SEGMENT } from "../sys/layout.ts";
import type { Libc } from "../sys/libc.ts";
import type { WorkerContext } from "../worker_context.ts";
import { DatagramSlots } from "./datagram_slots.ts";
import { ReceiveHeaders } from "./receive_headers.ts";
import { ReplyArena } from "./reply_arena.ts";
import { SendBatch } from "./send_batch.ts";

/** Memory for datagrams, and what the kernel can do with them. */
export interface UdpResources {
  /** Where ports receive; nothing stays there beyond the call that received it. */
  readonly slots: DatagramSlots;
  readonly received: ReceiveHeaders;
  /** For a run of datagrams that leaves from these slots at once. */
  readonly runs: SendBatch;
  readonly replies: ReplyArena;
  /** Whether the kernel cuts datagrams out of one send (Linux 4.18). */
  readonly cutsSegments: boolean;
}

const resources = new WeakMap<WorkerContext, UdpResources>();

/** The resources of a worker, made when it has its first UDP port. */
export function udpResources(context: WorkerContext): UdpResources {
  let known = resources.get(context);
  if (known === undefined) {
    known = createResources(context);
    resources.set(context, known);
  }
  return known;
}

function createResources({ libc, turnEnd }: WorkerContext): UdpResources {
  const slots = new DatagramSlots(libc, UDP_RECEIVE_BATCH);
  return {
    slots,
    received: new ReceiveHeaders(libc, slots),
    runs: new SendBatch(libc, slots, 1),
    replies: new ReplyArena(libc, turnEnd),
    cutsSegments: hasUdpOption(libc, UDP_SEGMENT),
  };
}

/** Has the kernel join datagrams that come in on a socket, where it can (Linux 5.0). */
export function joinDatagrams(libc: Libc, fd: number): void {
  libc.setsockoptInt(fd, IPPROTO_UDP, UDP_GRO, 1);
}

/** Whether the kernel knows an option of UDP sockets: setting it to zero changes nothing. */
function hasUdpOption(libc: Libc, option: number): boolean {
  const fd = libc.socket(AF_INET, SOCK_DGRAM);
  if (fd < 0) return false;
  const result = libc.setsockoptInt(fd, IPPROTO_UDP, option, 0);
  libc.close(fd);
  return result >= 0;
}
