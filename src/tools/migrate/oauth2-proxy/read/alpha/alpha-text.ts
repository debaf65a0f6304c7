/** Recognizes and parses the text of an alpha configuration. */
import { ConfigError } from '../../../../../config/validate/problems.ts';
import type { AlphaSource } from '../collected.ts';
import { readDocuments } from '../documents.ts';
import { type Assumed, substitute, substituteBelow, type VariableOf } from '../substitution.ts';
import { markTemplate } from '../unknown-values.ts';
import type { YamlNode } from '../yaml-node.ts';
import { isAlphaName } from './alpha-fields.ts';

/** Whether a text of a ConfigMap or Secret is an alpha configuration: a line begins with one of its names. */
export function isAlphaText(text: string, key: string): boolean {
  const names = [...text.matchAll(/^["']?([A-Za-z]+)["']?:(?=\s|$)/gm)].map(([, name = '']) => name);
  return names.some(isAlphaName) && (/oauth2/.test(key) || /upstreamConfig|injectRe|clientID/i.test(text));
}

/**
 * Parses an alpha configuration with its variables replaced. oauth2-proxy reads the first document of several.
 *
 * @throws ConfigError if it is not YAML
 */
export function alphaDocument(source: AlphaSource, variableOf: VariableOf, assumed: Assumed): YamlNode {
  if ('node' in source)
    return { ...source.node, value: substituteBelow(source.node.value, variableOf, assumed) };
  const text = source.isTemplated === true ? markTemplates(source.text) : source.text;
  const [document] = readDocuments(substitute(text, variableOf, assumed), source.name);
  if (document !== undefined) return document;
  throw new ConfigError([{ path: '', source: source.name, message: 'the file is empty' }]);
}

/** Marks each Helm template of a text as unknown. */
function markTemplates(text: string): string {
  return text.replaceAll(/\{\{.*?\}\}/gs, markTemplate);
}
