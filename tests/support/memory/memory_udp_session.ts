/**
 * One UDP flow of the `memory` engine.
 *
 * @module
 */

import type { SocketAddress } from "../../../src/model/address.ts";
import {
  UdpFlowDriver,
  type UdpFlowTransport,
  type UdpForward,
} from "../../../src/engine/udp_flow_driver.ts";
import type { UdpFlow } from "../../../src/pipeline/udp_flow.ts";
import type { MemoryContext } from "./memory_engine.ts";
import type { MemoryUdpSocket } from "./memory_network.ts";

/** What a session is made of. */
export interface MemoryUdpSessionOptions {
  readonly context: MemoryContext;
  readonly flow: UdpFlow;
  readonly listener: SocketAddress;
  readonly reply: (data: Uint8Array) => void;
  readonly onEnd: () => void;
}

/** The datagrams between one client and one port. */
export class MemoryUdpSession implements UdpFlowTransport {
  readonly #options: MemoryUdpSessionOptions;
  readonly #driver: UdpFlowDriver;
  #upstream: MemoryUdpSocket | null = null;
  #address: SocketAddress | null = null;

  constructor(options: MemoryUdpSessionOptions) {
    this.#options = options;
    const { context, flow, listener } = options;
    this.#driver = new UdpFlowDriver({ ...context, flow, listener, transport: this });
  }

  deliver(data: Uint8Array): void {
    if (this.#driver.deliver(data)) this.sendHeld(data);
  }

  open({ address }: UdpForward): null {
    const { context: { network }, reply } = this.#options;
    this.#address = address;
    this.#upstream = network.bindUdp(0, (data, { host, port }) => {
      if (host !== address.host || port !== address.port) return;
      this.#driver.observe(data, 0, data.length);
      this.#driver.entry.countDown(data.length);
      reply(data);
    });
    return null;
  }

  sendHeld(data: Uint8Array): void {
    if (this.#address === null) return;
    this.#upstream?.send(data, this.#address);
    this.#driver.entry.countUp(data.length);
  }

  reply(data: Uint8Array): void {
    this.#options.reply(data);
    this.#driver.entry.countDown(data.length);
  }

  end(closed: () => void): void {
    this.#upstream?.[Symbol.dispose]();
    this.#options.onEnd();
    closed();
  }
}
