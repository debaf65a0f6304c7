/** Lists the options. Flags, environment names, help and docs are derived from the list. */
import { configSchema } from '../declare/options.ts';
import { descriptionOf, type Schema, shapeOf, titleOf, withoutAdditions } from '../schema/schema.ts';

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

/** An option that flags and the environment can set. */
export interface ScalarOption extends OptionInfo {
  /** For example `--http-port`. */
  readonly flag: string;
  /** For example `OIDC_AUTHZ_HTTP_PORT`. */
  readonly variable: string;
}

// Listed once, because each start asks for it several times.
const options: readonly OptionInfo[] = listFrom(configSchema, [], []);
const scalarOptions: readonly ScalarOption[] = options
  .filter(({ path, kind }) => kind !== 'structure' && !path.includes('[]'))
  .map((option) => {
    const name = option.path.join('-').replaceAll(/[A-Z]/g, '-$&').toLowerCase();
    return {
      ...option,
      flag: `--${name}`,
      variable: `OIDC_AUTHZ_${name.replaceAll('-', '_').toUpperCase()}`,
    };
  });

/** Lists every option, in the order of declaration. */
export function listOptions(): readonly OptionInfo[] {
  return options;
}

/** Lists the options that flags and the environment can set. */
export function listScalarOptions(): readonly ScalarOption[] {
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

interface Unwrapped {
  readonly schema: Schema;
  readonly description: string;
  readonly default: unknown;
}

function listFrom(wrapped: Schema, path: readonly string[], into: OptionInfo[]): OptionInfo[] {
  const { schema, description, default: preset } = unwrap(wrapped);
  const shape = shapeOf(schema);
  if (shape !== undefined) {
    for (const key of Object.keys(shape)) listFrom(shape[key] as Schema, [...path, key], into);
    return into;
  }
  const { call, values } = withoutAdditions(schema);
  const option = { path, kind: kindOf(schema), title: phraseOf(wrapped), description, default: preset };
  const entry = values[call === 'record' ? 1 : 0] as Schema;
  const isList = call === 'array';
  const isListOfMappings = isList && shapeOf(entry) !== undefined;
  const hasEntries = (isList && !isListOfMappings) || call === 'record';
  into.push(hasEntries ? { ...option, entryTitle: phraseOf(entry) } : option);
  return isListOfMappings ? listFrom(entry, [...path, '[]'], into) : into;
}

function unwrap(wrapped: Schema): Unwrapped {
  let schema = wrapped;
  let description: string | undefined;
  let preset: unknown;
  for (;;) {
    description ??= descriptionOf(schema);
    const { call, values, on } = withoutAdditions(schema);
    if (on === undefined) break;
    if (call !== 'optional') preset ??= values[0];
    schema = on;
  }
  return { schema, description: description ?? '', default: preset };
}

function phraseOf(schema: Schema): string {
  const title = titleOf(schema);
  if (title !== undefined) return title;
  const { call, on } = withoutAdditions(schema);
  if (on !== undefined) return phraseOf(on);
  if (call === 'array') return 'a list';
  return call === 'record' ? 'a mapping' : 'a value';
}

function kindOf(schema: Schema): ValueKind {
  const { call, values } = withoutAdditions(schema);
  switch (call) {
    case 'number':
    case 'int':
      return 'number';
    case 'boolean':
      return 'boolean';
    case 'string':
    case 'enum':
    case 'literal':
    case 'codec':
      return 'text';
    case 'union':
      return (values[0] as readonly Schema[]).some((option) => kindOf(option) === 'number')
        ? 'number'
        : 'text';
    default:
      return 'structure';
  }
}
