import assert from "node:assert/strict";
import { takersInWords } from "../../../../src/control/config/match_keys.ts";
import {
  ConfigError,
  type ConfigIssue,
  parseConfig,
} from "../../../../src/control/config/parse.ts";
import { PROTOCOLS } from "../../../../src/proto/registry.ts";

/** A configuration with one mistake. */
interface Mistake {
  /** The rule that is broken. */
  readonly rule: string;
  /** The file; `§` stands where the caret belongs and is not part of it. */
  readonly text: string;
  readonly key: string;
  readonly message: string;
  readonly hint?: string;
}

const BASE = 'listen_port = 8448\ntcp_target = ["10.0.0.1:80"]\n';

/** A file with one `tls` service, to which `lines` are added. */
function tls(lines: string): string {
  return `listen_port = 8448\n[protocols.web]\nprotocol = "tls"\ntarget = ["a:1"]\n${lines}\n`;
}

/** A file with one `regex` service. */
function regex(patterns: string): string {
  return `${BASE}[protocols.s]\nprotocol = "regex"\ntarget = ["a:1"]\npatterns = ${patterns}\n`;
}

/** A file with one `http` service. */
function http(lines: string): string {
  return `${BASE}[protocols.s]\nprotocol = "http"\ntarget = ["a:1"]\n${lines}\n`;
}

const ERRORS: readonly Mistake[] = [
  {
    rule: "TOML syntax",
    text: "listen_port = §= 1\n",
    key: "",
    message: "This is not TOML: invalid value",
    hint: "Other mistakes show once the file can be read",
  },
  {
    rule: "a key twice",
    text: "listen_port = 1\n§listen_port = 2\n",
    key: "",
    message: "This is not TOML: trying to redefine an already defined table or value",
    hint: "Each key and each table may stand only once",
  },
  {
    rule: "a table twice",
    text: `${tls("")}[§protocols.web]\nprotocol = "ssh"\n`,
    key: "",
    message: "This is not TOML: trying to redefine an already defined table or value",
    hint: "Each key and each table may stand only once",
  },
  {
    rule: "text without quotes",
    text: "[protocols.web]\nprotocol = §http\n",
    key: "",
    message: "This is not TOML: invalid value",
    hint: 'Text stands in quotes, as in protocol = "http"',
  },
  {
    rule: "an address without quotes",
    text: "tcp_target = [127.0§.0.1:80]\n",
    key: "",
    message: "This is not TOML: illegal character in numeric literal",
    hint: 'Text stands in quotes, as in protocol = "http"',
  },
  {
    rule: "quotes of a word processor",
    text: "[protocols.web]\nprotocol = §“http”\n",
    key: "",
    message: "This is not TOML: invalid value",
    hint: 'Quotes must be straight, as in "text"',
  },
  {
    rule: "a colon in place of an equals sign",
    text: "listen_port§: 443\n",
    key: "",
    message: "This is not TOML: illegal character in key",
    hint: "Write key = value, with an equals sign",
  },
  {
    rule: "UTF-16",
    text: "§l\0i\0s\0t\0e\0n\0",
    key: "",
    message: "This is not text in UTF-8",
    hint: "Save the file as UTF-8",
  },
  {
    rule: "unknown key",
    text: `${BASE}§tcp_targt = ["10.0.0.1:80"]\n`,
    key: "tcp_targt",
    message: 'Unknown key "tcp_targt"',
    hint: 'Did you mean "tcp_target"?',
  },
  {
    rule: "unknown key that is like no other",
    text: `${BASE}§colour = 1\n`,
    key: "colour",
    message: 'Unknown key "colour"',
  },
  {
    rule: "unknown table",
    text: `${BASE}[§experimental]\nx = 1\n`,
    key: "experimental",
    message: 'Unknown key "experimental"',
  },
  {
    rule: "unknown key of a service",
    text: tls('§server_name = ["example.com"]'),
    key: "protocols.web.server_name",
    message: 'Unknown key "server_name"',
    hint: 'Did you mean "server_names"?',
  },
  {
    rule: "key of a service on top level",
    text: `${BASE}§load_balance = "random"\n`,
    key: "load_balance",
    message: 'Unknown key "load_balance"',
    hint: '"load_balance" belongs into a [protocols.NAME] table',
  },
  {
    rule: "key of the top level in a service",
    text: tls("§tcp_backlog = 5"),
    key: "protocols.web.tcp_backlog",
    message: 'Unknown key "tcp_backlog"',
    hint:
      '"tcp_backlog" belongs to the top: TOML counts every key below a [table] header to that table',
  },
  {
    rule: "key of an ech table in a service",
    text: tls('§ech_config_list = "AAAA"'),
    key: "protocols.web.ech_config_list",
    message: 'Unknown key "ech_config_list"',
    hint: '"ech_config_list" belongs into a [protocols.NAME.ech] table',
  },
  {
    rule: "listen_port is required",
    text: '§tcp_target = ["10.0.0.1:80"]\n',
    key: "listen_port",
    message: '"listen_port" is missing',
  },
  {
    rule: "port 0",
    text: 'listen_port = §0\ntcp_target = ["10.0.0.1:80"]\n',
    key: "listen_port",
    message: '"listen_port" must be from 1 to 65535',
  },
  {
    rule: "port above 65535 in an array",
    text: 'listen_port = [443, §65536]\ntcp_target = ["10.0.0.1:80"]\n',
    key: "listen_port[1]",
    message: 'Each element of "listen_port" must be from 1 to 65535',
  },
  {
    rule: "port that is not whole",
    text: 'listen_port = §1.5\ntcp_target = ["10.0.0.1:80"]\n',
    key: "listen_port",
    message:
      '"listen_port" must be a port, a range such as "8000-8010", or an array of these, not the number 1.5',
  },
  {
    rule: "port in quotes",
    text: 'listen_port = §"8448"\ntcp_target = ["10.0.0.1:80"]\n',
    key: "listen_port",
    message: '"8448" is not a range of ports',
    hint: "Write a single port without quotes",
  },
  {
    rule: "range of ports backwards",
    text: 'listen_port = §"8010-8000"\ntcp_target = ["10.0.0.1:80"]\n',
    key: "listen_port",
    message: '"8010-8000" ends before it begins',
    hint: 'Write "8000-8010"',
  },
  {
    rule: "range of ports with port 0",
    text: 'listen_port = §"0-10"\ntcp_target = ["10.0.0.1:80"]\n',
    key: "listen_port",
    message: '"0-10" leaves the range of ports, 1 to 65535',
  },
  {
    rule: "too many ports",
    text: 'listen_port = §["1-1024", 2000]\ntcp_target = ["10.0.0.1:80"]\n',
    key: "listen_port",
    message: "More than 1024 ports to listen on",
  },
  {
    rule: "port twice",
    text: 'listen_port = ["8000-8010", §8005]\ntcp_target = ["10.0.0.1:80"]\n',
    key: "listen_port[1]",
    message: '"8005" is listed twice',
    hint: "Remove one of the two",
  },
  {
    rule: "no port at all",
    text: 'listen_port = §[]\ntcp_target = ["10.0.0.1:80"]\n',
    key: "listen_port",
    message: '"listen_port" must not be empty',
  },
  {
    rule: "IPv4 address that is none",
    text: `${BASE}listen_address_v4 = §"10.0.0.256"\n`,
    key: "listen_address_v4",
    message: '"10.0.0.256" is not an IPv4 address',
  },
  {
    rule: "IPv6 address for IPv4",
    text: `${BASE}listen_address_v4 = ["10.0.0.1", §"::1"]\n`,
    key: "listen_address_v4[1]",
    message: '"::1" is not an IPv4 address',
    hint: "Put IPv6 addresses into listen_address_v6",
  },
  {
    rule: "IPv4 address for IPv6",
    text: `${BASE}listen_address_v6 = §"127.0.0.1"\n`,
    key: "listen_address_v6",
    message: '"127.0.0.1" is not an IPv6 address',
    hint: "Put IPv4 addresses into listen_address_v4",
  },
  {
    rule: "IPv4 wildcard beside others",
    text: `${BASE}listen_address_v4 = ["10.0.0.1", §"0.0.0.0"]\n`,
    key: "listen_address_v4[1]",
    message: '"0.0.0.0" means every address and cannot stand beside others',
    hint: 'Keep "0.0.0.0" alone, or remove it',
  },
  {
    rule: "IPv6 wildcard beside others",
    text: `${BASE}listen_address_v6 = [§"[0::0]", "::1"]\n`,
    key: "listen_address_v6[0]",
    message: '"::" means every address and cannot stand beside others',
    hint: 'Keep "::" alone, or remove it',
  },
  {
    rule: "no address to listen on",
    text: `${BASE}listen_address_v4 = §[]\n`,
    key: "listen_address_v4",
    message: '"listen_address_v4" must not be empty',
  },
  {
    rule: "boolean that is none",
    text: `${BASE}listen_ipv6 = §"yes"\n`,
    key: "listen_ipv6",
    message: '"listen_ipv6" must be true or false, not a string',
  },
  {
    rule: "integer that is none",
    text: `${BASE}tcp_backlog = §true\n`,
    key: "tcp_backlog",
    message: '"tcp_backlog" must be an integer, not true',
  },
  {
    rule: "date for an integer",
    text: `${BASE}tcp_backlog = §1979-05-27\n`,
    key: "tcp_backlog",
    message: '"tcp_backlog" must be an integer, not a date',
  },
  {
    rule: "limit of 0",
    text: `${BASE}udp_max_connections = §0\n`,
    key: "udp_max_connections",
    message: '"udp_max_connections" must be from 1 to 4294967295',
  },
  {
    rule: "no target at all",
    text: "§listen_port = 8448\n",
    key: "",
    message: "There is no target at all",
    hint: "Add tcp_target, udp_target or a [protocols.NAME] table",
  },
  {
    rule: "no target at all, with an empty table of services",
    text: "§listen_port = 8448\n[protocols]\n",
    key: "",
    message: "There is no target at all",
    hint: "Add tcp_target, udp_target or a [protocols.NAME] table",
  },
  {
    rule: "no default target in the list",
    text: "listen_port = 8448\nudp_target = §[]\n",
    key: "udp_target",
    message: '"udp_target" must not be empty',
  },
  {
    rule: "target that is no list",
    text: 'listen_port = 8448\ntcp_target = §"10.0.0.1:80"\n',
    key: "tcp_target",
    message: '"tcp_target" must be an array of targets in square brackets, not a string',
  },
  {
    rule: "target that is no string",
    text: "listen_port = 8448\ntcp_target = [§80]\n",
    key: "tcp_target[0]",
    message: 'Each element of "tcp_target" must be a string, not the integer 80',
  },
  {
    rule: "target without a port",
    text: 'listen_port = 8448\ntcp_target = [§"backend"]\n',
    key: "tcp_target[0]",
    message: '"backend" has no port',
    hint: 'Write "backend:443" or the like',
  },
  {
    rule: "target with port 0",
    text: 'listen_port = 8448\ntcp_target = [§"10.0.0.1:0"]\n',
    key: "tcp_target[0]",
    message: '"10.0.0.1:0" has no valid port',
    hint: "A port is a number from 1 to 65535",
  },
  {
    rule: "IPv6 target without brackets",
    text: 'listen_port = 8448\ntcp_target = [§"2001:db8::1:80:99999"]\n',
    key: "tcp_target[0]",
    message: '"2001:db8::1:80:99999" has no valid port',
    hint: "A port is a number from 1 to 65535",
  },
  {
    rule: "IPv6 target whose port is part of the address",
    text: 'listen_port = 8448\ntcp_target = [§"::1:80"]\n',
    key: "tcp_target[0]",
    message: '"::1:80" has no port',
    hint: 'Write an IPv6 address in brackets, as in "[::1]:443"',
  },
  {
    rule: "URL as a target",
    text: 'listen_port = 8448\ntcp_target = [§"https://backend:443"]\n',
    key: "tcp_target[0]",
    message: '"https://backend:443" is not host:port',
    hint: 'Write host and port alone, without "https://"',
  },
  {
    rule: "IP address with an error in it as a target",
    text: 'listen_port = 8448\ntcp_target = [§"10.0.0.01:80"]\n',
    key: "tcp_target[0]",
    message: '"10.0.0.01" is neither an IP address nor a host name',
    hint: 'Write the target as in "10.0.0.2:443" or "backend.example.com:443"',
  },
  {
    rule: "target twice",
    text: 'listen_port = 8448\ntcp_target = ["a.example:80", §"A.example.:80"]\n',
    key: "tcp_target[1]",
    message: '"a.example:80" is listed twice',
    hint: "Remove one of the two",
  },
  {
    rule: "unknown load balancing",
    text: `${BASE}tcp_load_balance = §"source-ip"\n`,
    key: "tcp_load_balance",
    message: '"source-ip" is not one of source_ip, source_socket, random, none',
    hint: 'Did you mean "source_ip"?',
  },
  {
    rule: "duration without a unit",
    text: `${BASE}probe_timeout = §3\n`,
    key: "probe_timeout",
    message: '"probe_timeout" must be a duration with a unit, such as "30s", not the integer 3',
  },
  {
    rule: "duration in quotes without a unit",
    text: `${BASE}dns_cache_min_ttl = §"30"\n`,
    key: "dns_cache_min_ttl",
    message: '"30" has no unit',
    hint: 'Write "30s" for seconds',
  },
  {
    rule: "duration with an unknown unit",
    text: `${BASE}tcp_idle_timeout = §"2 weeks"\n`,
    key: "tcp_idle_timeout",
    message: '"2 weeks" has an unknown unit, "weeks"',
    hint: 'Use ms, s, m, h or d, as in "30s"',
  },
  {
    rule: "duration that is none",
    text: `${BASE}drain_timeout = §"-3s"\n`,
    key: "drain_timeout",
    message: '"-3s" is not a duration',
    hint: 'Write a whole number and a unit, as in "30s" or "250ms"',
  },
  {
    rule: "duration that no timer takes",
    text: `${BASE}tcp_idle_timeout = §"25d"\n`,
    key: "tcp_idle_timeout",
    message: '"25d" is longer than 24 days',
  },
  {
    rule: "wait of no time",
    text: `${BASE}tcp_connect_timeout = §"0s"\n`,
    key: "tcp_connect_timeout",
    message: '"0s" leaves no time at all',
    hint: "Write at least 1ms",
  },
  {
    rule: "lifetime below 0",
    text: `${BASE}udp_idle_lifetime = §-1\n`,
    key: "udp_idle_lifetime",
    message: '"udp_idle_lifetime" must be from 0 to 2073600',
  },
  {
    rule: "lifetime of a wrong type",
    text: `${BASE}udp_idle_lifetime = §true\n`,
    key: "udp_idle_lifetime",
    message:
      '"udp_idle_lifetime" must be a number of seconds or a duration such as "30s", not true',
  },
  {
    rule: "least TTL above the greatest",
    text: `${BASE}dns_cache_min_ttl = §"10m"\ndns_cache_max_ttl = "1m"\n`,
    key: "dns_cache_min_ttl",
    message: "The least TTL, 10m, is above the greatest, 1m",
    hint: "dns_cache_min_ttl may be at most dns_cache_max_ttl; their defaults are 30s and 1h",
  },
  {
    rule: "greatest TTL below the default of the least",
    text: `${BASE}dns_cache_max_ttl = §"1s"\n`,
    key: "dns_cache_max_ttl",
    message: "The least TTL, 30s, is above the greatest, 1s",
    hint: "dns_cache_min_ttl may be at most dns_cache_max_ttl; their defaults are 30s and 1h",
  },
  {
    rule: "PROXY headers from nobody in particular",
    text: `${BASE}tcp_recv_proxy_protocol = §true\n`,
    key: "tcp_recv_proxy_protocol",
    message: '"tcp_recv_proxy_protocol" needs "tcp_trusted_proxies"',
    hint: 'List who may send headers, as in tcp_trusted_proxies = ["10.0.0.0/8"]',
  },
  {
    rule: "PROXY headers from nobody",
    text: `${BASE}tcp_recv_proxy_protocol = true\ntcp_trusted_proxies = §[]\n`,
    key: "tcp_trusted_proxies",
    message: '"tcp_trusted_proxies" must not be empty',
  },
  {
    rule: "address block that is none",
    text: `${BASE}tcp_recv_proxy_protocol = true\ntcp_trusted_proxies = [§"10.0.0.0/33"]\n`,
    key: "tcp_trusted_proxies[0]",
    message: '"10.0.0.0/33" is not an address block',
    hint: 'Write it as in "10.0.0.0/8" or "2001:db8::/32"',
  },
  {
    rule: "address block twice",
    text:
      `${BASE}tcp_recv_proxy_protocol = true\ntcp_trusted_proxies = ["10.0.0.0/8", §"10.1.2.3/8"]\n`,
    key: "tcp_trusted_proxies[1]",
    message: '"10.0.0.0/8" is listed twice',
    hint: "Remove one of the two",
  },
  {
    rule: "unknown PROXY protocol version",
    text: `${BASE}tcp_send_proxy_protocol = §"v3"\n`,
    key: "tcp_send_proxy_protocol",
    message: '"v3" is not one of v1, v2, none',
  },
  {
    rule: "engine that is none",
    text: `${BASE}engine = §"stream"\n`,
    key: "engine",
    message: '"stream" is not one of auto, streams, native',
    hint: 'Did you mean "streams"?',
  },
  {
    rule: "transparent without the native engine",
    text: `${BASE}engine = "streams"\ntransparent = §true\n`,
    key: "transparent",
    message: '"transparent" needs the native engine',
    hint: 'Write engine = "native", or tell targets who the client is by PROXY protocol',
  },
  {
    rule: "transparent service without the native engine",
    text: `engine = "streams"\n${tls("transparent = §true")}`,
    key: "protocols.web.transparent",
    message: '"transparent" needs the native engine',
    hint: 'Write engine = "native", or tell targets who the client is by PROXY protocol',
  },
  {
    rule: "no worker at all",
    text: `${BASE}workers = §0\n`,
    key: "workers",
    message: '"workers" must be from 1 to 255',
  },
  {
    rule: "wait for a first byte that is finer than the system's",
    text: `${BASE}tcp_defer_accept = §"500ms"\n`,
    key: "tcp_defer_accept",
    message: '"500ms" is neither 0s nor from 1s to 1m',
  },
  {
    rule: "user timeout of days",
    text: `${BASE}tcp_user_timeout = §"2d"\n`,
    key: "tcp_user_timeout",
    message: '"2d" is neither 0s nor from 1s to 24h',
  },
  {
    rule: "mark of more than 32 bits",
    text: `${BASE}socket_mark = §0x1_0000_0000\n`,
    key: "socket_mark",
    message: '"socket_mark" must be from 0 to 4294967295',
  },
  {
    rule: "unknown log level",
    text: `${BASE}log_level = §"warning"\n`,
    key: "log_level",
    message: '"warning" is not one of debug, info, warn, error',
  },
  {
    rule: "services without a name",
    text: 'listen_port = 8448\n[protocols]\n§protocol = "tls"\n',
    key: "protocols.protocol",
    message: '"protocol" must be a table, not a single value',
    hint: "Give each service a table of its own with a name, as in [protocols.web]",
  },
  {
    rule: "services in an array",
    text: `${BASE}[[§protocols]]\nprotocol = "tls"\n`,
    key: "protocols",
    message: '"protocols" must be a table, not an array',
    hint: "Give each service a table of its own with a name, as in [protocols.web]",
  },
  {
    rule: "service with a name that would break a line of the log",
    text: `${BASE}[protocols.§"a\\nb"]\nprotocol = "ssh"\ntarget = ["a:1"]\n`,
    key: 'protocols."a\\nb"',
    message: '"a\\nb" cannot be the name of a service',
  },
  {
    rule: "service twice in the two spellings",
    text:
      'listen_port = 1\n[protocols.a]\nprotocol = "ssh"\ntarget = ["a:1"]\n[protocol.§a]\nprotocol = "http"\ntarget = ["a:1"]\n',
    key: "protocol.a",
    message: 'Service "a" is there twice',
    hint: "[protocol.NAME] and [protocols.NAME] are the same",
  },
  {
    rule: "protocol is required",
    text: 'listen_port = 8448\n[protocols.§web]\ntarget = ["a:1"]\n',
    key: "protocols.web.protocol",
    message: '"protocol" is missing',
  },
  {
    rule: "target is required",
    text: 'listen_port = 8448\n[protocols.§web]\nprotocol = "tls"\n',
    key: "protocols.web.target",
    message: '"target" is missing',
  },
  {
    rule: "unknown protocol",
    text: 'listen_port = 8448\n[protocols.web]\nprotocol = §"https"\ntarget = ["a:1"]\n',
    key: "protocols.web.protocol",
    message: `"https" is not one of ${PROTOCOLS.join(", ")}`,
    hint: 'HTTPS is HTTP in TLS: use "tls"',
  },
  {
    rule: "a service whose only transport is taken",
    text: `${BASE}[protocols.both]\nprotocol = "sip"\ntarget = ["a:1"]
[protocols.u]\nprotocol = §"sip"\ntransport = "udp"\ntarget = ["b:1"]\n`,
    key: "protocols.u.protocol",
    message: 'Service "both" takes all sip traffic already',
    hint: "Put the targets of both into one service",
  },
  {
    rule: "a key for another protocol",
    text: tls('§users = ["a"]'),
    key: "protocols.web.users",
    message: `"users" is for ${takersInWords("users")}, not for tls`,
    hint: "Remove the key: tls carries nothing of the kind",
  },
  {
    rule: "versions of a protocol that tells none",
    text: `${BASE}[protocols.s]\nprotocol = "socks5"\ntarget = ["a:1"]\n§versions = ["5"]\n`,
    key: "protocols.s.versions",
    message: `"versions" is for ${takersInWords("versions")}, not for socks5`,
    hint: "Remove the key: socks5 carries nothing of the kind",
  },
  {
    rule: "a version that no client has",
    text: tls('versions = ["TLS 1.3", §"TLSv1.2"]'),
    key: "protocols.web.versions[1]",
    message: '"TLSv1.2" is no version of tls',
    hint: "Known are TLS 1.3, TLS 1.2, TLS 1.1, TLS 1.0, SSL 3.0",
  },
  {
    rule: "a text that fits everything",
    text: tls('versions = [§"*"]'),
    key: "protocols.web.versions[0]",
    message: '"*" fits every text',
    hint: "Leave the key out to take every one",
  },
  {
    rule: "a fingerprint of another kind",
    text: tls('ja4 = [§"e7d705a3286e19ea42f587b344ee6865"]'),
    key: "protocols.web.ja4[0]",
    message: '"e7d705a3286e19ea42f587b344ee6865" is not a JA4 fingerprint',
    hint: 'Write it as in "t13d1516h2_8daaf6152771_e5627efa2ab1", or a part of it with a star',
  },
  {
    rule: "a source that is no block",
    text: tls('sources = [§"10.0.0.0/33"]'),
    key: "protocols.web.sources[0]",
    message: '"10.0.0.0/33" is not an address block',
    hint: 'Write it as in "10.0.0.0/8" or "2001:db8::/32"',
  },
  {
    rule: "a source twice, in two spellings",
    text: tls('sources = ["10.0.0.0/8", §"10.1.0.0/8"]'),
    key: "protocols.web.sources[1]",
    message: '"10.0.0.0/8" is listed twice',
    hint: "Remove one of the two",
  },
  {
    rule: "regex without a pattern",
    text: `${BASE}[protocols.s]\nprotocol = §"regex"\ntarget = ["a:1"]\n`,
    key: "protocols.s.protocol",
    message: '"regex" needs "patterns"',
    hint: 'Write what the first bytes look like, as in patterns = ["HELO [a-z]+"]',
  },
  {
    rule: "a pattern that is none",
    text: regex("['ab', §'(a']"),
    key: "protocols.s.patterns[1]",
    message: '"(a" is not a pattern: missing closing ): `(a`',
  },
  {
    rule: "a pattern with what nobody sees",
    text: regex('[§"a\\u2028b"]'),
    key: "protocols.s.patterns[0]",
    message: '"a\\u2028b" is not a pattern: "\\u2028" is no byte',
    hint: "Write the bytes that clients send: in UTF-8 it is \\xe2\\x80\\xa8",
  },
  {
    rule: "a pattern that asks for the end",
    text: regex("[§'QUIT$']"),
    key: "protocols.s.patterns[0]",
    message:
      '"QUIT$" is not a pattern: the ends of lines, of words and of the text cannot be asked for',
    hint: "Write the bytes that follow instead, as in \\r\\n for $",
  },
  {
    rule: "conditions that an earlier service has taken in",
    text: `${tls('sources = ["10.0.0.0/8"]')}[protocols.§b]
protocol = "tls"\ntarget = ["b:1"]\nsources = ["10.1.0.0/16", "10.2.0.0/16"]\nversions = ["TLS 1.2"]\n`,
    key: "protocols.b",
    message:
      'Service "b" can never be chosen: "web" stands before it and takes all that it asks for',
    hint: "Put the service that asks for more before the other",
  },
  {
    rule: "conditions that an earlier service has, too",
    text: `${tls('versions = ["TLS 1.2"]')}[protocols.§b]
protocol = "tls"\ntarget = ["b:1"]\nversions = ["TLS 1.2"]\n`,
    key: "protocols.b",
    message:
      'Service "b" can never be chosen: "web" stands before it and takes all that it asks for',
    hint: "Both ask for the same: put the targets of both into one service",
  },
  {
    rule: "conditions that an earlier service has in other letters",
    text: `${tls('versions = ["tls 1.*"]\nalpn = ["h2"]')}[protocols.§b]
protocol = "tls"\ntarget = ["b:1"]\nversions = ["TLS 1.3"]\nalpns = ["h2"]\n`,
    key: "protocols.b",
    message:
      'Service "b" can never be chosen: "web" stands before it and takes all that it asks for',
    hint: "Put the service that asks for more before the other",
  },
  {
    rule: "path of which requests do not tell enough",
    text: http(`paths = [§"/${"a".repeat(254)}"]`),
    key: "protocols.s.paths[0]",
    message: "A path must have at most 254 bytes, not 255",
    hint: "Write the first segments of it",
  },
  {
    rule: "pattern with a character that may be several bytes",
    text: regex("[§'café']"),
    key: "protocols.s.patterns[0]",
    message: '"café" is not a pattern: "é" is no byte',
    hint: "Write the bytes that clients send: in UTF-8 it is \\xc3\\xa9",
  },
  {
    rule: "host with a scheme",
    text: http('hosts = [§"https://a.example/"]'),
    key: "protocols.s.hosts[0]",
    message: '"https://a.example/" is not a host name',
    hint: "Write the host name alone",
  },
  {
    rule: "every host",
    text: http('hosts = [§"*"]'),
    key: "protocols.s.hosts[0]",
    message: '"*" is not a host name',
    hint: "Leave the key out to take every name",
  },
  {
    rule: "star at the end of a path",
    text: http('paths = ["/v1", §"/api/*"]'),
    key: "protocols.s.paths[1]",
    message: '"/api/*" has a star, which stands for nothing in a path',
    hint: 'Write "/api": a path stands for all below it, too',
  },
  {
    rule: "star for the rest of a segment",
    text: http('paths = [§"/v*"]'),
    key: "protocols.s.paths[0]",
    message: '"/v*" has a star, which stands for nothing in a path',
    hint: "A path stands for whole segments and all below them: write those in full",
  },
  {
    rule: "one table in place of several",
    text: `${BASE}[protocols.s]\nprotocol = "quic"\ntarget = ["a:1"]
quic_lb = §{ config_rotation = 1 }\n`,
    key: "protocols.s.quic_lb",
    message:
      '"quic_lb" must be an array of tables, each under [[protocols.NAME.quic_lb]], not a table',
  },
  {
    rule: "path that is a star",
    text: http('paths = [§"/*"]'),
    key: "protocols.s.paths[0]",
    message: '"/*" has a star, which stands for nothing in a path',
    hint: 'Write "/": a path stands for all below it, too',
  },
  {
    rule: "name that another proxy has for a key",
    text: tls('§sni_hostnames = ["a.example"]'),
    key: "protocols.web.sni_hostnames",
    message: 'Unknown key "sni_hostnames"',
    hint: 'Did you mean "server_names"?',
  },
  {
    rule: "identification string in place of a program",
    text: `${BASE}[protocols.s]\nprotocol = "ssh"\ntarget = ["a:1"]
client_software = [§"SSH-2.0-OpenSSH_9.6"]\n`,
    key: "protocols.s.client_software[0]",
    message:
      '"SSH-2.0-OpenSSH_9.6" begins with the version of the protocol, not with the name of a program',
    hint: 'Write "OpenSSH_9.6"; the version goes into versions',
  },
  {
    rule: "a protocol whose servers speak first",
    text: `${BASE}[protocols.s]\nprotocol = §"mysql"\ntarget = ["a:1"]\n`,
    key: "protocols.s.protocol",
    message: `"mysql" is not one of ${PROTOCOLS.join(", ")}`,
    hint: "Its servers speak first: make the target tcp_target, dialled for silent clients",
  },
  {
    rule: "a protocol that nothing is known of",
    text: `${BASE}[protocols.s]\nprotocol = §"kerberos"\ntarget = ["a:1"]\n`,
    key: "protocols.s.protocol",
    message: `"kerberos" is not one of ${PROTOCOLS.join(", ")}`,
    hint: 'What is not among them can go to tcp_target or udp_target, or be told by "regex"',
  },
  {
    rule: "a transport that the protocol does not have",
    text: tls('transport = §"udp"'),
    key: "protocols.web.transport",
    message: "There is no tls over UDP",
    hint: "Remove the key: tls is recognised over TCP",
  },
  {
    rule: "no server name in the list",
    text: tls("server_names = §[]"),
    key: "protocols.web.server_names",
    message: '"server_names" must not be empty',
  },
  {
    rule: "IP address as a server name",
    text: tls('server_names = [§"192.0.2.1"]'),
    key: "protocols.web.server_names[0]",
    message: '"192.0.2.1" is an IP address, which clients never send as a server name',
    hint: "Leave server_names out to take every name, and hellos without one",
  },
  {
    rule: "star in the middle of a server name",
    text: tls('server_names = ["ok.example", §"www.*.example"]'),
    key: "protocols.web.server_names[1]",
    message: '"www.*.example" is not a server name',
    hint: 'A star stands for the whole first label only, as in "*.example.com"',
  },
  {
    rule: "star for a part of a label",
    text: tls('server_names = [§"w*.example"]'),
    key: "protocols.web.server_names[0]",
    message: '"w*.example" is not a server name',
    hint: 'A star stands for the whole first label only, as in "*.example.com"',
  },
  {
    rule: "star alone",
    text: tls('server_names = [§"*"]'),
    key: "protocols.web.server_names[0]",
    message: '"*" is not a server name',
    hint: "Leave the key out to take every name",
  },
  {
    rule: "server name with a port",
    text: tls('server_names = [§"example.com:443"]'),
    key: "protocols.web.server_names[0]",
    message: '"example.com:443" is not a server name',
    hint: "Write the name without a port",
  },
  {
    rule: "server name twice",
    text: tls('server_names = ["example.com", §"EXAMPLE.com."]'),
    key: "protocols.web.server_names[1]",
    message: '"example.com" is listed twice',
    hint: "Remove one of the two",
  },
  {
    rule: "empty ALPN name",
    text: tls('alpn = ["h2", §""]'),
    key: "protocols.web.alpn[1]",
    message: '"" is not an ALPN name',
    hint: 'Write it as in "h2" or "http/1.1"',
  },
  {
    rule: "ALPN names under both keys",
    text: tls('alpn = ["h2"]\n§alpns = ["h2"]'),
    key: "protocols.web.alpns",
    message: '"alpn" and "alpns" are the same key',
    hint: "Keep one of the two",
  },
  {
    rule: "server names for a protocol without names",
    text:
      `${BASE}[protocols.s]\nprotocol = "ssh"\ntarget = ["a:1"]\n§server_names = ["a.example"]\n`,
    key: "protocols.s.server_names",
    message: `"server_names" is for ${takersInWords("server_names")}, not for ssh`,
    hint: "Remove the key: ssh carries no such name",
  },
  {
    rule: "ALPN names for a protocol without names",
    text: `${BASE}[protocols.w]\nprotocol = "wireguard"\ntarget = ["a:1"]\n§alpns = ["h3"]\n`,
    key: "protocols.w.alpns",
    message: `"alpns" is for ${takersInWords("alpns")}, not for wireguard`,
    hint: "Remove the key: wireguard carries no such name",
  },
  {
    rule: "two services for a protocol without names",
    text:
      `${BASE}[protocols.a]\nprotocol = "ssh"\ntarget = ["a:1"]\n[protocols.b]\nprotocol = §"ssh"\ntarget = ["b:1"]\n`,
    key: "protocols.b.protocol",
    message: 'Service "a" takes all ssh traffic already',
    hint: "Put the targets of both into one service",
  },
  {
    rule: "second rule without a filter",
    text: `${tls("")}[protocols.§b]\nprotocol = "tls"\ntarget = ["b:1"]\n`,
    key: "protocols.b",
    message: 'Service "b" can never be chosen: all other tls traffic goes to "web"',
    hint: "Remove one of them, or give this one other server_names or alpn",
  },
  {
    rule: "rule whose combinations are all taken by several earlier ones",
    text: `${
      tls('server_names = ["a.example"]\nalpn = ["h2"]')
    }[protocols.b]\nprotocol = "tls"\ntarget = ["b:1"]\nserver_names = ["b.example", "c.example"]\nalpn = ["h2"]
[protocols.§c]\nprotocol = "tls"\ntarget = ["b:1"]\nserver_names = ["b.example", "A.example"]\nalpns = ["H2"]\n`,
    key: "protocols.c",
    message: 'Service "c" can never be chosen: every server name and ALPN of it goes to "b", "web"',
    hint: "Remove one of them, or give this one other server_names or alpn",
  },
  {
    rule: "Encrypted Client Hello for a protocol without hellos",
    text:
      `${BASE}[protocols.s]\nprotocol = "ssh"\ntarget = ["a:1"]\n[protocols.s.§ech]\nprivate_server_names = ["a.example"]\n`,
    key: "protocols.s.ech",
    message: '"ech" is for tls and quic, not for ssh',
    hint: "Remove the table",
  },
];

const WARNINGS: readonly Mistake[] = [
  {
    rule: "a service that has one of its transports for itself only",
    text: `${BASE}[protocols.u]\nprotocol = "sip"\ntransport = "udp"\ntarget = ["a:1"]
[protocols.both]\nprotocol = §"sip"\ntarget = ["b:1"]\n`,
    key: "protocols.both.protocol",
    message: 'Service "both" gets nothing over UDP: that goes to "u"',
    hint: 'Add transport = "tcp" to say so',
  },
  ...["workers = 2", "tcp_fast_open = true", "tcp_user_timeout = '1m'", "socket_mark = 1"].map(
    (line): Mistake => {
      const [key = ""] = line.split(" ");
      return {
        rule: `${key} without the native engine`,
        text: `${BASE}engine = "streams"\ntcp_defer_accept = "0s"\n§${line}\n`,
        key,
        message: `"${key}" does nothing with engine = "streams"`,
      };
    },
  ),
  {
    rule: "waiting for the first byte where servers may speak first",
    text: `${BASE}tcp_defer_accept = §"3s"\n`,
    key: "tcp_defer_accept",
    message: "A client that waits for tcp_target to speak first waits at least 3s longer",
    hint: 'Remove the key, or write server_first_delay = "0s" if tcp_target never speaks first',
  },
  {
    rule: "transparent default target of the other address family",
    text: 'listen_port = 1\ntcp_target = ["a.example:1", §"[2001:db8::1]:1", "[2001:db8::2]:1"]\n' +
      "transparent = true\n",
    key: "tcp_target[1]",
    message: '"[2001:db8::1]:1" cannot see the addresses of clients over IPv4',
    hint: '"transparent" works within one address family: others come from the proxy',
  },
  {
    rule: "transparent service of one address family with listeners of both",
    text: "listen_ipv6 = true\n" +
      tls("transparent = true").replace('["a:1"]', '[§"192.0.2.1:1"]'),
    key: "protocols.web.target[0]",
    message: '"192.0.2.1:1" cannot see the addresses of clients over IPv6',
    hint: '"transparent" works within one address family: others come from the proxy',
  },
  {
    rule: "load balancing among nothing",
    text: `${BASE}§udp_load_balance = "random"\n`,
    key: "udp_load_balance",
    message: '"udp_load_balance" does nothing without "udp_target"',
  },
  {
    rule: "trusted proxies without headers",
    text: `${BASE}§tcp_trusted_proxies = ["10.0.0.0/8"]\n`,
    key: "tcp_trusted_proxies",
    message: '"tcp_trusted_proxies" does nothing without "tcp_recv_proxy_protocol = true"',
  },
  {
    rule: "PROXY headers over UDP",
    text:
      `${BASE}[protocols.q]\nprotocol = "quic"\ntarget = ["a:1"]\n§send_proxy_protocol = "v2"\n`,
    key: "protocols.q.send_proxy_protocol",
    message: '"send_proxy_protocol" does nothing for quic: headers go to TCP targets only',
  },
  {
    rule: "target that is the proxy by its loopback address",
    text: 'listen_port = ["8440-8450"]\ntcp_target = ["10.0.0.1:80", §"127.0.0.2:8448"]\n',
    key: "tcp_target[1]",
    message: '"127.0.0.2:8448" is this proxy itself',
    hint: "Traffic to it comes back as new traffic, round and round until a limit is reached",
  },
  {
    rule: "target that is the proxy by the address that it listens on",
    text:
      'listen_port = 53\nlisten_address_v6 = "2001:DB8::1"\n[protocols.q]\nprotocol = "quic"\ntarget = [§"[2001:db8::1]:53"]\n',
    key: "protocols.q.target[0]",
    message: '"[2001:db8::1]:53" is this proxy itself',
    hint: "Traffic to it comes back as new traffic, round and round until a limit is reached",
  },
  {
    rule: "rule that loses some of its server names",
    text: `${
      tls('server_names = ["a.example", "b.example"]')
    }[protocols.b]\nprotocol = "tls"\ntarget = ["b:1"]\nserver_names = ["c.example", §"b.example"]\n`,
    key: "protocols.b.server_names[1]",
    message: 'Service "b" is partly shadowed: b.example goes to "web"',
    hint: "The rule that stands first in the file wins",
  },
  {
    rule: "rule that loses some of its ALPN names",
    text: `${
      tls('alpn = ["h2"]')
    }[protocols.b]\nprotocol = "tls"\ntarget = ["b:1"]\nalpns = ["http/1.1", §"h2"]\n`,
    key: "protocols.b.alpns[1]",
    message: 'Service "b" is partly shadowed: ALPN h2 goes to "web"',
    hint: "The rule that stands first in the file wins",
  },
];

for (const { rule, text, ...expected } of ERRORS) {
  Deno.test(`parseConfig() rejects: ${rule}`, () => {
    assert.deepEqual(issuesOf(text), [located(text, { ...expected, severity: "error" })]);
  });
}

for (const { rule, text, ...expected } of WARNINGS) {
  Deno.test(`parseConfig() warns of: ${rule}`, () => {
    const { warnings } = parseConfig(text.replace("§", ""), "config.toml");
    assert.deepEqual(
      warnings.map(withoutLength),
      [located(text, { ...expected, severity: "warning" })],
    );
  });
}

Deno.test("parseConfig() has nothing against keys of the native engine where they do no harm", () => {
  const texts = [
    `${BASE}engine = "streams"\nsocket_mark = 0\ntcp_fast_open = false\ntransparent = false\n`,
    `${BASE}tcp_defer_accept = "3s"\nserver_first_delay = "0s"\n`,
    tls("").replace("listen_port", 'tcp_defer_accept = "3s"\nlisten_port'),
    `${BASE}listen_ipv6 = true\ntransparent = true\n`.replace("10.0.0.1", "both.example"),
    `${BASE}transparent = true\n[protocols.s]\nprotocol = "ssh"\ntarget = ["[::1]:1"]\ntransparent = false\n`,
  ];
  for (const text of texts) assert.deepEqual(parseConfig(text, "config.toml").warnings, [], text);
});

Deno.test("parseConfig() reports all mistakes at once, in the order of the file", () => {
  const text = `listen_prt = 1
listen_port = [0, "9-1", 5, 5]
tcp_target = ["a", "b:0", "c:1", "c:1"]
probe_timeout = 3
dns_cache_min_ttl = "2h"
[protocols.web]
protocol = "tls"
server_names = ["1.2.3.4", "x.example", "X.example"]
`;
  const places = issuesOf(text).map(({ line, column }) => `${line}:${column}`);
  assert.deepEqual(places, [
    "1:1",
    "2:16",
    "2:19",
    "2:29",
    "3:15",
    "3:20",
    "3:34",
    "4:17",
    "5:21",
    "6:12",
    "8:17",
    "8:41",
  ]);
});

Deno.test("parseConfig() never repeats key material in a message", () => {
  const secret = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVoxMjM0NTY=";
  const texts = [
    tls(`[protocols.web.ech]\nprivate_keys = ["${secret}", "${secret}!", 5]\nx = "${secret}"`),
    tls(`[protocols.web.ech]\nprivate_keys = "${secret}"`),
    tls(`private_keys = ["${secret}"]\nserver_names = ["${secret}"]\nalpn = "${secret}"`),
    `${BASE}tcp_load_balance = "${secret}"\n[protocols."${secret}"]\nprotocol = "${secret}"`,
    `${BASE}probe_timeout = "${secret}"\nlisten_address_v6 = "${secret}"\n`,
    `${BASE}private_keys = "${secret}`,
    `private_keys = ${secret}`,
  ];
  for (const text of texts) {
    for (const { message, hint } of issuesOf(text)) {
      assert.doesNotMatch(`${message} ${hint}`, /QUJDREVGR0hJSktMTU5P/, text);
    }
  }
});

/** An issue without the length of its caret. */
type LocatedIssue = Omit<ConfigIssue, "length">;

function issuesOf(text: string): LocatedIssue[] {
  try {
    parseConfig(text.replace("§", ""), "config.toml");
  } catch (error) {
    if (error instanceof ConfigError) return error.issues.map(withoutLength);
    throw error;
  }
  throw new Error(`This was accepted:\n${text}`);
}

function withoutLength({ length: _, ...issue }: ConfigIssue): LocatedIssue {
  return issue;
}

function located(
  text: string,
  { hint, ...expected }: Pick<Mistake, "key" | "message" | "hint"> & {
    readonly severity: ConfigIssue["severity"];
  },
): LocatedIssue {
  const before = text.split("§", 1)[0] ?? "";
  const lines = before.split("\n");
  const column = (lines.at(-1) ?? "").length + 1;
  return { ...expected, hint: hint ?? null, file: "config.toml", line: lines.length, column };
}
