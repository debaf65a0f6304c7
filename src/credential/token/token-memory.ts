/** Estimates the memory of cached tokens. A test compares the estimate with the heap. */
import type { TokenProfile, VerifiedToken } from './verified-token.ts';

// Sizes on the heap of V8 with pointers of 64 bits, and of the place that a map and the lists of lru-cache have for an entry.
const bytesOfEntry = 310;
const bytesOfBinding = 168;
const bytesOfProfile = 400;
const bytesOfListMember = 8;
const bytesOfString = 16;

/** Returns the estimated memory of a cached token without values of headers, in bytes. */
export function memoryOfToken({ subject = '', confirmation }: VerifiedToken): number {
  const isBound = confirmation !== undefined && confirmation !== 'unknown';
  return bytesOfEntry + memoryOfText(subject) + (isBound ? bytesOfBinding : 0);
}

/** Returns the estimated memory of a profile, in bytes. */
export function memoryOfProfile({ audiences, scopes }: TokenProfile): number {
  const members = [audiences, scopes].flatMap((list) => (typeof list === 'object' ? list : []));
  return members.reduce((sum, member) => sum + bytesOfListMember + memoryOfText(member), bytesOfProfile);
}

/** Returns the estimated memory of a text, in bytes. V8 stores text beyond U+00FF with two bytes for each character. */
export function memoryOfText(text: string): number {
  if (text === '') return 0;
  const bytes = /^[\0-\xff]*$/.test(text) ? text.length : text.length * 2;
  return bytesOfString + Math.ceil(bytes / 8) * 8;
}
