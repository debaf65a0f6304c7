/** Splits YAML or JSON text into documents, and keeps the line of every value. */
import { type Document, isScalar, LineCounter, parseAllDocuments } from 'yaml';
import { hasEndlessAlias } from '../../../config/load/file.ts';
import { nodeAt } from '../../../config/load/node-at.ts';
import type { Problem } from '../../../config/validate/problems.ts';
import { withoutByteOrderMark } from '../../../runtime/byte-order-mark.ts';

/** One YAML document. */
export interface ParsedDocument {
  readonly value: unknown;
  /** The line of the value at a path, from 1; for an absent value, the line of its nearest parent. */
  readonly line: (path: readonly PropertyKey[]) => number;
  /** The line on which the text of a multi-line value begins. */
  readonly textLine: (path: readonly PropertyKey[]) => number;
}

/** The documents of a text, or its problems. */
export interface ParsedText {
  readonly documents: readonly ParsedDocument[];
  readonly problems: readonly Problem[];
}

/** Maximum number of aliases (`*name`) that a document may expand. */
const mostAliases = 1_000;
/** More problems of one text would only repeat the first ones. */
const mostProblems = 5;

/**
 * Parses a text with any number of YAML documents.
 *
 * @param name the name of the file for problems
 */
export function parseDocuments(text: string, name: string): ParsedText {
  const lineCounter = new LineCounter();
  const problems: Problem[] = [];
  const add = (offset: number, message: string) => {
    const { line, col } = lineCounter.linePos(offset);
    if (problems.length < mostProblems)
      problems.push({ path: '', source: `${name}:${line}:${col}`, message });
  };
  const parsed = parseAllDocuments(withoutByteOrderMark(text), {
    lineCounter,
    logLevel: 'error',
    prettyErrors: false,
    merge: true,
    uniqueKeys: true,
  });
  const documents = (Array.isArray(parsed) ? parsed : []).flatMap((document) => {
    for (const { pos, message } of document.errors) add(pos[0], `invalid YAML: ${message}`);
    if (document.errors.length > 0) return [];
    const value = contentOf(document);
    if (value === unreadable) {
      add(
        document.range[0],
        'an alias (*name) has no anchor or is inside of its own value, or the aliases expand to too many values; repeat the values instead',
      );
      return [];
    }
    const start = document.contents?.range?.[0] ?? document.range[0];
    const lineAt = (offset = start) => lineCounter.linePos(offset).line;
    return [
      {
        value,
        line: (path: readonly PropertyKey[]) => lineAt(nodeAt(document.contents, path).offset),
        textLine: (path: readonly PropertyKey[]) => {
          const { node, offset } = nodeAt(document.contents, path);
          const isBlock = isScalar(node) && (node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED');
          return lineAt(isBlock ? (node.range?.[0] ?? offset) : offset) + (isBlock ? 1 : 0);
        },
      },
    ];
  });
  return { documents, problems };
}

const unreadable = Symbol('unreadable');

function contentOf(document: Document): unknown {
  if (hasEndlessAlias(document)) return unreadable;
  try {
    return document.toJS({ maxAliasCount: mostAliases });
  } catch {
    return unreadable;
  }
}
