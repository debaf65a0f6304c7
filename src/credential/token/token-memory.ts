/** Estimates the memory of cached tokens. A test compares the estimate with the heap. */
import type { TokenProfile, VerifiedToken } from './verified-token.ts';

// Sizes on the heap of V8 with pointers of 64 bits, and of the place that a map and the lists of lru-cache have for an entry.
const bytesOfEntry = 298;
const bytesOfBinding = 40;
const bytesOfProfile = 400;
/** A pointer, and a string that is a part of the claim. */
const bytesOfListMember = 48;
const bytesOfString = 16;

/** Returns the estimated memory of a cached token without values of headers, in bytes. */
export function memoryOfToken({ subject = '', confirmation }: VerifiedToken): number {
  return bytesOfEntry + memoryOfText(subject) + memoryOfBinding(confirmation);
}

function memoryOfBinding(confirmation: VerifiedToken['confirmation']): number {
  if (confirmation === undefined || confirmation === 'unknown') return 0;
  const { keyThumbprint = '', certificateThumbprint = '' } = confirmation;
  return bytesOfBinding + memoryOfText(keyThumbprint) + memoryOfText(certificateThumbprint);
}

/** Returns the estimated memory of a profile, in bytes. */
export function memoryOfProfile({ audiences, scopes }: TokenProfile): number {
  const members = [audiences, scopes].flatMap((list) => (typeof list === 'object' ? list : []));
  return members.reduce((sum, { length }) => sum + bytesOfListMember + length, bytesOfProfile);
}

/** Returns the estimated memory of a text, in bytes. V8 stores text beyond U+00FF with two bytes for each character. */
export function memoryOfText(text: string): number {
  if (text === '') return 0;
  const bytes = /^[\0-\xff]*$/.test(text) ? text.length : text.length * 2;
  return bytesOfString + Math.ceil(bytes / 8) * 8;
}
