/**
 * What the parts of one `streams` engine share.
 *
 * @module
 */

import type { TargetResolver } from "../../model/resolver.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import type { FlowIdTable } from "../../pipeline/flow_id_table.ts";
import type { EngineEchResources } from "../ech_resources.ts";
import type { EngineEvents } from "../engine.ts";
import type { DatagramSlots } from "./datagram_slots.ts";
import type { EngineClock } from "./engine_clock.ts";
import type { FlowLedger } from "../flow_ledger.ts";
import type { LimitNotice } from "../limit_notice.ts";
import type { TargetLookUp } from "../target_look_up.ts";
import type { AcceptPause } from "../accept_pause.ts";
import type { BufferPool } from "../buffer_pool.ts";

/** Made once for an engine. */
export interface EngineContext {
  readonly clock: EngineClock;
  readonly ledger: FlowLedger;
  readonly buffers: BufferPool;
  readonly slots: DatagramSlots;
  readonly acceptPause: AcceptPause;
  readonly tcpLimit: LimitNotice;
  readonly udpLimit: LimitNotice;
  readonly events: EngineEvents;
  readonly resolver: TargetResolver;
  /** The same by callback, for UDP flows. */
  readonly lookUp: TargetLookUp;
  /** What UDP flows are known by beside the client's address. */
  readonly flowIds: FlowIdTable;
  readonly ech: EngineEchResources;
  /** What new flows go by. Replaced as a whole. */
  snapshot: Snapshot;
}
