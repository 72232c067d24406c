/**
 * What a hello with ECH costs: opened and put together, tried in vain, and not tried at all.
 *
 * @module
 */

import type { EchKem } from "../../src/model/ech.ts";
import { decodeInner } from "../../src/proto/ech/inner.ts";
import { openClientHello } from "../../src/proto/ech/open.ts";
import { parseClientHello } from "../../src/proto/tls/client_hello.ts";
import type { ClientHelloSpec } from "../../tests/support/client_hello_builder.ts";
import {
  ALL_SUITES,
  EchClient,
  echKey,
  echSettings,
  greaseHello,
  type SealedHello,
} from "../../tests/support/ech_client.ts";
import { helloOf } from "../../tests/support/parsed_hello.ts";

/** About as long as a browser's, with a post-quantum key share. */
const BROWSER: ClientHelloSpec = {
  cipherSuites: [0x1a1a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8],
  serverName: "www.private.example",
  alpn: ["h2", "http/1.1"],
  supportedVersions: [0x1a1a, 0x0304],
  keyShareLength: 1216,
  extensions: [5, 10, 11, 13, 18, 23, 27, 35, 45, 0xff01].map((type) => ({
    type,
    data: new Uint8Array(8),
  })),
};
const COMPRESSED = [43, 51, 5, 10, 11, 13, 18, 23, 27, 35, 45, 0xff01];

const SUITES = ["HKDF-SHA256", "HKDF-SHA384", "HKDF-SHA512"].flatMap((kdf) =>
  ["AES-128-GCM", "AES-256-GCM", "ChaCha20-Poly1305"].map((aead) => `${kdf}, ${aead}`)
);

for (const kem of ["x25519", "p256"] satisfies EchKem[]) {
  const key = echKey({ kem });
  const settings = echSettings({ keys: [key] });
  for (const [i, suite] of ALL_SUITES.entries()) {
    const { outer } = sealed(kem, i);
    const hello = helloOf(outer);
    Deno.bench(`open: ${SUITES[i]}`, { group: kem, baseline: i === 0 }, () => {
      if (openClientHello(outer, hello, settings).kind !== "accepted") throw new Error();
    });
    if (suite.kdf !== 1) continue;
    const stale = EchClient.seeded(echKey({ kem, seed: 1 }), suite).hello({ inner: BROWSER }).outer;
    const staleHello = helloOf(stale);
    Deno.bench(`a stale key: ${SUITES[i]}`, { group: kem }, () => {
      if (openClientHello(stale, staleHello, settings).kind !== "rejected") throw new Error();
    });
  }
}

const X25519 = sealed("x25519", 0);
const X25519_HELLO = helloOf(X25519.outer);
const GREASE = greaseHello(8, { spec: BROWSER });
const GREASE_HELLO = helloOf(GREASE);
const PLAIN = X25519.inner;
const PLAIN_HELLO = helloOf(PLAIN);
const KEYS = echSettings({ keys: Array.from({ length: 4 }, (_, i) => echKey({ configId: i })) });

Deno.bench("an unknown config_id", { group: "without a key", baseline: true }, () => {
  if (openClientHello(GREASE, GREASE_HELLO, KEYS).kind !== "rejected") throw new Error();
});
Deno.bench("no ECH", { group: "without a key" }, () => {
  openClientHello(PLAIN, PLAIN_HELLO, KEYS);
});
Deno.bench("parts: a parse of the outer hello", { group: "without a key" }, () => {
  parseClientHello(X25519.outer);
});
Deno.bench("parts: the inner hello put together and checked", { group: "without a key" }, () => {
  decodeInner(X25519.encoded, X25519.outer, X25519_HELLO);
});

function sealed(kem: EchKem, suite: number): SealedHello {
  return EchClient.seeded(echKey({ kem }), ALL_SUITES[suite])
    .hello({ inner: BROWSER, compressed: COMPRESSED });
}
