/** Creates decision IDs. An id is random, so it shows neither the time nor the number of decisions. */

/** The length of an id, in characters. */
const decisionIdLength = 13;

/** Base32 in lower case (RFC 4648 section 6). */
const alphabet = Buffer.from('abcdefghijklmnopqrstuvwxyz234567', 'latin1');

/** The random bytes of an id. */
const bytesPerId = 8;

/** The number of ids that are encoded at once. A system call for each id would cost more than the id. */
const idsPerBatch = 512;

/**
 * Creates the function that returns a new id: 8 random bytes in base32, without padding.
 *
 * @param randomBytes returns as many cryptographically random bytes as it is asked for
 */
export function createDecisionIds(randomBytes: (size: number) => Uint8Array): () => string {
  const characters = Buffer.alloc(idsPerBatch * decisionIdLength);
  let next = characters.length;
  const fill = () => {
    const bytes = randomBytes(idsPerBatch * bytesPerId);
    for (let id = 0; id < idsPerBatch; id++)
      encode(bytes, id * bytesPerId, characters, id * decisionIdLength);
    next = 0;
  };
  return () => {
    if (next === characters.length) fill();
    next += decisionIdLength;
    return characters.toString('latin1', next - decisionIdLength, next);
  };
}

/** Writes 8 bytes as 13 characters. The last character has 4 bits. */
function encode(bytes: Uint8Array, from: number, characters: Buffer, to: number): void {
  let bits = 0;
  let count = 0;
  let at = to;
  for (let index = from; index < from + bytesPerId; index++) {
    bits = ((bits << 8) | (bytes[index] ?? 0)) & 0xfff;
    count += 8;
    for (; count >= 5; count -= 5) characters[at++] = alphabet[(bits >> (count - 5)) & 31] ?? 0;
  }
  characters[at] = alphabet[(bits << (5 - count)) & 31] ?? 0;
}
