/** Lists the options. Flags, environment names, help and docs are derived from the list. */
import type * as z from 'zod';
import { configSchema } from '../declare/options.ts';

/** The kind of value that an option takes in a flag or the environment. */
export type ValueKind = 'text' | 'number' | 'boolean' | 'structure';

/** One option. */
export interface OptionInfo {
  /** The path in the file, for example `['http', 'port']`; `[]` is an entry of a list. */
  readonly path: readonly string[];
  readonly kind: ValueKind;
  /** The value that it takes, for example `a whole number from 0 to 65535`. */
  readonly title: string;
  /** The value of each entry, if the option is a list or a mapping of scalar values. */
  readonly entryTitle?: string;
  readonly description: string;
  /** The default in its written form; undefined without a default. */
  readonly default: unknown;
}

// Listed once, because each start asks for it several times.
const options: readonly OptionInfo[] = [...walk(configSchema, [])];
const scalarOptions = options.filter(({ path, kind }) => kind !== 'structure' && !path.includes('[]'));

/** Lists every option, in the order of declaration. */
export function listOptions(): readonly OptionInfo[] {
  return options;
}

/** Lists the options that flags and the environment can set. */
export function listScalarOptions(): readonly OptionInfo[] {
  return scalarOptions;
}

/** Formats a path as in the docs: `http.port`, `issuers[0].name`. */
export function dotted(path: readonly PropertyKey[]): string {
  return path
    .map(String)
    .join('.')
    .replaceAll('.[]', '[]')
    .replace(/(^|\.)(\d+)(?=\.|$)/g, '[$2]');
}

/** Returns the flag of an option, for example `--http-port`. */
export function flagName(path: readonly string[]): string {
  return `--${path.map((part) => words(part).join('-')).join('-')}`;
}

/** Returns the environment name of an option, for example `OIDC_AUTHZ_HTTP_PORT`. */
export function environmentName(path: readonly string[]): string {
  return `OIDC_AUTHZ_${path.flatMap(words).join('_').toUpperCase()}`;
}

/**
 * Parses a value from a flag or the environment, so `8000` becomes a number. A text that is not a valid value stays a text, and
 * the validation reports it.
 */
export function readWord(word: string, { kind }: OptionInfo): unknown {
  if (kind === 'number' && /^-?\d+(\.\d+)?$/.test(word)) return Number(word);
  if (kind === 'boolean' && /^(true|false)$/.test(word)) return word === 'true';
  return word;
}

/** Returns the phrase for the value at a path. */
export function titleAt(path: readonly PropertyKey[]): string | undefined {
  const pattern = path.map((part) => (typeof part === 'number' ? '[]' : String(part)));
  const at = (place: readonly string[]) =>
    listOptions().find((option) => dotted(option.path) === dotted(place));
  const above = at(pattern.slice(0, -1));
  return at(pattern)?.title ?? above?.entryTitle ?? (above?.kind === 'text' ? above.title : undefined);
}

function words(camelCase: string): string[] {
  return camelCase.split(/(?=[A-Z])/).map((word) => word.toLowerCase());
}

interface Unwrapped {
  readonly schema: z.core.$ZodType;
  readonly description: string;
  readonly default: unknown;
}

function* walk(wrapped: z.core.$ZodType, path: readonly string[]): Generator<OptionInfo> {
  const { schema, description, default: preset } = unwrap(wrapped);
  const { def } = (schema as z.core.$ZodTypes)._zod;
  if (def.type === 'object') {
    for (const [key, field] of Object.entries(def.shape)) yield* walk(field, [...path, key]);
    return;
  }
  const option = { path, kind: kindOf(schema), title: titleOf(wrapped), description, default: preset };
  if (def.type === 'record') yield { ...option, entryTitle: titleOf(def.valueType) };
  else if (def.type !== 'array') yield option;
  else if ((def.element as z.core.$ZodTypes)._zod.def.type !== 'object')
    yield { ...option, entryTitle: titleOf(def.element) };
  else {
    yield option;
    yield* walk(def.element, [...path, '[]']);
  }
}

function unwrap(schema: z.core.$ZodType): Unwrapped {
  let current = schema as z.core.$ZodTypes;
  let description: string | undefined;
  let preset: unknown;
  for (;;) {
    description ??= metaOf(current).description;
    const { def } = current._zod;
    if (def.type !== 'default' && def.type !== 'prefault' && def.type !== 'optional') break;
    if (def.type !== 'optional') preset ??= def.defaultValue;
    current = def.innerType as z.core.$ZodTypes;
  }
  return { schema: current, description: description ?? '', default: preset };
}

function titleOf(schema: z.core.$ZodType): string {
  const { title } = metaOf(schema);
  if (title !== undefined) return title;
  const { def } = (schema as z.core.$ZodTypes)._zod;
  if (def.type === 'default' || def.type === 'prefault' || def.type === 'optional')
    return titleOf(def.innerType);
  if (def.type === 'array') return 'a list';
  return def.type === 'record' ? 'a mapping' : 'a value';
}

function metaOf(schema: z.core.$ZodType): { title?: string | undefined; description?: string | undefined } {
  return (schema as unknown as z.ZodType).meta() ?? {};
}

function kindOf(schema: z.core.$ZodType): ValueKind {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  switch (def.type) {
    case 'number':
      return 'number';
    case 'boolean':
      return 'boolean';
    case 'string':
    case 'enum':
    case 'literal':
    case 'pipe':
      return 'text';
    case 'union':
      return def.options.some((option) => kindOf(option) === 'number') ? 'number' : 'text';
    default:
      return 'structure';
  }
}
