/**
 * Where a value stands in a configuration.
 *
 * @module
 */

/** Keys and array indices from the top, such as `["protocols", "tls_2", "server_names", 1]`. */
export type KeyPath = readonly (string | number)[];

/** A path as it would be written in TOML, such as `protocols."a.b".target[0]`. */
export function formatKeyPath(path: KeyPath): string {
  return path.map((step, depth) => {
    if (typeof step === "number") return `[${step}]`;
    const key = /^[A-Za-z0-9_-]+$/.test(step) ? step : JSON.stringify(step);
    return depth === 0 ? key : `.${key}`;
  }).join("");
}
