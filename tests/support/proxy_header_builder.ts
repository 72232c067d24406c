/**
 * Builds PROXY protocol headers of version 2 byte by byte, well-formed or broken on purpose.
 *
 * @module
 */

import { concat, u16, vector16 } from "./client_hello_builder.ts";

/** What goes into a header; all but the body has a value for TCP over IPv4. */
export interface ProxyV2Spec {
  /** Default 0x21: version 2, PROXY. */
  readonly versionAndCommand?: number;
  /** Default 0x11: IPv4, stream. */
  readonly familyAndTransport?: number;
  /** Addresses and TLVs. */
  readonly body: Uint8Array;
  /** Default: that of the body. */
  readonly length?: number;
}

/** The 12 bytes that every header of version 2 begins with. */
export const V2_SIGNATURE: Uint8Array = Uint8Array.fromHex("0d0a0d0a000d0a515549540a");

/** A header as the spec says. */
export function buildProxyV2(spec: ProxyV2Spec): Uint8Array {
  return concat(
    V2_SIGNATURE,
    Uint8Array.of(spec.versionAndCommand ?? 0x21, spec.familyAndTransport ?? 0x11),
    u16(spec.length ?? spec.body.length),
    spec.body,
  );
}

/** A type-length-value vector. */
export function tlv(type: number, value: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(type), vector16(value));
}
