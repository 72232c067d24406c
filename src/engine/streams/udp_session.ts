/**
 * One UDP flow: moves its datagrams both ways once it is decided.
 *
 * @module
 */

import type { SocketAddress } from "../../model/address.ts";
import type { ErrorCode } from "../../model/errors.ts";
import type { UdpFlow } from "../../pipeline/udp_flow.ts";
import { UdpFlowDriver, type UdpFlowTransport, type UdpForward } from "../udp_flow_driver.ts";
import { DatagramSender } from "./datagram_sender.ts";
import type { EngineContext } from "./engine_context.ts";
import { errorCodeOf, isDatagramTransient, isOwnClose } from "./sys_errors.ts";
import { UdpUpstream } from "./udp_upstream.ts";

/** What a session is made of. */
export interface UdpSessionOptions {
  readonly context: EngineContext;
  readonly flow: UdpFlow;
  readonly listener: SocketAddress;
  /** Sends a datagram to the client, from the port that it spoke to. */
  readonly reply: (data: Uint8Array) => Promise<number>;
  /** Called once, when the session is over. */
  readonly onEnd: () => void;
}

/** The datagrams between one client address and one listener. */
export class UdpSession implements UdpFlowTransport {
  readonly #options: UdpSessionOptions;
  readonly #driver: UdpFlowDriver;
  #upstream: UdpUpstream | null = null;
  #up: DatagramSender | null = null;
  /** Resolves when a reply of the proxy's own is counted, or lost. */
  #replied: Promise<void> | null = null;

  constructor(options: UdpSessionOptions) {
    this.#options = options;
    const { context, flow, listener } = options;
    this.#driver = new UdpFlowDriver({ ...context, flow, listener, transport: this });
  }

  /**
   * Takes a datagram from the client.
   *
   * @returns whether `slot`, the lent buffer that `data` is a part of, was kept
   */
  deliver(data: Uint8Array, slot: Uint8Array): boolean {
    return this.#driver.deliver(data) && (this.#up?.send(data, slot) ?? false);
  }

  open({ address }: UdpForward): ErrorCode | null {
    const { context: { slots, ledger }, reply } = this.#options;
    const { entry } = this.#driver;
    let upstream: UdpUpstream;
    try {
      upstream = new UdpUpstream(slots, address);
    } catch (error) {
      return errorCodeOf(error);
    }
    this.#upstream = upstream;
    const onLost = () => void ledger.datagramsLost++;
    this.#up = new DatagramSender({
      slots,
      onLost,
      transmit: (data) => upstream.send(data),
      onSent: (bytes) => entry.countUp(bytes),
      onError: (error) => this.#onSendError(error, "connect_failed"),
    });
    const down = new DatagramSender({
      slots,
      onLost,
      transmit: reply,
      onSent: (bytes) => entry.countDown(bytes),
      onError: (error) => this.#onSendError(error, "client_reset"),
    });
    upstream.run({
      onReply: (data, slot) => {
        this.#driver.observe(data, 0, data.length);
        return down.send(data, slot);
      },
      onError: (error) => this.#driver.end({ reason: "target_reset", error: errorCodeOf(error) }),
    });
    return null;
  }

  sendHeld(data: Uint8Array): void {
    this.#up?.sendOwned(data);
  }

  reply(data: Uint8Array): void {
    const { reply, context: { ledger } } = this.#options;
    this.#replied = reply(data).then(
      (bytes) => this.#driver.entry.countDown(bytes),
      () => void ledger.datagramsLost++,
    );
  }

  end(closed: () => void): void {
    this.#up?.clear();
    this.#options.onEnd();
    if (this.#upstream === null && this.#replied === null) closed();
    else Promise.all([this.#replied, this.#upstream?.close()]).then(closed);
  }

  #onSendError(error: unknown, reason: "connect_failed" | "client_reset"): void {
    // A listener's socket is replaced when it comes to share its port: then, too, a datagram is lost and no more.
    if (isDatagramTransient(error) || isOwnClose(error)) {
      this.#options.context.ledger.datagramsLost++;
    } else this.#driver.end({ reason, error: errorCodeOf(error) });
  }
}
