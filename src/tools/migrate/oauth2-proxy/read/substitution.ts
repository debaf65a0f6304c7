/** Replaces variables in an alpha configuration: `$NAME`, `${NAME}`, `${NAME:-default}` and the other forms. */
import { unknownValue } from './unknown-values.ts';

/** Returns the value of a variable; undefined if it is not set. */
export type VariableOf = (name: string) => string | undefined;

const reference = /\$\$|\$(\d+)|\$([A-Za-z_]\w*)|\$\{(\w+)(?:(:?)([-=+])([^}]*))?\}/g;

/** Is called for a variable that is not set and whose default is used. */
export type Assumed = (name: string) => void;

/** Replaces the variables of a text. A variable without value and default is marked as unknown. */
export function substitute(text: string, variableOf: VariableOf, assumed: Assumed = () => {}): string {
  return text.replaceAll(
    reference,
    (whole, group?: string, bare?: string, name?: string, colon?: string, operator?: string, word = '') => {
      // `$$` is an escaped dollar sign; `$1` is a group of a pattern.
      if (whole === '$$') return '$';
      if (group !== undefined) return whole;
      const variable = bare ?? name ?? '';
      const value = variableOf(variable);
      const isThere = value !== undefined && (colon !== ':' || value !== '');
      if (operator !== undefined && value === undefined) assumed(variable);
      if (operator === '+') return isThere ? substitute(word, variableOf, assumed) : '';
      if (isThere) return value;
      return operator === undefined
        ? unknownValue({ in: 'variable', name: variable })
        : substitute(word.includes('${') ? `${word}}` : word, variableOf, assumed);
    },
  );
}

/** Replaces the variables of all texts in a value. A text that becomes `true` or `false` becomes a boolean. */
export function substituteBelow(
  value: unknown,
  variableOf: VariableOf,
  assumed: Assumed = () => {},
): unknown {
  if (typeof value === 'string') {
    const text = substitute(value, variableOf, assumed);
    return text !== value && /^(true|false)$/.test(text) ? text === 'true' : text;
  }
  if (Array.isArray(value)) return value.map((entry) => substituteBelow(entry, variableOf, assumed));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, entry]) => [name, substituteBelow(entry, variableOf, assumed)]),
  );
}
