/** Values as YAML text for people to read. */
import { Document, isCollection } from 'yaml';

/** A comment that stands behind the last entry of a part of a document. */
export interface YamlComment {
  /** Where the part is, from the top. */
  readonly path: readonly (string | number)[];
  readonly text: string;
}

/** How a document is written. */
export interface YamlTextOptions {
  /** Lines that stand above it as comments. */
  readonly comment?: string;
  readonly comments?: readonly YamlComment[];
}

/**
 * Writes a value as one YAML document, without anchors and without folded lines. What YAML 1.1, which Kubernetes reads,
 * would take for something else than text, such as `yes`, is quoted.
 */
export function yamlText(value: unknown, { comment, comments = [] }: YamlTextOptions = {}): string {
  const lines = comment === undefined ? [] : commented(comment).split('\n');
  const document = new Document(value, { aliasDuplicateObjects: false, compat: 'yaml-1.1' });
  for (const { path, text } of comments) {
    const part = document.getIn(path, true);
    if (isCollection(part)) part.comment = text.replaceAll(/^/gm, ' ');
  }
  return [...lines, document.toString({ lineWidth: 0 })].join('\n');
}

function commented(text: string): string {
  return text
    .split('\n')
    .map((line) => (line === '' ? '#' : `# ${line}`))
    .join('\n');
}
