/**
 * Where a service leads, as schemas.
 *
 * @module
 */

import { parseTarget } from "./endpoint.ts";
import { choice, distinctList, reading, text } from "./value_schema.ts";

/** How a backend is picked. */
export const loadBalance = choice(["source_ip", "source_socket", "random", "none"]);

/** Backends, none of them twice. */
export const targets = distinctList(
  reading(text, parseTarget),
  "targets",
  ({ label }) => [label],
);
