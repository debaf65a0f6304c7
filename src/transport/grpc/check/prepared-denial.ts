/** Denials as prepared bytes with places for a decision ID. */
import type { Frame } from '../message/framing.ts';

/** Returns the frame for a decision ID, or for a decision without one. */
export type FrameForId = (id: string | undefined) => Frame;

/** Ids that differ in every character. The places of an id are the bytes in which the frames of these two differ. */
const [oneId, otherId] = ['aaaaaaaaaaaaa', 'bbbbbbbbbbbbb'];

/**
 * Prepares a frame for any decision ID.
 *
 * @param make makes the frame for one id, and verifies it. An id of the same length changes no other byte, so it cannot change
 * the outcome
 * @throws TypeError if an id changes more than its own places
 */
export function prepareFrame(make: FrameForId): FrameForId {
  const without = make(undefined);
  const { frame } = make(oneId);
  const places = placesOf(frame, make(otherId).frame);
  return (id) => {
    if (id === undefined) return without;
    if (id.length !== oneId.length) return make(id);
    const copy = Buffer.from(frame);
    for (const place of places) copy.write(id, place, 'latin1');
    return { frame: copy };
  };
}

function placesOf(one: Buffer, other: Buffer): readonly number[] {
  const places: number[] = [];
  for (let at = 0; at < one.length; at++) {
    if (one[at] === other[at]) continue;
    const end = at + oneId.length;
    if (one.toString('latin1', at, end) !== oneId || other.toString('latin1', at, end) !== otherId)
      throw new TypeError('a decision ID changes other bytes of a CheckResponse');
    places.push(at);
    at = end - 1;
  }
  return places;
}
