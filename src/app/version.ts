/**
 * Which program this is.
 *
 * @module
 */

import manifest from "../../deno.json" with { type: "json" };

/** Version of the project. */
export const VERSION: string = manifest.version;
