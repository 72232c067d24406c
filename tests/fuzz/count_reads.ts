/**
 * Counts how many bytes of an array are looked at, which bounds work without a clock.
 *
 * @module
 */

/** How many bytes were read, by whomever. */
export interface Reads {
  bytes: number;
}

/**
 * The same bytes behind a proxy that counts. A byte counts when it is read by its index; a method that goes over the
 * array counts as the whole of it, but for those that make views, which are counted in their turn.
 */
export function countReads(bytes: Uint8Array, reads: Reads): Uint8Array {
  return new Proxy(bytes, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target);
      if (key === "subarray") {
        return (start?: number, end?: number) => countReads(target.subarray(start, end), reads);
      }
      if (typeof value === "function") {
        return (...parameters: unknown[]) => {
          reads.bytes += target.length;
          return Reflect.apply(value, target, parameters);
        };
      }
      if (typeof key === "string" && key !== "length") reads.bytes++;
      return value;
    },
  });
}
