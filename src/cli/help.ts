/**
 * What `--help` says.
 *
 * @module
 */

/** How to use the program; ends with a line feed. */
export const HELP = `\
rpxy-l4: layer-4 (TCP and UDP) reverse proxy that serves many protocols on one port

Usage:
  rpxy-l4 [serve] --config FILE [--log-dir DIR]
                                  serve until SIGTERM; SIGHUP reloads
  rpxy-l4 check --config FILE     validate a configuration and print its routes
  rpxy-l4 explain [--config FILE] say what flows are and where they go: JSON lines from
                                  standard input, or one flow told by these options:
      --protocol NAME               (default: tls)
      --sni NAME  --alpn NAME       (--alpn may be repeated)
      --field NAME=VALUE            such as path=/api or version="TLS 1.2"; may be repeated
      --inner-sni NAME              what the client hides by ECH
      --source ADDRESS              the client's
  rpxy-l4 permissions --config FILE [--log-dir DIR]
                                  print the narrowest deno flags for a configuration
  rpxy-l4 health --config FILE    exit with 0 if the proxy answers
  rpxy-l4 demo                    start backends and the proxy, and send it six protocols

Encrypted Client Hello:
  rpxy-l4 ech generate --public-name NAME [--out DIR]
                                  make a key; print the configuration and the DNS record
      --name NAME                   a private name, for the record; may be repeated
      --alpn NAME  --port PORT      what it speaks, and where, for the record
      --config FILE                 take no config_id that this configuration has
      --kem x25519|p256  --config-id NUMBER  --max-name-length NUMBER
  rpxy-l4 ech show FILE|BASE64|-  decode an ECHConfigList or a key file
  rpxy-l4 ech check --config FILE [--resolver ADDRESS[:PORT]|https://URL] [--public-only]
                                  compare DNS with the keys of a configuration
  rpxy-l4 ech rotate --config FILE [--service NAME] [--out DIR] [--ttl TIME | --resolver …]
                                  make the next key and say what to do when; takes
                                  --public-name and the last line of generate, too

Options:
  -c, --config FILE   configuration (default: ./config.toml where it exists)
  -l, --log-dir DIR   write access.log and rpxy-l4.log there, not to standard output
  -h, --help          show this help
  -V, --version       show the version

Exit codes: 0 success, 1 failure, 2 wrong usage, 128+n ended at once by signal n
`;
