/**
 * Opens ClientHellos with ECH as a client-facing server in split mode (RFC 9849 §7.1).
 *
 * @module
 */

import type { EchKey, EchSettings } from "../../model/ech.ts";
import { concat } from "../bytes.ts";
import { type HpkeReceiver, HpkeRecipient } from "../hpke/receiver.ts";
import { ALERT } from "../tls/alert.ts";
import {
  type ClientHello,
  EXTENSION,
  type Extension,
  parseClientHello,
} from "../tls/client_hello.ts";
import { decodeInner, type InnerHello } from "./inner.ts";
import { outerAad, type OuterEch, parseOuterEch } from "./outer.ts";

/** What became of the ECH of a first ClientHello. */
export type EchOpening =
  /** It has no such extension. */
  | { readonly kind: "none" }
  | {
    readonly kind: "accepted";
    /** The inner hello as handshake message, header included. */
    readonly inner: Uint8Array;
    readonly hello: ClientHello;
    readonly key: EchKey;
    /** For a second hello. */
    readonly context: EchContext;
  }
  /** No key opens it: it goes by what the outer hello says, and never gets an alert (RFC 9849 §7.1). */
  | {
    readonly kind: "rejected";
    readonly configId: number;
    /** Whether that is one of a key, or a retired one: otherwise it is GREASE. */
    readonly isOurs: boolean;
    /** Keys that were tried. */
    readonly tried: number;
    /** Whether none was, because there was no leave to. */
    readonly isLimited: boolean;
  }
  /** The client broke a rule. */
  | { readonly kind: "fault"; readonly alert: number; readonly configId: number | null };

/** What became of a second ClientHello. */
export type EchReopening =
  | { readonly kind: "accepted"; readonly inner: Uint8Array; readonly hello: ClientHello }
  | { readonly kind: "fault"; readonly alert: number };

/** What is kept of an accepted hello until the handshake has come to where no second one can follow. */
export class EchContext {
  readonly key: EchKey;
  readonly #first: Pick<OuterEch, "suite" | "configId">;
  readonly #receiver: HpkeReceiver;

  /** Made by {@linkcode openClientHello}. */
  constructor(key: EchKey, { suite, configId }: OuterEch, receiver: HpkeReceiver) {
    this.key = key;
    this.#first = { suite, configId };
    this.#receiver = receiver;
  }

  /** Whether the suite and config_id of a second hello are those of the first, and it has no key of its own. */
  continues({ suite, configId, enc }: OuterEch): boolean {
    const first = this.#first;
    return configId === first.configId && suite.kdf === first.suite.kdf &&
      suite.aead === first.suite.aead && enc.length === 0;
  }

  /** Opens the payload of the next hello. */
  open(aad: Uint8Array, { payload }: OuterEch): Uint8Array | null {
    return this.#receiver.open(aad, payload);
  }
}

const NONE: EchOpening = Object.freeze({ kind: "none" });

/**
 * Opens a first hello.
 *
 * @param message the outer ClientHello as handshake message, header included; only read
 * @param hello what it says, as `parseClientHello` tells it
 * @param mayTry asked once, before the first operation with a private key
 */
export function openClientHello(
  message: Uint8Array,
  hello: ClientHello,
  ech: EchSettings,
  mayTry: () => boolean = () => true,
): EchOpening {
  const extension = echExtension(hello);
  if (extension === undefined) return NONE;
  const outer = parseOuterEch(message, extension);
  if (typeof outer === "number") return { kind: "fault", alert: outer, configId: null };

  const { configId } = outer;
  const rejected = (tried: number, isLimited: boolean): EchOpening => (
    { kind: "rejected", configId, isOurs: isOurs(configId, ech), tried, isLimited }
  );
  const candidates = candidatesFor(outer, ech);
  if (candidates.length === 0) return rejected(0, false);
  if (!mayTry()) return rejected(0, true);
  const aad = outerAad(message.subarray(0, hello.length), outer);
  for (const key of candidates) {
    const receiver = recipientOf(key).setup(outer.suite, outer.enc);
    const encoded = receiver?.open(aad, outer.payload) ?? null;
    if (receiver === null || encoded === null) continue;
    const decoded = decode(encoded, message, hello, key);
    return typeof decoded === "number"
      ? { kind: "fault", alert: decoded, configId }
      : { kind: "accepted", ...decoded, key, context: new EchContext(key, outer, receiver) };
  }
  return rejected(candidates.length, false);
}

/**
 * Opens the second hello, which follows on a HelloRetryRequest, of a client whose first was accepted (RFC 9849 §7.1.1).
 *
 * @param message the outer ClientHello as handshake message, header included; only read
 */
export function reopenClientHello(message: Uint8Array, context: EchContext): EchReopening {
  const verdict = parseClientHello(message);
  if (verdict.kind === "noMatch") return fault(ALERT.unexpectedMessage);
  if (verdict.kind !== "match") return fault(ALERT.decodeError);
  const hello = verdict.value;
  const extension = echExtension(hello);
  if (extension === undefined) return fault(ALERT.missingExtension);
  const outer = parseOuterEch(message, extension);
  if (typeof outer === "number") return fault(outer);
  if (!context.continues(outer)) return fault(ALERT.illegalParameter);
  const encoded = context.open(outerAad(message.subarray(0, hello.length), outer), outer);
  if (encoded === null) return fault(ALERT.decryptError);
  const decoded = decode(encoded, message, hello, context.key);
  return typeof decoded === "number" ? fault(decoded) : { kind: "accepted", ...decoded };
}

/** Keys that may have been sealed for, those with the config_id first. */
function candidatesFor(
  { suite, configId }: OuterEch,
  { keys, trialDecryption }: EchSettings,
): readonly EchKey[] {
  const lists = (key: EchKey) =>
    key.suites.some(({ kdf, aead }) => kdf === suite.kdf && aead === suite.aead);
  const named = keys.filter((key) => key.configId === configId && lists(key));
  return trialDecryption
    ? named.concat(keys.filter((key) => key.configId !== configId && lists(key)))
    : named;
}

function isOurs(configId: number, { keys, retiredConfigIds }: EchSettings): boolean {
  return retiredConfigIds.includes(configId) || keys.some((key) => key.configId === configId);
}

function decode(
  encoded: Uint8Array,
  message: Uint8Array,
  hello: ClientHello,
  { publicName }: EchKey,
): InnerHello | number {
  // RFC 9849 §7.1 leaves it to the server. A hello without a name at all hides the public one as well, which is no fault.
  if (hello.serverName !== null && hello.serverName !== publicName) return ALERT.illegalParameter;
  return decodeInner(encoded, message, hello);
}

/** Keys ready for use. A snapshot is plain data, and may be a copy: what is made of a key is found by its object. */
const RECIPIENTS = new WeakMap<EchKey, HpkeRecipient>();

function recipientOf(key: EchKey): HpkeRecipient {
  const known = RECIPIENTS.get(key);
  if (known !== undefined) return known;
  const info = concat(INFO_LABEL, key.config);
  const made = new HpkeRecipient(key.kem, key.privateKey, key.publicKey, info);
  RECIPIENTS.set(key, made);
  return made;
}

/** What `info` of HPKE begins with (RFC 9849 §7.1). */
const INFO_LABEL = new TextEncoder().encode("tls ech\0");

function echExtension(hello: ClientHello): Extension | undefined {
  return hello.extensions.find(({ type }) => type === EXTENSION.encryptedClientHello);
}

function fault(alert: number): EchReopening {
  return { kind: "fault", alert };
}
