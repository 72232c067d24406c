/**
 * The indices by which WireGuard's messages name the session that they belong to (WireGuard whitepaper §5.4).
 *
 * @module
 */

/** First byte of each type of message; three zero bytes follow. */
export const INITIATION = 1;
export const RESPONSE = 2;
const COOKIE_REPLY = 3;
const DATA = 4;

/** Size of each type; of data the least: header and authentication tag. */
const SIZES: Readonly<Record<number, number>> = {
  [INITIATION]: 148,
  [RESPONSE]: 92,
  [COOKIE_REPLY]: 64,
  [DATA]: 32,
};

/** The index that the sender of a handshake message gives to its peer; null in all other messages. */
export function givenIndex(message: Uint8Array): Uint8Array | null {
  const type = typeOf(message);
  return type === INITIATION || type === RESPONSE ? message.subarray(4, 8) : null;
}

/** The index that a message is sent to, which its receiver has given; null where there is none. */
export function receiverIndex(message: Uint8Array): Uint8Array | null {
  switch (typeOf(message)) {
    case RESPONSE:
      return message.subarray(8, 12);
    case COOKIE_REPLY:
    case DATA:
      return message.subarray(4, 8);
    default:
      return null;
  }
}

/** 0 for what is no message. */
function typeOf(message: Uint8Array): number {
  const type = message[0] ?? 0;
  const size = SIZES[type];
  if (size === undefined || message[1] !== 0 || message[2] !== 0 || message[3] !== 0) return 0;
  const fits = type === DATA ? message.length >= size : message.length === size;
  return fits ? type : 0;
}
