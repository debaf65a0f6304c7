/**
 * Declares schemas as zod does, with the same names, but only records the calls: that is much cheaper than a schema of zod.
 * `read.ts` reads a valid value with what was recorded. `to-zod.ts` repeats the calls with zod, for everything else: problems,
 * the JSON Schema and the written form.
 */
import type * as zod from 'zod';

/** The description of the values of a schema: their `title`, a `description`, and keywords of JSON Schema. */
export type Meta = Readonly<Record<string, unknown>>;

/** The parameters of a check: its message, or more. */
type CheckParameters = string | Exclude<Parameters<zod.ZodType['refine']>[1], string | undefined>;

/** A function of zod that begins a schema. */
export type Beginning =
  | 'string'
  | 'number'
  | 'int'
  | 'boolean'
  | 'literal'
  | 'enum'
  | 'array'
  | 'record'
  | 'union'
  | 'strictObject'
  | 'codec';

/** A method that adds a check or a description. */
export type Addition =
  | 'describe'
  | 'meta'
  | 'min'
  | 'max'
  | 'regex'
  | 'toLowerCase'
  | 'refine'
  | 'superRefine'
  | 'check';

/** A method that accepts an absent value. */
export type Wrapping = 'optional' | 'default' | 'prefault';

/** A recorded schema. Its methods return a new one. */
export class Schema<Z extends zod.ZodType = zod.ZodType> {
  /** The schema of zod; set by `zodOf`. */
  zod: Z | undefined = undefined;
  /** The name of the function or method of zod. */
  readonly call: Beginning | Addition | Wrapping;
  readonly values: readonly unknown[];
  /** The schema that the method is called on; undefined for a function. */
  readonly on: Schema | undefined;

  constructor(call: Schema['call'], values: readonly unknown[], on?: Schema) {
    this.call = call;
    this.values = values;
    this.on = on;
  }

  describe(description: string): Schema<Z> {
    return this.#with('describe', description);
  }
  meta(meta: Meta): Schema<Z> {
    return this.#with('meta', meta);
  }
  optional(): Schema<zod.ZodOptional<Z>> {
    return new Schema('optional', [], this);
  }
  /** An absent value becomes this output. */
  default(value: zod.core.util.NoUndefined<zod.output<Z>>): Schema<zod.ZodDefault<Z>> {
    return new Schema('default', [value], this);
  }
  /** An absent value is read as this input. */
  prefault(value: zod.input<Z>): Schema<zod.ZodPrefault<Z>> {
    return new Schema('prefault', [value], this);
  }
  /** The least number, or the least length of a text or a list. */
  min(least: number): Schema<Z> {
    return this.#with('min', least);
  }
  /** The greatest number, or the greatest length of a text or a list. */
  max(most: number): Schema<Z> {
    return this.#with('max', most);
  }
  regex(pattern: RegExp): Schema<Z> {
    return this.#with('regex', pattern);
  }
  toLowerCase(): Schema<Z> {
    return this.#with('toLowerCase');
  }
  refine(isValid: (value: zod.output<Z>) => boolean, parameters: CheckParameters): Schema<Z> {
    return this.#with('refine', isValid, parameters);
  }
  superRefine(
    check: (value: zod.output<Z>, context: zod.RefinementCtx<zod.output<Z>>) => void,
    parameters?: { readonly when: () => boolean },
  ): Schema<Z> {
    return this.#with('superRefine', check, ...(parameters === undefined ? [] : [parameters]));
  }
  check(check: zod.core.CheckFn<zod.output<Z>>): Schema<Z> {
    return this.#with('check', check);
  }

  #with(call: Addition, ...values: readonly unknown[]): Schema<Z> {
    return new Schema<Z>(call, values, this);
  }
}

/** The schema of zod that a recorded one stands for. */
type Zod<S extends Schema> = S extends Schema<infer Z> ? Z : never;
type ZodShape<Shape extends Record<string, Schema>> = { -readonly [Name in keyof Shape]: Zod<Shape[Name]> };
type ZodAll<Schemas extends readonly Schema[]> = { -readonly [Index in keyof Schemas]: Zod<Schemas[Index]> };

/** The value that a schema reads. */
export type Output<S extends Schema> = zod.output<Zod<S>>;
/** The written form of its value. */
export type Input<S extends Schema> = zod.input<Zod<S>>;

/** The functions of zod, recorded. */
export const z = {
  string: (): Schema<zod.ZodString> => new Schema('string', []),
  number: (): Schema<zod.ZodNumber> => new Schema('number', []),
  /** A whole number. */
  int: (): Schema<zod.ZodInt> => new Schema('int', []),
  boolean: (): Schema<zod.ZodBoolean> => new Schema('boolean', []),
  literal: <const Value extends zod.core.util.Literal>(value: Value): Schema<zod.ZodLiteral<Value>> =>
    new Schema('literal', [value]),
  /** One of some words. */
  enum: <const Words extends readonly string[]>(
    words: Words,
  ): Schema<zod.ZodEnum<zod.core.util.ToEnum<Words[number]>>> => new Schema('enum', [words]),
  array: <S extends Schema>(element: S): Schema<zod.ZodArray<Zod<S>>> => new Schema('array', [element]),
  /** A mapping with any names. */
  record: <Value extends zod.ZodType>(
    key: Schema<zod.ZodString>,
    value: Schema<Value>,
  ): Schema<zod.ZodRecord<zod.ZodString, Value>> => new Schema('record', [key, value]),
  /** The first of some schemas that can read a value reads it. */
  union: <const Schemas extends readonly Schema[]>(options: Schemas): Schema<zod.ZodUnion<ZodAll<Schemas>>> =>
    new Schema('union', [options]),
  /** A mapping with these names and no others. */
  strictObject: <Shape extends Record<string, Schema>>(
    shape: Shape,
  ): Schema<zod.ZodObject<ZodShape<Shape>, zod.core.$strict>> => new Schema('strictObject', [shape]),
  /** A value that has a written form and another one for the code. */
  codec: <In extends zod.ZodType, Out extends zod.ZodType>(
    written: Schema<In>,
    read: Schema<Out>,
    functions: {
      readonly decode: (value: zod.output<In>) => zod.input<Out>;
      readonly encode: (value: zod.input<Out>) => zod.output<In>;
    },
  ): Schema<zod.ZodCodec<In, Out>> => new Schema('codec', [written, read, functions]),
};

/** All others begin a schema or wrap one, and have no title of the one below. */
function isAddition({ call, on }: Schema): boolean {
  return on !== undefined && call !== 'optional' && call !== 'default' && call !== 'prefault';
}

/** Returns the call below the checks and descriptions of a schema. */
export function withoutAdditions(schema: Schema): Schema {
  let below = schema;
  while (below.on !== undefined && isAddition(below)) below = below.on;
  return below;
}

/** Returns the `title` of a schema; undefined without one of its own. */
export function titleOf(schema: Schema): string | undefined {
  for (let at: Schema | undefined = schema; at !== undefined && isAddition(at); at = at.on) {
    const title = at.call === 'meta' ? (at.values[0] as Meta).title : undefined;
    if (title !== undefined) return title as string;
  }
  return undefined;
}

/** Returns the description of a schema; undefined without one of its own. */
export function descriptionOf(schema: Schema): string | undefined {
  for (let at: Schema | undefined = schema; at !== undefined && isAddition(at); at = at.on)
    if (at.call === 'describe') return at.values[0] as string;
  return undefined;
}

/** The members of a mapping with known names; undefined for another schema. */
export function shapeOf(schema: Schema): Readonly<Record<string, Schema>> | undefined {
  const { call, values } = withoutAdditions(schema);
  return call === 'strictObject' ? (values[0] as Readonly<Record<string, Schema>>) : undefined;
}
