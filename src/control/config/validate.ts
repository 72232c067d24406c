/**
 * Rules that tie several keys together. What could not be read is passed over: it has been reported already.
 *
 * @module
 */

import type { Protocol } from "../../model/protocol.ts";
import type { Target } from "../../model/snapshot.ts";
import { matchesGlob } from "../../proto/glob.ts";
import { specsOf } from "../../proto/registry.ts";
import type { Draft, ProtocolDraft } from "./draft.ts";
import { formatDuration } from "./duration.ts";
import type { EchPlans } from "./ech/check.ts";
import { checkEngineKeys } from "./engine_keys.ts";
import type { Findings } from "./findings.ts";
import type { KeyPath } from "./key_path.ts";
import { MATCH_KEYS, type MatchKey, subjectOf, takersInWords, takesKey } from "./match_keys.ts";
import { checkOverlaps } from "./overlaps.ts";
import { checkQuicLb } from "./quic_lb.ts";
import { servedTransports } from "./routes.ts";
import { quote } from "./value_error.ts";

/** Adds to `findings` what is wrong between the values of a draft. */
export function validateDraft(draft: Draft, plans: EchPlans, findings: Findings): void {
  checkTargets(draft, findings);
  checkDns(draft, findings);
  checkInboundProxy(draft, findings);
  for (const protocol of draft.protocols) checkProtocol(protocol, findings);
  checkOverlaps(draft.protocols, findings);
  checkQuicLb(draft.protocols, findings);
  checkLoops(draft, plans, findings);
  checkEngineKeys(draft, listenAddresses(draft.top.values), findings);
}

function checkTargets({ top, wantsServices }: Draft, findings: Findings): void {
  if (!top.given.has("tcp_target") && !top.given.has("udp_target") && !wantsServices) {
    findings.error([], "There is no target at all", {
      hint: "Add tcp_target, udp_target or a [protocols.NAME] table",
    });
  }
  for (const transport of ["tcp", "udp"] as const) {
    const [key, target] = [`${transport}_load_balance`, `${transport}_target`];
    if (top.given.has(key) && !top.given.has(target)) {
      findings.warning([key], `"${key}" does nothing without "${target}"`, { at: "key" });
    }
  }
}

function checkDns({ top }: Draft, findings: Findings): void {
  const { dns_cache_min_ttl: min, dns_cache_max_ttl: max } = top.values;
  if (min === undefined || max === undefined || min <= max) return;
  const key = top.given.has("dns_cache_min_ttl") ? "dns_cache_min_ttl" : "dns_cache_max_ttl";
  findings.error(
    [key],
    `The least TTL, ${formatDuration(min)}, is above the greatest, ${formatDuration(max)}`,
    { hint: "dns_cache_min_ttl may be at most dns_cache_max_ttl; their defaults are 30s and 1h" },
  );
}

function checkInboundProxy({ top }: Draft, findings: Findings): void {
  const { tcp_recv_proxy_protocol: wanted } = top.values;
  const trusted = top.given.has("tcp_trusted_proxies");
  if (wanted === true && !trusted) {
    findings.error(
      ["tcp_recv_proxy_protocol"],
      `"tcp_recv_proxy_protocol" needs "tcp_trusted_proxies"`,
      { hint: 'List who may send headers, as in tcp_trusted_proxies = ["10.0.0.0/8"]' },
    );
  } else if (wanted === false && trusted) {
    findings.warning(
      ["tcp_trusted_proxies"],
      `"tcp_trusted_proxies" does nothing without "tcp_recv_proxy_protocol = true"`,
      { at: "key" },
    );
  }
}

function checkProtocol({ path, given, values }: ProtocolDraft, findings: Findings): void {
  const { protocol } = values;
  if (given.has("alpn") && given.has("alpns")) {
    findings.error([...path, "alpns"], `"alpn" and "alpns" are the same key`, {
      at: "key",
      hint: "Keep one of the two",
    });
  }
  if (protocol === undefined) return;

  checkMatchKeys(path, values, given, findings);
  checkTransport(path, values, findings);
  const { send_proxy_protocol: header } = values;
  if (header !== undefined && header !== "none" && !servedTransports(values).includes("tcp")) {
    findings.warning(
      [...path, "send_proxy_protocol"],
      `"send_proxy_protocol" does nothing for ${protocol}: headers go to TCP targets only`,
      { at: "key" },
    );
  }
}

function checkMatchKeys(
  path: KeyPath,
  values: ProtocolDraft["values"],
  given: ReadonlySet<string>,
  findings: Findings,
): void {
  const { protocol } = values;
  if (protocol === undefined) return;
  for (const key of MATCH_KEYS) {
    if (!given.has(key) || takesKey(protocol, key)) continue;
    const what = isName(key) ? "no such name" : "nothing of the kind";
    findings.error(
      [...path, key],
      `"${key}" is for ${takersInWords(key)}, not for ${protocol}`,
      { at: "key", hint: `Remove the key: ${protocol} carries ${what}` },
    );
  }
  if (protocol === "regex" && !given.has("patterns")) {
    findings.error([...path, "protocol"], '"regex" needs "patterns"', {
      hint: 'Write what the first bytes look like, as in patterns = ["HELO [a-z]+"]',
    });
  }
  checkVersions(path, protocol, values.versions ?? [], findings);
}

function isName(key: MatchKey): boolean {
  const subject = subjectOf(key);
  return subject === "sni" || subject === "alpn" || subject === "host" || subject === "queryName";
}

/** A version that no client can have would be a rule that is silently without effect. */
function checkVersions(
  path: KeyPath,
  protocol: Protocol,
  versions: readonly string[],
  findings: Findings,
): void {
  const known = new Set(specsOf(protocol).flatMap((spec) => spec.versions));
  if (known.size === 0) return;
  for (const [index, version] of versions.entries()) {
    const written = version.toLowerCase();
    if ([...known].some((name) => canFit(written, name.toLowerCase()))) continue;
    findings.error(
      [...path, "versions", index],
      `${quote(version)} is no version of ${protocol}`,
      { hint: `Known are ${[...known].join(", ")}` },
    );
  }
}

/** Whether some version fits a pattern, of those that a name stands for: a star at its end is for any more text. */
function canFit(pattern: string, name: string): boolean {
  if (!name.endsWith("*")) return matchesGlob(pattern, name);
  const start = name.slice(0, -1);
  const star = pattern.indexOf("*");
  const literal = star < 0 ? pattern : pattern.slice(0, star);
  return literal.startsWith(start) || (star >= 0 && start.startsWith(literal));
}

function checkTransport(
  path: KeyPath,
  values: ProtocolDraft["values"],
  findings: Findings,
): void {
  const { protocol, transport } = values;
  if (protocol === undefined || transport === undefined || servedTransports(values).length > 0) {
    return;
  }
  const other = transport === "tcp" ? "UDP" : "TCP";
  findings.error(
    [...path, "transport"],
    `There is no ${protocol} over ${transport.toUpperCase()}`,
    { hint: `Remove the key: ${protocol} is recognised over ${other}` },
  );
}

/** A target that is one of the proxy's own listeners. */
function checkLoops({ top, protocols }: Draft, plans: EchPlans, findings: Findings): void {
  const ports = new Set(top.values.listen_port);
  const listens = listenAddresses(top.values);
  const check = ({ host, port }: Target, path: KeyPath, name: string) => {
    if (!ports.has(port) || !isOwnAddress(host, listens)) return;
    findings.warning(path, `${name} is this proxy itself`, {
      hint: "Traffic to it comes back as new traffic, round and round until a limit is reached",
    });
  };
  const checkAll = (targets: readonly Target[] | undefined, path: KeyPath) => {
    for (const [index, target] of (targets ?? []).entries()) {
      check(target, [...path, index], quote(target.label));
    }
  };
  checkAll(top.values.tcp_target, ["tcp_target"]);
  checkAll(top.values.udp_target, ["udp_target"]);
  for (const { values, ech, path, name } of protocols) {
    checkAll(values.target, [...path, "target"]);
    checkAll(ech?.values.public_plaintext_target, [...path, "ech", "public_plaintext_target"]);
    for (const { targets, targetPaths } of plans.get(name)?.routes ?? []) {
      for (const [index, at] of targetPaths.entries()) {
        const target = targets[index];
        if (target !== undefined) check(target, at, "This target");
      }
    }
  }
}

/** Addresses to listen on, IPv4 before IPv6. */
export function listenAddresses(values: Draft["top"]["values"]): readonly string[] {
  const v6 = values.listen_address_v6 ?? (values.listen_ipv6 === true ? ["::"] : []);
  return [...values.listen_address_v4 ?? [], ...v6];
}

/** Which other addresses the machine has cannot be known without a permission, so a wildcard stands for loopback. */
function isOwnAddress(host: string, listens: readonly string[]): boolean {
  if (listens.includes(host)) return true;
  const v4 = host.startsWith("127.") || host === "0.0.0.0" || host === "localhost";
  const v6 = host === "::1" || host === "::" || host === "localhost";
  return (v4 && listens.includes("0.0.0.0")) || (v6 && listens.includes("::"));
}
