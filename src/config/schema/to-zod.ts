/** Repeats the calls of a recorded schema with zod. Loaded only for problems, for a deny list, and by commands. */
import * as z from 'zod';
import { type Beginning, Schema } from './schema.ts';

// A process reads a configuration once: compiled validators cost more than they save, and the image forbids them.
// Before any schema, because an object keeps the setting that it is declared with.
z.config({ jitless: true });

type Calls = Readonly<Record<string, (...values: readonly unknown[]) => z.ZodType>>;

/** Named one by one, so that the bundle contains only these. */
const functions = {
  string: z.string,
  number: z.number,
  int: z.int,
  boolean: z.boolean,
  literal: z.literal,
  enum: z.enum,
  array: z.array,
  record: z.record,
  union: z.union,
  strictObject: z.strictObject,
  codec: z.codec,
} satisfies Readonly<Record<Beginning, unknown>>;

/** Returns the schema of zod, always the same one. */
export function zodOf<Z extends z.ZodType>(schema: Schema<Z>): Z {
  schema.zod ??= repeat(schema) as Z;
  return schema.zod;
}

function repeat({ call, values, on }: Schema): z.ZodType {
  const target = (on === undefined ? functions : zodOf(on)) as unknown as Calls;
  const method = target[call];
  if (method === undefined) throw new TypeError(`zod has no ${call}`);
  return method.apply(target, values.map(call === 'strictObject' || call === 'union' ? converted : inner));
}

/** Converts schemas in a list or a mapping. */
function converted(parts: unknown): unknown {
  if (Array.isArray(parts)) return parts.map(inner);
  return Object.fromEntries(Object.entries(parts as object).map(([name, part]) => [name, inner(part)]));
}

function inner(value: unknown): unknown {
  return value instanceof Schema ? zodOf(value) : value;
}
