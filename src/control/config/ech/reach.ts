/**
 * Whether outer hellos come to the service that holds their keys.
 *
 * @module
 */

import type { ProtocolDraft } from "../draft.ts";
import { alpnOf, isConditional } from "../routes.ts";

/**
 * The service without keys that takes the outer hellos of a public name in another's place, as its rule asks for the name
 * more exactly; null: the rules of the service leave the name out; undefined: they come, as far as can be told.
 */
export function whoTakes(
  publicName: string,
  own: ProtocolDraft,
  all: readonly ProtocolDraft[],
): ProtocolDraft | null | undefined {
  const exactness = exactnessOf(own, publicName);
  if (exactness === null) return null;
  if (asksForMore(own)) return undefined;
  return all.find((other) =>
    other.values.protocol === own.values.protocol && other.ech === null && !asksForMore(other) &&
    (exactnessOf(other, publicName) ?? -1) > exactness
  );
}

/** Whether a rule comes before others with a name more exact, and leaves them some hellos of its own names. */
function asksForMore(draft: ProtocolDraft): boolean {
  return isConditional(draft) || alpnOf(draft.values) !== undefined;
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
