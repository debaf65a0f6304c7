/** Reads protobuf messages in the JSON of Envoy's admin port. A member that is absent or of another type is `undefined`. */
import { isMapping, type Mapping } from '../../../config/values/mapping.ts';

/** Returns the value at a path of members; a list counts as absent. */
export function valueAt(message: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (value, name) => (isMapping(value) && Object.hasOwn(value, name) ? value[name] : undefined),
    message,
  );
}

/** Returns the members of a repeated field; an empty list if it is absent. */
export function listAt(message: unknown, ...path: readonly string[]): readonly unknown[] {
  const value = valueAt(message, ...path);
  return Array.isArray(value) ? value : [];
}

/** Returns a string; empty if it is absent, as in proto3. */
export function textAt(message: unknown, ...path: readonly string[]): string {
  const value = valueAt(message, ...path);
  return typeof value === 'string' ? value : '';
}

/** Returns a message; empty if it is absent. */
export function messageAt(message: unknown, ...path: readonly string[]): Mapping {
  const value = valueAt(message, ...path);
  return isMapping(value) ? value : {};
}

/** Returns a number; Envoy writes 64-bit numbers as strings. */
export function numberAt(message: unknown, ...path: readonly string[]): number | undefined {
  const value = valueAt(message, ...path);
  const number = typeof value === 'string' && value !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

/** Returns a duration such as `1.500s`, in milliseconds. */
export function durationAt(message: unknown, ...path: readonly string[]): number | undefined {
  const [, seconds] = /^(\d{1,12}(?:\.\d{1,9})?)s$/.exec(textAt(message, ...path)) ?? [];
  return seconds === undefined ? undefined : Number(seconds) * 1_000;
}

/** Returns the name of a message's type without its package, such as `HttpConnectionManager`. */
export function typeOf(message: unknown): string {
  return textAt(message, '@type').split(/[./]/).at(-1) ?? '';
}
