/** A part of a bundle: what was collected, or why it could not be. */

/** A part that could not be collected. */
export interface Unavailable {
  readonly unavailable: string;
}

/** A part. */
export type Part<T> = T | Unavailable;

/** Collects a part. An error becomes the reason why it is not available. */
export async function partOf<T>(collect: () => T | Promise<T>): Promise<Part<T>> {
  try {
    return await collect();
  } catch (error) {
    return { unavailable: error instanceof Error ? error.message : String(error) };
  }
}

/** Whether a part could not be collected. */
export function isUnavailable(part: object): part is Unavailable {
  return 'unavailable' in part;
}
