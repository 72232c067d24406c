/**
 * Counts what is expensive about QUIC: the cryptography of Initial packets.
 *
 * @module
 */

import {
  INITIAL_PROTECTION,
  type InitialProtection,
} from "../../src/proto/quic/packet_protection.ts";

/** The real cryptography, and how often each part of it was asked for. */
export interface CountingProtection {
  readonly counts: { derived: number; opened: number };
  readonly protection: InitialProtection;
}

/** Begins to count at zero. */
export function countingProtection(): CountingProtection {
  const counts = { derived: 0, opened: 0 };
  const protection: InitialProtection = {
    deriveKeys(...parameters) {
      counts.derived++;
      return INITIAL_PROTECTION.deriveKeys(...parameters);
    },
    open(...parameters) {
      counts.opened++;
      return INITIAL_PROTECTION.open(...parameters);
    },
  };
  return { counts, protection };
}
