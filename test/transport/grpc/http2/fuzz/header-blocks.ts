/** Reads the representations of header blocks (RFC 7541 section 6), without the table that gives them a meaning. */
import { flag, type ReadFrame, type } from './frames.ts';

/** Whether a block has a size of the dynamic table after a field, where RFC 7541 section 4.2 does not allow it. */
export function hasLateTableSize(frames: readonly ReadFrame[]): boolean {
  let block: Buffer[] = [];
  for (const frame of frames) {
    if (frame.type === type.headers) block = [fragmentOf(frame)];
    else if (frame.type === type.continuation) block.push(frame.payload);
    else continue;
    if ((frame.flags & flag.endHeaders) !== 0 && isSizeLate(Buffer.concat(block))) return true;
  }
  return false;
}

function fragmentOf({ flags, payload }: ReadFrame): Buffer {
  const isPadded = (flags & flag.padded) !== 0;
  const start = (isPadded ? 1 : 0) + ((flags & flag.priority) === 0 ? 0 : 5);
  return payload.subarray(start, payload.length - (isPadded ? (payload[0] ?? 0) : 0));
}

function isSizeLate(block: Buffer): boolean {
  let at = 0;
  let fields = 0;
  const integer = (bits: number): number => {
    const most = 2 ** bits - 1;
    let value = (block[at++] ?? 0) & most;
    if (value < most) return value;
    for (let shift = 0; at < block.length; shift += 7) {
      const byte = block[at++] ?? 0;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) break;
    }
    return value;
  };
  const skipText = () => {
    const length = integer(7);
    at += length;
  };
  while (at < block.length) {
    const first = block[at] ?? 0;
    const isSize = first >> 5 === 1;
    if (isSize && fields > 0) return true;
    const isIndexed = first >= 0x80;
    const index = integer(isIndexed ? 7 : first >= 0x40 ? 6 : isSize ? 5 : 4);
    if (isSize) continue;
    fields++;
    if (isIndexed) continue;
    if (index === 0) skipText();
    skipText();
  }
  return false;
}
