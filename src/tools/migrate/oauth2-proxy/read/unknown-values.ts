/** Values that the input files do not contain, such as the key of a missing Secret. A marker in the text says why. */
import type { Finding } from '../../finding.ts';

/**
 * The finding for a variable whose default is used, since it is not set here but may be set where oauth2-proxy runs.
 */
export function assumedVariableFinding(name: string, source: string): Finding {
  const text = `the default of \`${name}\` is assumed, since the variable is not set here; set it in the environment of this command, or pass its variable file, such as \`.env\``;
  return { setting: name, source, verdict: 'refused', text };
}

const marked = /\uE000([^\uE001]*)\uE001/;

/** The source of an unknown value. */
export type UnknownValue =
  | {
      readonly in: 'Secret' | 'ConfigMap';
      readonly name: string;
      readonly key: string;
      readonly namespace: string | undefined;
      /** Whether the object is among the files and only the key is missing. */
      readonly isThere?: boolean;
    }
  | { readonly in: 'variable'; readonly name: string }
  | { readonly in: 'pod' }
  | { readonly in: 'template' };

/** The marker of an unknown value. */
export function unknownValue(hidden: UnknownValue): string {
  const words =
    'key' in hidden
      ? [hidden.name, hidden.key, hidden.namespace ?? '', hidden.isThere === true ? 'there' : '']
      : 'name' in hidden
        ? [hidden.name]
        : [];
  return `\uE000${[hidden.in, ...words].join('\uE002')}\uE001`;
}

/** Marks a text that a Helm template produces. */
export function markTemplate(text: string): string {
  return text.includes('{{') ? unknownValue({ in: 'template' }) : text;
}

/** Marks the value of a flag that a Helm template produces, and keeps the name of the flag. */
export function markTemplateInFlag(text: string): string {
  const [, flag, value] = /^(--[^=]+=)(.*)$/s.exec(text) ?? [];
  return flag === undefined || value === undefined ? text : `${flag}${markTemplate(value)}`;
}

/** Explains why a value is unknown, as a finding text; undefined if it is known. */
export function whyUnknown(value: string | boolean | readonly string[]): string | undefined {
  if (typeof value === 'boolean') return undefined;
  const [, hidden] = marked.exec(typeof value === 'string' ? value : value.join('\n')) ?? [];
  if (hidden === undefined) return undefined;
  const [kind = '', name = '', key = '', namespace = '', there = ''] = hidden.split('\uE002');
  switch (kind) {
    case 'template':
      return 'it is a Helm template, which is not rendered here; pass the output of `helm template`';
    case 'pod':
      return 'its value exists only in a running pod; pass it as a flag after `--`';
    case 'variable':
      return `the variable ${name} is not set here; set it in the environment of this command`;
    default: {
      if (there !== '')
        return `its value is the key \`${key}\` of the ${kind} ${name}, which has no such key`;
      const option = namespace === '' ? '' : `--namespace ${namespace} `;
      return `its value is the key \`${key}\` of the ${kind} ${name}, which is not among the files; pass that as well (\`kubectl ${option}get ${kind.toLowerCase()} ${name} --output yaml\`), or pass the value as a flag after \`--\``;
    }
  }
}
