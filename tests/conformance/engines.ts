/**
 * The engines that run on real sockets, for tests that are about both.
 *
 * @module
 */

import type { Engine, EngineOptions } from "../../src/engine/engine.ts";
import { NativeEngine } from "../../src/engine/native/native_engine.ts";
import { StreamsEngine } from "../../src/engine/streams/streams_engine.ts";
import { type DefineTest, needs } from "../support/needs.ts";
import { LoopbackWorld } from "./loopback_world.ts";

/** An engine by the name that tests call it. */
export interface EngineUnderTest {
  readonly name: string;
  readonly create: (options: EngineOptions) => Engine;
  /** Defines a test that needs what the engine needs, and more. */
  readonly needing: (...things: readonly string[]) => DefineTest;
}

export const STREAMS: EngineUnderTest = {
  name: "StreamsEngine",
  create: (options) => new StreamsEngine(options),
  needing: needs,
};

/** The native engine with some threads. */
export function native(workers: number): EngineUnderTest {
  return {
    name: `NativeEngine (${workers} worker${workers === 1 ? "" : "s"})`,
    create: (options) => new NativeEngine({ ...options, workers }),
    needing: (...things) => needs("Linux", ...things),
  };
}

export const ENGINES: readonly EngineUnderTest[] = [STREAMS, native(1), native(2)];

/** A world of real sockets around an engine. */
export function worldOf({ create }: EngineUnderTest): LoopbackWorld {
  return new LoopbackWorld(create);
}

/** An engine by its name, for programs that a test starts with it as an argument. */
export function engineNamed(name: string | undefined): EngineUnderTest {
  const engine = ENGINES.find((engine) => engine.name === name);
  if (engine === undefined) throw new Error(`no engine is called "${name}"`);
  return engine;
}
