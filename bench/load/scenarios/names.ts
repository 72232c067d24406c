/**
 * Names of the proxies that goals are set against.
 *
 * @module
 */

import { HAPROXY, HAPROXY_SPLICE } from "../peers/haproxy.ts";
import { NGINX } from "../peers/nginx.ts";

/** HAProxy, whichever way it does better. */
export const HAPROXY_EITHER: readonly string[] = [HAPROXY.name, HAPROXY_SPLICE.name];

/** The better of HAProxy and nginx: what every engine of ours is compared with where there is no goal. */
export const HAPROXY_OR_NGINX: readonly string[] = [...HAPROXY_EITHER, NGINX.name];
