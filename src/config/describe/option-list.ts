/** The options as a flat list: what flags, environment names, help and docs are derived from. */
import type * as z from 'zod';
import { options } from '../declare/options.ts';

/** What a value of an option is when it is written. */
export type Written = 'text' | 'number' | 'boolean' | 'structure';

/** One option. */
export interface Leaf {
  /** Where it is in the file, e.g. `['http', 'port']`; `[]` stands for an entry of a list. */
  readonly path: readonly string[];
  readonly written: Written;
  /** What it takes, e.g. `a whole number from 0 to 65535`. */
  readonly title: string;
  /** What each entry takes, where the option is a list or a record of plain values. */
  readonly entryTitle?: string;
  readonly description: string;
  /** The default in its written form; undefined where there is none. */
  readonly default: unknown;
}

/** Every option, in the order of its declaration. */
export function leaves(): Leaf[] {
  return [...walk(options, [])];
}

/** The options that one word can set: those that flags and the environment reach. */
export function scalarLeaves(): Leaf[] {
  return leaves().filter(({ path, written }) => written !== 'structure' && !path.includes('[]'));
}

/** `http.port` as a file names it. */
export function dotted(path: readonly PropertyKey[]): string {
  return path
    .map(String)
    .join('.')
    .replaceAll('.[]', '[]')
    .replace(/(^|\.)(\d+)(?=\.|$)/g, '[$2]');
}

/** `--http-port`. */
export function flagName(path: readonly string[]): string {
  return `--${path.map((part) => words(part).join('-')).join('-')}`;
}

/** `OIDC_AUTHZ_HTTP_PORT`. */
export function environmentName(path: readonly string[]): string {
  return `OIDC_AUTHZ_${path.flatMap(words).join('_').toUpperCase()}`;
}

/**
 * Gives the value that a word from a flag or the environment stands for, so that `8000` can be a number; a word
 * that fits no better stays text, for the validation to judge.
 */
export function readWord(word: string, { written }: Leaf): unknown {
  if (written === 'number' && /^-?\d+(\.\d+)?$/.test(word)) return Number(word);
  if (written === 'boolean' && /^(true|false)$/.test(word)) return word === 'true';
  return word;
}

/** Finds the phrase for what a place in the file takes. */
export function titleAt(path: readonly PropertyKey[]): string | undefined {
  const pattern = path.map((part) => (typeof part === 'number' ? '[]' : String(part)));
  const at = (place: readonly string[]) => leaves().find((leaf) => dotted(leaf.path) === dotted(place));
  const above = at(pattern.slice(0, -1));
  return at(pattern)?.title ?? above?.entryTitle ?? (above?.written === 'text' ? above.title : undefined);
}

function words(camelCase: string): string[] {
  return camelCase.split(/(?=[A-Z])/).map((word) => word.toLowerCase());
}

interface Unwrapped {
  readonly schema: z.core.$ZodType;
  readonly description: string;
  readonly default: unknown;
}

function* walk(wrapped: z.core.$ZodType, path: readonly string[]): Generator<Leaf> {
  const { schema, description, default: preset } = unwrap(wrapped);
  const { def } = (schema as z.core.$ZodTypes)._zod;
  if (def.type === 'object') {
    for (const [key, field] of Object.entries(def.shape)) yield* walk(field, [...path, key]);
    return;
  }
  const leaf = { path, written: writtenAs(schema), title: titleOf(wrapped), description, default: preset };
  if (def.type === 'record') yield { ...leaf, entryTitle: titleOf(def.valueType) };
  else if (def.type !== 'array') yield leaf;
  else if ((def.element as z.core.$ZodTypes)._zod.def.type !== 'object')
    yield { ...leaf, entryTitle: titleOf(def.element) };
  else {
    yield leaf;
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
  return def.type === 'record' ? 'names with values' : 'a value';
}

function metaOf(schema: z.core.$ZodType): { title?: string | undefined; description?: string | undefined } {
  return (schema as unknown as z.ZodType).meta() ?? {};
}

function writtenAs(schema: z.core.$ZodType): Written {
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
      return def.options.some((option) => writtenAs(option) === 'number') ? 'number' : 'text';
    default:
      return 'structure';
  }
}
