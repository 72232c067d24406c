/**
 * A thread that counts in shared memory over and over: always as many TCP as UDP flows, and as many ended ones.
 *
 * @module
 */

import { END_REASONS, SharedCounters } from "../../src/engine/native/shared_counters.ts";

globalThis.addEventListener("message", (event) => {
  const { memory, rounds } = (event as MessageEvent).data;
  const counters = new SharedCounters(memory, 0);
  for (let round = 1; round <= rounds; round++) {
    counters.begin();
    counters.set(
      {
        active: () => round,
        tcpAccepted: round,
        udpSessions: round,
        udpUndecided: round,
        heldDatagramBytes: round,
        echAccepted: round,
        echRejected: round,
        echGrease: round,
        echFaults: round,
        echLimited: round,
        datagramsLost: round,
        bytesUp: round,
        bytesDown: round,
      },
      round,
    );
    counters.countEnd(END_REASONS.indexOf("idle"));
    counters.commit();
    // A worker does other things in between; one that never did would leave a reader no moment to read in.
    for (let pause = 0; pause < 1_000; pause++);
  }
  globalThis.close();
});
