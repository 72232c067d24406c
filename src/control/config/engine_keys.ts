/**
 * Rules for the keys that only the native engine reads.
 *
 * @module
 */

import type { Target } from "../../model/snapshot.ts";
import type { Draft } from "./draft.ts";
import { formatDuration } from "./duration.ts";
import type { Findings } from "./findings.ts";
import type { KeyPath } from "./key_path.ts";
import { quote } from "./value_error.ts";

/** Keys without which traffic flows all the same, only less well. */
const TUNING_KEYS = [
  "workers",
  "tcp_fast_open",
  "tcp_defer_accept",
  "tcp_user_timeout",
  "socket_mark",
] as const;

/** Adds to `findings` what is wrong about the native engine's keys. `listens` are the addresses listened on. */
export function checkEngineKeys(
  draft: Draft,
  listens: readonly string[],
  findings: Findings,
): void {
  if (draft.top.values.engine === "streams") {
    checkStreams(draft, findings);
    return;
  }
  checkDeferAccept(draft, findings);
  checkAddressFamilies(draft, listens, findings);
}

/** Without transparency targets would take the proxy for the client: filters and logs that rely on it go wrong. */
function checkStreams({ top, protocols }: Draft, findings: Findings): void {
  for (const { values, path } of [{ values: top.values, path: [] }, ...protocols]) {
    if (values.transparent !== true) continue;
    findings.error([...path, "transparent"], `"transparent" needs the native engine`, {
      hint: 'Write engine = "native", or tell targets who the client is by PROXY protocol',
    });
  }
  for (const key of TUNING_KEYS) {
    // A key that says what holds anyway needs no comment.
    if (!top.given.has(key) || !top.values[key]) continue;
    findings.warning([key], `"${key}" does nothing with engine = "streams"`, { at: "key" });
  }
}

/** The system keeps silent clients to itself, and clients of such targets are silent. */
function checkDeferAccept({ top }: Draft, findings: Findings): void {
  const { tcp_defer_accept: defer, server_first_delay: delay } = top.values;
  // Without a delay somebody has said already that no target speaks first.
  if (!defer || !delay || !top.given.has("tcp_target")) return;
  findings.warning(
    ["tcp_defer_accept"],
    `A client that waits for tcp_target to speak first waits at least ${
      formatDuration(defer)
    } longer`,
    {
      hint: 'Remove the key, or write server_first_delay = "0s" if tcp_target never speaks first',
    },
  );
}

/** No connection has ends of two address families, so that such a target sees the proxy's address after all. */
function checkAddressFamilies(
  { top, protocols }: Draft,
  listens: readonly string[],
  findings: Findings,
): void {
  const check = (targets: readonly Target[] | undefined, path: KeyPath) => {
    for (const [index, { host, isIp, label }] of (targets ?? []).entries()) {
      if (!isIp || listens.every((listen) => isV6(listen) === isV6(host))) continue;
      findings.warning(
        [...path, index],
        `${quote(label)} cannot see the addresses of clients over ${isV6(host) ? "IPv4" : "IPv6"}`,
        { hint: '"transparent" works within one address family: others come from the proxy' },
      );
      return; // the others of the service say the same
    }
  };
  if (top.values.transparent === true) {
    check(top.values.tcp_target, ["tcp_target"]);
    check(top.values.udp_target, ["udp_target"]);
  }
  for (const { values, path } of protocols) {
    if (values.transparent ?? top.values.transparent) check(values.target, [...path, "target"]);
  }
}

function isV6(host: string): boolean {
  return host.includes(":");
}
