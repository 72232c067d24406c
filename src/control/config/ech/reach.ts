/**
 * Whether outer hellos come to the service that holds their keys.
 *
 * @module
 */

import type { ProtocolDraft } from "../draft.ts";
import { isConditional } from "../routes.ts";

/**
 * The service that takes the outer hellos of a public name in another's place, as its rule asks for the name more
 * exactly; `null` where it is not known which (the rules of the service leave the name out), undefined where they come.
 */
export function whoTakes(
  publicName: string,
  own: ProtocolDraft,
  all: readonly ProtocolDraft[],
): ProtocolDraft | null | undefined {
  const exactness = exactnessOf(own, publicName);
  if (exactness === null) return null;
  return all.find((other) => {
    if (other === own || other.values.protocol !== own.values.protocol) return false;
    // Who asks for more leaves some hellos to others.
    if (isConditional(other) || other.given.has("alpn") || other.given.has("alpns")) return false;
    return (exactnessOf(other, publicName) ?? -1) > exactness && !isConditional(own);
  });
}

/** The higher, the earlier a rule is asked; null: the name does not fit it. */
function exactnessOf({ values: { server_names: names } }: ProtocolDraft, name: string) {
  if (names === undefined) return 0;
  const fitting = names.flatMap((pattern) => {
    if (pattern === name) return [Infinity];
    const isOneLabel = pattern.startsWith("*.") &&
      name.slice(name.indexOf(".")) === pattern.slice(1);
    if (isOneLabel) return [MAX_NAME];
    return pattern.startsWith(".") && `.${name}`.endsWith(pattern) ? [pattern.length] : [];
  });
  return fitting.length === 0 ? null : Math.max(...fitting);
}

/** Above the length of every name. */
const MAX_NAME = 256;
