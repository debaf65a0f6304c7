/** Parses one value of a chart as `--set` does: `config.clientID=app`. */
import type { YamlNode } from '../yaml-node.ts';

/**
 * Parses the path and the text of one value.
 *
 * @param isText whether the value stays a text, as with `--set-string`
 * @returns a mapping with that one value; undefined if the path contains a list index
 */
export function settingAt(
  target: string,
  text: string,
  isText: boolean,
  locate: YamlNode['locate'],
): YamlNode | undefined {
  const names = target.split(/(?<!\\)\./).map((name) => name.replaceAll(/\\(.)/g, '$1'));
  if (/(?<!\\)[[\]]/.test(target) || names.includes('')) return undefined;
  const value = isText ? text : typed(text);
  return {
    value: names.reduceRight<unknown>((below, name) => Object.fromEntries([[name, below]]), value),
    path: [],
    locate,
  };
}

/** Parses a text: a list in braces, a boolean, a number, or the text itself. */
function typed(text: string): unknown {
  const [, list] = /^\{(.*)\}$/s.exec(text) ?? [];
  if (list !== undefined) return list === '' ? [] : list.split(',').map((entry) => scalar(entry));
  return scalar(text);
}

function scalar(text: string): unknown {
  if (/^(true|false)$/i.test(text)) return /^true$/i.test(text);
  if (text === 'null') return null;
  return /^(0|-?[1-9]\d{0,14})$/.test(text) ? Number(text) : text.replaceAll(/\\(.)/g, '$1');
}
