import assert from "node:assert/strict";
import { assertSuits, EngineError, engineWarnings } from "../../../src/app/choose_engine.ts";
import { parseConfig } from "../../../src/control/config/parse.ts";
import type { Settings } from "../../../src/control/config/settings.ts";

const NATIVE = { name: "native" };
const STREAMS = { name: "streams" };

function settings(...lines: string[]): Settings {
  const text = ["listen_port = 1", 'tcp_target = ["10.0.0.1:80"]', ...lines].join("\n");
  return parseConfig(text, "config.toml");
}

Deno.test("assertSuits() accepts transparent services for the native engine alone", () => {
  const transparent = settings("transparent = true");
  assertSuits(transparent, NATIVE);
  assertSuits(settings(), STREAMS);
  assert.throws(() => assertSuits(transparent, STREAMS), EngineError);
});

Deno.test("engineWarnings() tells of keys that take a restart", () => {
  const first = settings("workers = 2");
  const change = settings('engine = "streams"', "workers = 4");
  assert.deepEqual(engineWarnings(first, NATIVE, first), []);
  assert.deepEqual(engineWarnings(change, NATIVE, first), [
    '"engine" has changed: this takes effect when the proxy is started again',
    '"workers" has changed: this takes effect when the proxy is started again',
  ]);
  // It was "auto" at the start; transparent services make it "native", which is what runs.
  assert.deepEqual(
    engineWarnings(settings("workers = 2", "transparent = true"), NATIVE, first),
    [],
  );
});

Deno.test("engineWarnings() tells of options that the engine which was found cannot set", () => {
  const tuned = settings("tcp_fast_open = true", "socket_mark = 1");
  assert.deepEqual(engineWarnings(tuned, NATIVE, tuned), []);
  assert.deepEqual(engineWarnings(tuned, STREAMS, tuned), [
    '"tcp_fast_open" does nothing: the streams engine is in use',
    '"socket_mark" does nothing: the streams engine is in use',
  ]);
});
