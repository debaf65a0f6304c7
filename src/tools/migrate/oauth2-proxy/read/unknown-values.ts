/** Parts of a value that cannot be seen where it is read: they are marked in the text, with what hides them. */
import type { Finding } from '../../finding.ts';

/** What is told of a variable that is not set where it is read, and may be where oauth2-proxy runs. */
export function assumedVariableFinding(name: string, source: string): Finding {
  const text = `what stands behind \`${name}\` is assumed, as it is not set here; set it in the environment of this command, or give the file of variables that goes with it, such as \`.env\``;
  return { setting: name, source, verdict: 'refused', text };
}

const marked = /\uE000([^\uE001]*)\uE001/;

/** What hides a part of a value. */
export type UnknownValue =
  | {
      readonly in: 'Secret' | 'ConfigMap';
      readonly name: string;
      readonly key: string;
      readonly namespace: string | undefined;
      /** Whether the object is among the files, and only the key is not. */
      readonly isThere?: boolean;
    }
  | { readonly in: 'variable'; readonly name: string }
  | { readonly in: 'pod' }
  | { readonly in: 'template' };

/** Stands in a text for what cannot be seen. */
export function unknownValue(hidden: UnknownValue): string {
  const words =
    'key' in hidden
      ? [hidden.name, hidden.key, hidden.namespace ?? '', hidden.isThere === true ? 'there' : '']
      : 'name' in hidden
        ? [hidden.name]
        : [];
  return `\uE000${[hidden.in, ...words].join('\uE002')}\uE001`;
}

/** Marks a whole text that a Helm template makes up. */
export function markTemplate(text: string): string {
  return text.includes('{{') ? unknownValue({ in: 'template' }) : text;
}

/** The same for a flag with its value, whose name is kept. */
export function markTemplateInFlag(text: string): string {
  const [, flag, value] = /^(--[^=]+=)(.*)$/s.exec(text) ?? [];
  return flag === undefined || value === undefined ? text : `${flag}${markTemplate(value)}`;
}

/** Why a value cannot be seen, as it goes on after "refused because"; undefined if all of it can. */
export function whyUnknown(value: string | boolean | readonly string[]): string | undefined {
  if (typeof value === 'boolean') return undefined;
  const [, hidden] = marked.exec(typeof value === 'string' ? value : value.join('\n')) ?? [];
  if (hidden === undefined) return undefined;
  const [kind = '', name = '', key = '', namespace = '', there = ''] = hidden.split('\uE002');
  switch (kind) {
    case 'template':
      return 'it is a Helm template, which is not rendered here; give what `helm template` writes';
    case 'pod':
      return 'only a running pod knows its value; give it as a flag behind `--`';
    case 'variable':
      return `the variable ${name} is not set here; set it in the environment of this command`;
    default: {
      if (there !== '')
        return `its value is the key \`${key}\` of the ${kind} ${name}, which has no such key`;
      const option = namespace === '' ? '' : `--namespace ${namespace} `;
      return `its value is the key \`${key}\` of the ${kind} ${name}, which is not among the files; give that as well (\`kubectl ${option}get ${kind.toLowerCase()} ${name} --output yaml\`), or the value as a flag behind \`--\``;
    }
  }
}
