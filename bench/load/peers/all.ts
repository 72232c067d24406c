/**
 * All proxies that are measured on one thread each, ours first.
 *
 * @module
 */

import { CADDY } from "./caddy.ts";
import { HAPROXY, HAPROXY_SPLICE } from "./haproxy.ts";
import { NGINX } from "./nginx.ts";
import { NATIVE, STREAMS } from "./ours.ts";
import type { Proxy } from "./proxy.ts";
import { RPXY_L4 } from "./rpxy_l4.ts";
import { SSLH_EV, SSLH_FORK, SSLH_SELECT } from "./sslh.ts";

/** In the order of the table's columns. */
export const PROXIES: readonly Proxy[] = [
  NATIVE,
  STREAMS,
  HAPROXY,
  HAPROXY_SPLICE,
  NGINX,
  SSLH_FORK,
  SSLH_SELECT,
  SSLH_EV,
  RPXY_L4,
  CADDY,
];
