/** The documents of a YAML file, with the location of each value in the file. */
import { parseYaml } from '../../../../config/load/file.ts';
import { ConfigError } from '../../../../config/validate/problems.ts';
import type { YamlNode } from './yaml-node.ts';

/**
 * Parses YAML or JSON text and leaves out empty documents.
 *
 * @param name the name of the text in problems and locations
 * @throws ConfigError if it is not YAML; the message never quotes the text, since it may contain a secret
 */
export function readDocuments(text: string, name: string): YamlNode[] {
  const documents: YamlNode[] = [];
  let lines = 0;
  for (const [index, piece] of text.split(/^---(?=\s|$)/m).entries()) {
    // Blanks replace everything before the document, so lines and columns are those of the file.
    const padding = '\n'.repeat(lines) + (index === 0 ? '' : '   ');
    lines += piece.split('\n').length - 1;
    if (piece.split('\n').every((line) => /^\s*(#.*)?$/.test(line))) continue;
    const { value, place: locate, isAliased } = parseWithoutQuotes(padding + piece, name);
    if (value !== null) documents.push({ value, path: [], locate, isAliased });
  }
  return documents;
}

function parseWithoutQuotes(text: string, name: string): ReturnType<typeof parseYaml> {
  try {
    return parseYaml(text, name, { merge: true });
  } catch (error) {
    if (error instanceof RangeError)
      throw new ConfigError([{ path: '', source: name, message: 'nested too deeply' }]);
    if (!(error instanceof ConfigError)) throw error;
    throw new ConfigError(
      error.problems.map((problem) => ({ ...problem, message: withoutQuotation(problem.message) })),
    );
  }
}

/** Removes the parts of a parser message that may quote the file. */
function withoutQuotation(message: string): string {
  const [, summary = '', reason = ''] = /^((?:not valid|invalid) YAML): (.*)$/s.exec(message) ?? [];
  return /[:"'`!]|sequence|start with|characters/.test(reason) ? summary : message;
}
