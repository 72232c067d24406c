/**
 * Gives a client whose ECH configuration is old the current ones (RFC 9849 §7.1).
 *
 * @module
 */

import type { TcpFlowEvent } from "../model/flow.ts";
import { MAX_TCP_HEAD } from "../model/limits.ts";
import type { Service } from "../model/snapshot.ts";
import {
  RetryServer,
  type RetryServerOptions,
  type RetryStep,
} from "../proto/tls13/retry_server.ts";
import type { EchStep } from "./ech_step.ts";

/** Where the client's own bytes are, and until when its handshake must be done. */
export interface EchRetryBounds {
  readonly headOffset: number;
  readonly deadline: number;
}

/** Serves one handshake by what the engine does for a flow. */
export class EchRetry {
  readonly #server: RetryServer;
  readonly #plaintext: Service | null;
  readonly #bounds: EchRetryBounds;
  /** What follows when the reply under way is written. */
  #afterReply: EchStep | null = null;

  constructor(options: RetryServerOptions, bounds: EchRetryBounds) {
    this.#server = new RetryServer(options);
    this.#plaintext = options.ech.plaintext;
    this.#bounds = bounds;
  }

  /**
   * The first step.
   *
   * @param said all that the client has sent of its own
   */
  start(said: Uint8Array): EchStep {
    return this.#follow(this.#server.push(said));
  }

  /** The step that follows from what the last action led to; null where the event is no answer to it. */
  next(event: TcpFlowEvent): EchStep | null {
    // How the flow ends is settled, whether the client reads why or not.
    if (this.#afterReply?.kind === "end") return this.#afterReply;
    switch (event.kind) {
      case "data":
        return this.#follow(this.#server.push(event.head.subarray(this.#bounds.headOffset)));
      case "replied":
        return this.#afterReply;
      case "eof":
      case "reset":
        return this.#left();
      case "timeout":
        return { kind: "end", reason: "probe_timeout" };
      default:
        return null;
    }
  }

  #follow(step: RetryStep): EchStep {
    switch (step.kind) {
      case "needMore":
        return this.#reply(step.reply, this.#read());
      case "retried":
        return this.#reply(step.reply, { kind: "end", reason: "ech_retry" }, true);
      case "fault":
        return this.#reply(step.reply, { kind: "end", reason: "ech_fault" }, true);
      case "closed":
        return this.#left();
      case "connected":
        return this.#connect(step);
    }
  }

  #connect({ consumed, channel }: Extract<RetryStep, { kind: "connected" }>): EchStep {
    const service = this.#plaintext;
    if (service !== null) {
      const offset = this.#bounds.headOffset + consumed;
      return { kind: "connect", service, offset, filter: channel };
    }
    return this.#reply(channel.targetEnded().toClient, { kind: "end", reason: "dropped" }, true);
  }

  /** A client that has the configurations may end as it likes; one that does not trust the certificate ends before. */
  #left(): EchStep {
    return { kind: "end", reason: this.#server.isFinished ? "ech_retry" : "ech_aborted" };
  }

  #read(): EchStep {
    const { headOffset, deadline } = this.#bounds;
    return { kind: "act", action: { kind: "read", max: headOffset + MAX_TCP_HEAD, deadline } };
  }

  #reply(bytes: Uint8Array | null, after: EchStep, end = false): EchStep {
    if (bytes === null) return after;
    this.#afterReply = after;
    const { deadline } = this.#bounds;
    return { kind: "act", action: { kind: "reply", bytes, end, deadline } };
  }
}
