/**
 * What the parts that deal with a client's ECH ask of its flow.
 *
 * @module
 */

import type { EndReason, StreamFilter, TcpFlowAction } from "../model/flow.ts";
import type { Service } from "../model/snapshot.ts";

/** What is to be done next, or where the client goes. */
export type EchStep =
  | { readonly kind: "act"; readonly action: TcpFlowAction }
  /** The flow ends. */
  | { readonly kind: "end"; readonly reason: EndReason }
  /** To this service goes what the client says from `offset` of its head on, by way of `filter` where there is one. */
  | {
    readonly kind: "connect";
    readonly service: Service;
    readonly offset: number;
    readonly filter: StreamFilter | null;
  };
