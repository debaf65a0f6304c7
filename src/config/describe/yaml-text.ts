/** Formats values as YAML for people. */
import { Document, isCollection } from 'yaml';

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
}

/**
 * Formats a value as one YAML document, without anchors and folded lines. It quotes texts such as `yes`, which YAML 1.1
 * (the version of Kubernetes) reads as another type.
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
