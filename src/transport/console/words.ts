/** Numbers, times and lists in words. */

const units = [
  [86_400_000, 'day'],
  [3_600_000, 'hour'],
  [60_000, 'minute'],
  [1_000, 'second'],
] as const;

/** A duration in its largest unit, such as `3 minutes`. */
export function duration(milliseconds: number): string {
  const length = Math.max(0, milliseconds);
  const [size, unit] = units.find(([size]) => length >= size) ?? [1_000, 'second'];
  const count = Math.floor(length / size);
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}

/** A point in time, such as `2026-11-26 21:14:03 UTC`. */
export function time(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** The time of a day, such as `21:14`. */
export function timeOfDay(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(11, 16);
}

/** A point in time and how long ago it was. */
export function ago(milliseconds: number, now: number): string {
  return `${time(milliseconds)} (${duration(now - milliseconds)} ago)`;
}

/** A count with separators, such as `1,234,567`. */
export function count(number: number): string {
  return number.toLocaleString('en-US', { maximumFractionDigits: 0 });
}

/** A number with three significant digits, such as `0.0123`. */
export function decimal(number: number): string {
  return number.toLocaleString('en-US', { maximumSignificantDigits: 3 });
}

/** A share, such as `98.2 %`. */
export function percent(part: number, whole: number): string {
  return whole === 0 ? 'no data' : `${decimal((part / whole) * 100)} %`;
}

/** A latency, such as `0.12 ms`. */
export function latency(seconds: number | undefined): string {
  return seconds === undefined ? 'no data' : `${decimal(seconds * 1000)} ms`;
}
