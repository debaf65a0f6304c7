/** Parses and formats durations and sizes in the notation of Kubernetes. */

const millisecondsPerUnit = new Map([
  ['ms', 1],
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
]);

const bytesPerUnit = new Map([
  ['Gi', 1024 ** 3],
  ['Mi', 1024 ** 2],
  ['Ki', 1024],
  ['G', 1e9],
  ['M', 1e6],
  ['k', 1e3],
]);

/** The form of a duration: one or more numbers, each with its unit, as in `1h30m`. */
export const durationPattern = /^(\d+(\.\d+)?(ms|s|m|h))+$/;

/** The form of a size: whole bytes, or a whole number with a unit, as in `16Ki`. */
export const sizePattern = /^\d+(Ki|Mi|Gi|k|M|G)?$/;

/**
 * Parses a duration.
 *
 * @param text matches {@link durationPattern}
 * @returns milliseconds
 */
export function parseDuration(text: string): number {
  const parts = text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g);
  return parts.reduce(
    (sum, [, amount, unit = 'ms']) => sum + Number(amount) * (millisecondsPerUnit.get(unit) ?? 1),
    0,
  );
}

/**
 * Formats a duration in the largest unit that divides it.
 *
 * @param milliseconds at least 0
 */
export function formatDuration(milliseconds: number): string {
  if (milliseconds === 0) return '0s';
  const [unit, factor] = [...millisecondsPerUnit].findLast(([, size]) => milliseconds % size === 0) ?? [
    'ms',
    1,
  ];
  return `${milliseconds / factor}${unit}`;
}

/**
 * Parses a size.
 *
 * @param text matches {@link sizePattern}
 * @returns bytes
 */
export function parseSize(text: string): number {
  const [, amount, unit = ''] = /^(\d+)(\w*)$/.exec(text) ?? [];
  return Number(amount) * (bytesPerUnit.get(unit) ?? 1);
}

/**
 * Formats a size in the largest binary unit that divides it.
 *
 * @param bytes at least 0
 */
export function formatSize(bytes: number): string {
  const binary = [...bytesPerUnit].filter(([unit]) => unit.endsWith('i'));
  const [unit, factor] = binary.find(([, size]) => bytes > 0 && bytes % size === 0) ?? ['', 1];
  return `${bytes / factor}${unit}`;
}
