/** The printed form of generated settings. */

import { yamlText } from '../../config/describe/yaml-text.ts';

/** Generated settings. */
export interface Generated {
  /** How to use them; one or more lines. */
  readonly about: readonly string[];
  /** Kubernetes objects; or one value that is a part of another file. */
  readonly documents: readonly object[];
  /** Why the settings are needed, by their names. A name that does not occur has no effect. */
  readonly reasons: Readonly<Record<string, string>>;
}

/** The output of the command. */
export interface Printed {
  /** For standard output. */
  readonly output: string;
  /** For standard error. */
  readonly notes: string;
}

/** Prints settings as YAML with comments, or as JSON with the comments on standard error. */
export function printGenerated({ about, documents, reasons }: Generated, form: 'yaml' | 'json'): Printed {
  if (form === 'json') {
    const [first, ...more] = documents;
    const value = more.length === 0 ? first : { apiVersion: 'v1', kind: 'List', items: documents };
    return {
      output: `${JSON.stringify(value, null, 2)}\n`,
      notes: about.map((line) => `${line}\n`).join(''),
    };
  }
  const texts = documents.map((document, index) =>
    yamlText(document, { ...(index === 0 && { comment: about.join('\n') }), reasons }),
  );
  return { output: texts.join('---\n'), notes: '' };
}
