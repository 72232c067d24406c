// deno-lint-ignore-file camelcase -- names are those of the corpus
/**
 * ClientHellos in TLS records.
 *
 * @module
 */

import browsers from "../corpus/tls.json" with { type: "json" };
import { helloRecords } from "../fuzz/hello_inputs.ts";
import { firstFlights } from "./first_flights.ts";
import { captured, type ProtocolSamples } from "./samples.ts";

/** JA4 of each flight. The builds of OpenSSL have the same ciphers, and differ in extensions. */
const FINGERPRINTS = {
  openssl_tls13: { ja4: "t13d3111h2_e8f1e7e78f70_1f22a2ca17c4" },
  openssl_tls12: { ja4: "t12d280700_d943125447b4_e7e480e5a997" },
  openssl_no_sni: { ja4: "t13i310900_e8f1e7e78f70_1f22a2ca17c4" },
  openssl_fragmented: { ja4: "t13d3111p1_e8f1e7e78f70_1f22a2ca17c4" },
  curl_tls: { ja4: "t13d3112h2_e8f1e7e78f70_b26ce05bbdd6" },
  wget_tls: { ja4: "t13d291300_723694b0fccc_899037bd0b8c" },
  node_tls: { ja4: "t13d5911h1_a33745022dd6_1f22a2ca17c4" },
  python_tls: { ja4: "t13d181100_85036bcba153_d41ae481755e" },
  deno_rustls: { ja4: "t13d1011h2_61a7ad8aa9b6_f9531d972513" },
};

/** TLS. */
export const TLS_SAMPLES: ProtocolSamples = {
  protocol: "tls",
  transport: "tcp",
  flights: [...firstFlights("tls", FINGERPRINTS), ...captured(browsers)],
  generate: (random) => [helloRecords(random)],
};
