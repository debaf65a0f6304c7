/** Parses the configuration file (YAML or JSON) and keeps the line of every value. */
import {
  type Document,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  Scalar,
  visit,
} from 'yaml';
import { withoutByteOrderMark } from '../../runtime/byte-order-mark.ts';
import { ConfigError } from '../validate/problems.ts';
import { nodeAt } from './node-at.ts';

/** A parsed YAML or JSON document. */
export interface YamlFile {
  readonly value: unknown;
  /** As in {@link ConfigFile}. */
  readonly place: (path: readonly PropertyKey[]) => string;
  /** Whether aliases (`*name`) elsewhere refer to the whole value at a path. */
  readonly isAliased: (path: readonly PropertyKey[]) => boolean;
}

/** A parsed configuration file. */
export interface ConfigFile {
  readonly content: Readonly<Record<string, unknown>>;
  /** The place of the value at a path, as `file:line:column`; for an absent value, of its nearest parent. */
  readonly place: (path: readonly PropertyKey[]) => string;
}

/**
 * Parses a configuration file.
 *
 * @param name the file name for problems
 * @throws ConfigError if it is not one YAML mapping
 */
export function parseConfigFile(text: string, name: string): ConfigFile {
  const { value, place } = parseYaml(text, name);
  if (value === null)
    throw configError(name, 'the file is empty; write {} for a configuration without options');
  if (typeof value !== 'object' || Array.isArray(value))
    throw configError(name, 'must be a mapping, such as `issuers: […]`');
  return { content: value as Record<string, unknown>, place };
}

/**
 * Parses YAML; JSON is a subset of it.
 *
 * @param name the file name for problems
 * @param options `merge`: whether `<<` merges another mapping, as in Helm and Kubernetes
 * @throws ConfigError if it is not one YAML document
 */
export function parseYaml(text: string, name: string, { merge = false } = {}): YamlFile {
  const lineCounter = new LineCounter();
  const document = parseDocument(withoutByteOrderMark(text), {
    // A warning would print a part of the file, which may contain secrets.
    logLevel: 'error',
    lineCounter,
    uniqueKeys: true,
    prettyErrors: false,
    merge,
  });
  const at = (offset: number) => {
    const { line, col } = lineCounter.linePos(offset);
    return `${name}:${line}:${col}`;
  };

  if (document.errors.length > 0) {
    throw new ConfigError(
      document.errors.map(({ pos, code, message }) => ({
        path: '',
        source: at(pos[0]),
        message:
          code === 'DUPLICATE_KEY'
            ? 'this mapping already has an entry with this name; remove one of the two'
            : `invalid YAML: ${message}`,
      })),
    );
  }
  rejectUnknownAliases(document, at);
  replaceListNames(document, at);
  return {
    value: contentOf(document, name),
    place: (path) => {
      const { offset } = nodeAt(document.contents, path);
      return offset === undefined ? name : at(offset);
    },
    isAliased: (path) => {
      const targets = new Set<unknown>();
      visit(document, { Alias: (_, alias) => void targets.add(alias.resolve(document)) });
      const isTarget = (node: unknown): boolean => {
        if (targets.has(node)) return true;
        if (isMap(node)) return node.items.length > 0 && node.items.every(({ value }) => isTarget(value));
        return isSeq(node) && node.items.length > 0 && node.items.every(isTarget);
      };
      return isTarget(document.getIn(path, true));
    },
  };
}

/**
 * Replaces a list as a mapping name, as in `{[kubernetes.io, namespace]: prod}`, with its JSON text. All other code expects the
 * exact name of a claim in this form.
 *
 * @throws ConfigError if a name then occurs twice
 */
function replaceListNames(document: ReturnType<typeof parseDocument>, at: (offset: number) => string): void {
  visit(document, {
    Map: (_, map) => {
      for (const pair of map.items) {
        const { key } = pair;
        if (!isSeq(key)) continue;
        const text = JSON.stringify(key.toJS(document));
        if (map.items.some((other) => isScalar(other.key) && other.key.value === text))
          throw configError(at(key.range?.[0] ?? 0), `duplicate name ${text}; remove one of the two`);
        const name = new Scalar(text);
        name.range = key.range ?? null;
        pair.key = name;
      }
    },
  });
}

/** Whether an alias is inside of the value that it names. Such a value has no end. */
export function hasEndlessAlias(document: Document): boolean {
  let isEndless = false;
  visit(document, {
    Alias: (_, { source }, ancestors) => {
      isEndless ||= ancestors.some((node) => isNode(node) && 'anchor' in node && node.anchor === source);
    },
  });
  return isEndless;
}

function contentOf(document: ReturnType<typeof parseDocument>, name: string): unknown {
  if (hasEndlessAlias(document))
    throw configError(
      name,
      'a YAML alias (*name) is inside of the value that it names; write the value instead',
    );
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch {
    throw configError(name, 'the YAML aliases (*name) expand to too many values; repeat the values instead');
  }
}

/**
 * Rejects an alias without an anchor, usually a text such as a domain that begins with `*` and needs quotes.
 *
 * @throws ConfigError if there is one
 */
function rejectUnknownAliases(
  document: ReturnType<typeof parseDocument>,
  at: (offset: number) => string,
): void {
  visit(document, {
    Alias: (_, alias) => {
      if (alias.resolve(document) !== undefined) return;
      throw configError(
        at(alias.range?.[0] ?? 0),
        'YAML reads a text that begins with * as an alias, and no anchor has this name; put the text in quotes, such as "*.example.com"',
      );
    },
  });
}

function configError(source: string, message: string): ConfigError {
  return new ConfigError([{ path: '', source, message }]);
}
