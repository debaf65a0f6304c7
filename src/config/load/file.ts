/** The configuration file: YAML or JSON text to a tree, with the line of every value. */
import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, Scalar, visit } from 'yaml';
import { withoutByteOrderMark } from '../../runtime/byte-order-mark.ts';
import { ConfigError } from '../validate/problems.ts';

/** A YAML or JSON document. */
export interface YamlFile {
  readonly value: unknown;
  /** As of {@link ConfigFile}. */
  readonly place: (path: readonly PropertyKey[]) => string;
  /** Whether all that stands at a path is what aliases (`*name`) elsewhere in the document refer to. */
  readonly isAliased: (path: readonly PropertyKey[]) => boolean;
}

/** What a configuration file says. */
export interface ConfigFile {
  readonly tree: Readonly<Record<string, unknown>>;
  /** Where the value at a path stands, as `file:line:column`; for an absent value, its nearest parent. */
  readonly place: (path: readonly PropertyKey[]) => string;
}

/**
 * Reads the text of a configuration file.
 *
 * @param name how problems name the file
 * @throws ConfigError if it is not one YAML mapping
 */
export function parseConfigFile(text: string, name: string): ConfigFile {
  const { value, place } = parseYaml(text, name);
  if (value === null)
    throw refusal(name, 'the document is empty; write {} for a configuration without options');
  if (typeof value !== 'object' || Array.isArray(value))
    throw refusal(name, 'expected names with values, such as `issuers: […]`');
  return { tree: value as Record<string, unknown>, place };
}

/**
 * Reads YAML text, of which JSON is a part.
 *
 * @param name how problems name the file
 * @param options `merge`: whether `<<` takes over the names of another mapping, as Helm and Kubernetes have it
 * @throws ConfigError if it is not one YAML document
 */
export function parseYaml(text: string, name: string, { merge = false } = {}): YamlFile {
  const lineCounter = new LineCounter();
  const document = parseDocument(withoutByteOrderMark(text), {
    // It would print a part of the file, and it may hold secrets.
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
      document.errors.map(({ pos, message }) => ({
        path: '',
        source: at(pos[0]),
        message: `not valid YAML: ${message}`,
      })),
    );
  }
  refuseUnknownAliases(document, at);
  writeListNames(document, at);
  return {
    value: contentOf(document, name),
    place: (path) => {
      const offset = offsetOf(document.contents, path);
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
 * Turns a list that stands as a name, as in `{[kubernetes.io, namespace]: prod}`, into the text of that list as JSON, which is how the name of a
 * claim can be such a list everywhere.
 *
 * @throws ConfigError where that gives a name twice
 */
function writeListNames(document: ReturnType<typeof parseDocument>, at: (offset: number) => string): void {
  visit(document, {
    Map: (_, map) => {
      for (const pair of map.items) {
        const { key } = pair;
        if (!isSeq(key)) continue;
        const text = JSON.stringify(key.toJS(document));
        if (map.items.some((other) => isScalar(other.key) && other.key.value === text))
          throw refusal(at(key.range?.[0] ?? 0), `the name ${text} stands here twice`);
        const name = new Scalar(text);
        name.range = key.range ?? null;
        pair.key = name;
      }
    },
  });
}

function contentOf(document: ReturnType<typeof parseDocument>, name: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch {
    throw refusal(name, 'its aliases (*name) expand too far');
  }
}

/**
 * Refuses an alias of nothing: mostly a text that begins with `*`, such as a domain, and needs quotes.
 *
 * @throws ConfigError if there is one
 */
function refuseUnknownAliases(
  document: ReturnType<typeof parseDocument>,
  at: (offset: number) => string,
): void {
  visit(document, {
    Alias: (_, alias) => {
      if (alias.resolve(document) !== undefined) return;
      throw refusal(
        at(alias.range?.[0] ?? 0),
        `a text that begins with * is an alias in YAML, and no anchor has this name; put it in quotes, such as "*.example.com"`,
      );
    },
  });
}

function refusal(source: string, message: string): ConfigError {
  return new ConfigError([{ path: '', source, message }]);
}

/** The offset of the deepest node that exists along a path. */
function offsetOf(root: Node | null, path: readonly PropertyKey[]): number | undefined {
  let node: unknown = root;
  let offset: number | undefined;
  for (const part of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => String(key) === String(part));
      if (pair === undefined) break;
      offset = (pair.key as Node).range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(part)];
      offset = (node as Node | undefined)?.range?.[0] ?? offset;
    } else break;
  }
  return offset;
}
