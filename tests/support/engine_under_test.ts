/**
 * The engine that end-to-end tests run on where they say nothing else: the whole of them run once on each.
 *
 * @module
 */

/** `RPXY_L4_TEST_ENGINE=native deno task test tests/e2e` tests the native engine, which `auto` takes where it may. */
export const ENGINE = Deno.env.get("RPXY_L4_TEST_ENGINE") === "native" ? "native" : "streams";

/** What makes `engine = "auto"` take that engine. */
export const ENGINE_PERMISSIONS: readonly string[] = ENGINE === "native"
  ? ["--allow-net", "--allow-read", "--allow-ffi"]
  : ["--allow-net", "--allow-read"];
