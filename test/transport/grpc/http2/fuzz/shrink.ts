/** Shortens the frames of a case that shows a difference. */
import type { WantedFrame } from './frames.ts';

/** Removes frames, in ever smaller groups, as long as the rest still shows the difference. */
export async function shrink(
  frames: readonly WantedFrame[],
  stillDiffers: (frames: readonly WantedFrame[]) => Promise<boolean>,
): Promise<readonly WantedFrame[]> {
  let kept = frames;
  for (let group = Math.ceil(kept.length / 2); group >= 1; group = group === 1 ? 0 : Math.ceil(group / 2)) {
    for (let at = 0; at < kept.length; ) {
      const fewer = [...kept.slice(0, at), ...kept.slice(at + group)];
      if (fewer.length > 0 && (await stillDiffers(fewer))) kept = fewer;
      else at += group;
    }
  }
  return kept;
}
