/** Reads a value with a recorded schema, without zod. */
import type * as z from 'zod';
import type { Addition, Beginning, Schema } from './schema.ts';

/** Stands for an invalid value. */
const invalid = Symbol('invalid');

/**
 * Reads a value.
 *
 * @returns undefined if the value is not certainly valid: zod then says whether it is, and why not
 */
export function readValid<Z extends z.ZodType>(schema: Schema<Z>, value: unknown): z.output<Z> | undefined {
  const found = read(schema, value);
  return found === invalid ? undefined : (found as z.output<Z>);
}

function read({ call, values, on }: Schema, value: unknown): unknown {
  if (on === undefined) return readers[call as Beginning](value, values);
  if (call === 'optional') return value === undefined ? undefined : read(on, value);
  if (call === 'default') return value === undefined ? structuredClone(values[0]) : read(on, value);
  if (call === 'prefault') return read(on, value === undefined ? structuredClone(values[0]) : value);
  const found = read(on, value);
  if (found === invalid) return invalid;
  return additions[call as Addition](found, values[0]);
}

type Reader = (value: unknown, values: readonly unknown[]) => unknown;

/** They never return undefined. */
const readers: Readonly<Record<Beginning, Reader>> = {
  string: (value) => (typeof value === 'string' ? value : invalid),
  number: (value) => (Number.isFinite(value) ? value : invalid),
  int: (value) => (Number.isSafeInteger(value) ? value : invalid),
  boolean: (value) => (typeof value === 'boolean' ? value : invalid),
  literal: (value, [expected]) => (value === expected ? value : invalid),
  enum: (value, [words]) => ((words as readonly unknown[]).includes(value) ? value : invalid),
  array: (value, [element]) => (Array.isArray(value) ? readList(value, element as Schema) : invalid),
  record: (value, [key, member]) => readRecord(value, key as Schema, member as Schema),
  union: (value, [options]) => readFirst(value, options as readonly Schema[]),
  strictObject: (value, [shape]) => readObject(value, shape as Readonly<Record<string, Schema>>),
  codec: (value, [written, result, functions]) => {
    const found = read(written as Schema, value);
    const { decode } = functions as { readonly decode: (value: unknown) => unknown };
    return found === invalid ? invalid : read(result as Schema, decode(found));
  },
};

/** Each returns the value, or what it makes of it. The problems that they name are lost. */
const additions: Readonly<Record<Addition, (value: unknown, parameter: unknown) => unknown>> = {
  describe: (value) => value,
  meta: (value) => value,
  min: (value, least) => (sizeOf(value) >= (least as number) ? value : invalid),
  max: (value, most) => (sizeOf(value) <= (most as number) ? value : invalid),
  regex: (value, pattern) => ((pattern as RegExp).test(value as string) ? value : invalid),
  toLowerCase: (value) => (value as string).toLowerCase(),
  refine: (value, isValid) => ((isValid as (value: unknown) => boolean)(value) ? value : invalid),
  superRefine: (value, check) => {
    const issues: Issues = [];
    const addIssue = (issue: Issues[number]) => void issues.push(issue);
    (check as (value: unknown, context: object) => void)(value, { value, issues, addIssue });
    return issues.length === 0 ? value : invalid;
  },
  check: (value, check) => {
    const issues: Issues = [];
    (check as (payload: object) => void)({ value, issues });
    return issues.length === 0 ? value : invalid;
  },
};

type Issues = z.core.$ZodRawIssue[];

function sizeOf(value: unknown): number {
  return typeof value === 'number' ? value : (value as string | readonly unknown[]).length;
}

function readList(list: readonly unknown[], element: Schema): unknown {
  const found: unknown[] = [];
  for (const one of list) {
    const member = read(element, one);
    if (member === invalid) return invalid;
    found.push(member);
  }
  return found;
}

function readFirst(value: unknown, options: readonly Schema[]): unknown {
  for (const option of options) {
    const found = read(option, value);
    if (found !== invalid) return found;
  }
  return invalid;
}

function readRecord(value: unknown, key: Schema, member: Schema): unknown {
  if (!isPlain(value)) return invalid;
  const found: Record<string, unknown> = {};
  for (const [name, one] of Object.entries(value)) {
    const [readName, readMember] = [read(key, name), read(member, one)];
    if (readName === invalid || readName === '__proto__' || readMember === invalid) return invalid;
    found[readName as string] = readMember;
  }
  return found;
}

function readObject(value: unknown, shape: Readonly<Record<string, Schema>>): unknown {
  if (!isPlain(value) || !Object.keys(value).every((name) => Object.hasOwn(shape, name))) return invalid;
  const found: Record<string, unknown> = {};
  for (const name of Object.keys(shape)) {
    const isPresent = Object.hasOwn(value, name);
    const member = read(shape[name] as Schema, isPresent ? value[name] : undefined);
    if (member === invalid) return invalid;
    if (isPresent || member !== undefined) found[name] = member;
  }
  return found;
}

/** Whether a value is a mapping as files have it. zod says what it does with another one. */
function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
