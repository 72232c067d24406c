/**
 * rpxy-l4 as a library: a layer-4 reverse proxy that runs inside another program.
 *
 * ```ts
 * import { startProxy } from "./src/mod.ts";
 *
 * await using proxy = await startProxy({ config: "config.toml" });
 * console.log(proxy.addresses);
 * await proxy.finished;
 * ```
 *
 * Needs `--allow-net` and `--allow-read`, and `"unstable": ["net"]` for UDP. With `--allow-ffi` as well it uses the
 * faster engine, on Linux.
 *
 * @module
 */

export {
  type BoundAddress,
  type Proxy,
  type ProxyOptions,
  type ReloadOutcome,
  startProxy,
} from "./app.ts";
export { EngineError } from "./app/choose_engine.ts";
export { ConfigFileError, loadConfig, parseConfigFile } from "./app/config_file.ts";
export { ListenError } from "./app/listen_error.ts";
export type { ConfigIssue } from "./control/config/issues.ts";
export { configJsonSchema } from "./control/config/schema.ts";
export type { NamedFile, Settings } from "./control/config/settings.ts";
export type { DrainReport, EngineStats } from "./engine/engine.ts";
export type { LineSink } from "./ops/line_sink.ts";
export { LogDirectoryError } from "./ops/open_logs.ts";
export type * from "./model/address.ts";
export type * from "./model/ech.ts";
export type { EndReason } from "./model/flow.ts";
export type {
  Certainty,
  FieldNeeds,
  MatchField,
  MatchFields,
  Protocol,
  TcpProtocol,
  Transport,
  UdpProtocol,
} from "./model/protocol.ts";
export type * from "./model/snapshot.ts";
export { TCP_PROTOCOLS, UDP_PROTOCOLS } from "./proto/registry.ts";
