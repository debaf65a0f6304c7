/** Formats values as YAML for people. */
import { Document, isCollection, isScalar, visit } from 'yaml';

/** A comment after the last entry of a part of a document. */
export interface YamlComment {
  /** The path of the part. */
  readonly path: readonly (string | number)[];
  readonly text: string;
}

/** Options of the YAML text. */
export interface YamlTextOptions {
  /** Comment lines above the document. */
  readonly comment?: string;
  readonly comments?: readonly YamlComment[];
  /** Comments above the first entry with a name, by the name. */
  readonly reasons?: Readonly<Record<string, string>>;
}

/**
 * Formats a value as one YAML document, without anchors and folded lines. It quotes texts such as `yes`, which YAML 1.1
 * (the version of Kubernetes) reads as another type.
 */
export function yamlText(
  value: unknown,
  { comment, comments = [], reasons = {} }: YamlTextOptions = {},
): string {
  const lines = comment === undefined ? [] : commented(comment).split('\n');
  const document = new Document(value, { aliasDuplicateObjects: false, compat: 'yaml-1.1' });
  for (const { path, text } of comments) {
    const part = document.getIn(path, true);
    if (isCollection(part)) part.comment = text.replaceAll(/^/gm, ' ');
  }
  addReasons(document, new Map(Object.entries(reasons)));
  return [...lines, document.toString({ lineWidth: 0 })].join('\n');
}

function addReasons(document: Document, reasons: Map<string, string>): void {
  if (reasons.size === 0) return;
  visit(document, {
    Pair: (_, { key }) => {
      const reason = isScalar(key) ? reasons.get(String(key.value)) : undefined;
      if (!isScalar(key) || reason === undefined) return;
      key.commentBefore = reason.replaceAll(/^/gm, ' ');
      reasons.delete(String(key.value));
    },
  });
}

function commented(text: string): string {
  return text
    .split('\n')
    .map((line) => (line === '' ? '#' : `# ${line}`))
    .join('\n');
}
