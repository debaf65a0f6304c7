/** The variables in an alpha configuration: `$NAME`, `${NAME}`, `${NAME:-default}` and their like. */
import { unknownValue } from './unknown-values.ts';

/** Gives the value of a variable; undefined if it is not set. */
export type VariableOf = (name: string) => string | undefined;

const reference = /\$\$|\$(\d+)|\$([A-Za-z_]\w*)|\$\{(\w+)(?:(:?)([-=+])([^}]*))?\}/g;

/** Is told of a variable that is not set, so that what stands behind it is assumed. */
export type Assumed = (name: string) => void;

/** Replaces the variables of a text; what is not set and has no default is marked as unseen. */
export function substitute(text: string, variableOf: VariableOf, assumed: Assumed = () => {}): string {
  return text.replaceAll(
    reference,
    (whole, group?: string, bare?: string, name?: string, colon?: string, operator?: string, word = '') => {
      // `$$` is an escaped dollar, and `$1` stands for a group of a pattern.
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

/** Replaces the variables of all texts in a value; one that is nothing but a truth value becomes it. */
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
