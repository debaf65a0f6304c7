/** Reads the container that runs oauth2-proxy: its command line and its variables. */
import { isMapping } from '../../../../../config/values/mapping.ts';
import type { Collected, Variable } from '../collected.ts';
import { readCommandLine, type Word } from '../command-line.ts';
import type { VariableOf } from '../substitution.ts';
import { unknownValue } from '../unknown-values.ts';
import { child, elements, listProblem, locationOf, scalarText, type YamlNode } from '../yaml-node.ts';
import type { Objects } from './objects.ts';
import { initWordCount, isProxyProgram } from './program.ts';

/** The scope of references: all objects, and the namespace of the object that refers to them. */
export interface Scope {
  readonly objects: Objects;
  readonly namespace: string | undefined;
}

/** Reads a container that runs oauth2-proxy. */
export function readContainer(container: YamlNode, scope: Scope, collected: Collected): void {
  for (const name of ['args', 'command', 'env', 'envFrom', 'volumeMounts']) {
    const problem = listProblem(child(container, name), name);
    if (problem !== undefined) collected.problems.push(problem);
  }
  const variables = [
    ...elements(child(container, 'envFrom')).flatMap((entry) => variablesFrom(entry, scope, collected)),
    ...readVariables(child(container, 'env'), scope, 'env'),
  ];
  collected.variables.push(...variables);

  const command = elements(child(container, 'command'));
  const args = elements(child(container, 'args'));
  // The arguments of an init program may be in either list.
  const before = initWordCount([...command, ...args].map((word) => scalarText(word) ?? ''));
  const isInArgs = command.length > 0 && before >= command.length;
  const [program, ...tail] = isInArgs ? args.slice(before - command.length) : command.slice(before);
  if (program !== undefined && !isProxyProgram(scalarText(program) ?? '')) {
    const message = 'it does not start oauth2-proxy; pass the flags after `--`';
    collected.problems.push({ path: 'command', source: locationOf(program), message });
    return;
  }
  const variableOf = (name: string) => variables.findLast((variable) => variable.name === name)?.value;
  const words = [
    ...tail.map((node) => wordOf(node, isInArgs ? 'args' : 'command', variableOf)),
    ...(isInArgs ? [] : args).map((node) => wordOf(node, 'args', variableOf)),
  ];
  readCommandLine(words, collected);
}

/** The words of a `command` after its program; undefined with a problem if the program is not oauth2-proxy. */
export function wordsBehindProgram(
  command: YamlNode,
  { problems }: Collected,
): readonly YamlNode[] | undefined {
  const words = elements(command);
  const [program, ...tail] = words.slice(initWordCount(words.map((word) => scalarText(word) ?? '')));
  if (program === undefined || isProxyProgram(scalarText(program) ?? '')) return tail;
  const message = 'it does not start oauth2-proxy; pass the flags after `--`';
  problems.push({ path: 'command', source: locationOf(program), message });
  return undefined;
}

/** Reads a list of `name` with `value` or `valueFrom`, as in containers and in the chart. */
export function readVariables(list: YamlNode, scope: Scope, label: string): Variable[] {
  const variables: Variable[] = [];
  const variableOf = (name: string) => variables.findLast((variable) => variable.name === name)?.value;
  for (const entry of elements(list)) {
    const name = scalarText(child(entry, 'name'));
    if (name === undefined) continue;
    const from = child(entry, 'valueFrom');
    const value = isMapping(from.value)
      ? referredValue(from, scope)
      : expand(scalarText(child(entry, 'value')) ?? '', variableOf);
    if (value !== undefined) variables.push({ name, value, source: `${locationOf(entry)} ${label} ${name}` });
  }
  return variables;
}

/** The variables from all keys of a ConfigMap or Secret; a refused finding if the object is not among the files. */
export function variablesFrom(
  entry: YamlNode,
  { objects, namespace }: Scope,
  collected: Collected,
): Variable[] {
  const prefix = scalarText(child(entry, 'prefix')) ?? '';
  return (['ConfigMap', 'Secret'] as const).flatMap((kind) => {
    const name = scalarText(child(entry, kind === 'Secret' ? 'secretRef' : 'configMapRef', 'name'));
    if (name === undefined) return [];
    const object = objects.named({ kind, name, namespace });
    if (object === undefined) {
      const text = `it may set any variable, and the ${kind} ${name} is not among the files; pass it as well`;
      collected.findings.push({ setting: 'envFrom', source: locationOf(entry), verdict: 'refused', text });
      return [];
    }
    return objects.readTexts(object).map(({ key, text, source }) => ({
      name: `${prefix}${key}`,
      value: text,
      source: `${source} ${key}`,
    }));
  });
}

/** The value of one key of a Secret or ConfigMap; undefined if it is optional and absent. */
export function keyValue(
  kind: 'ConfigMap' | 'Secret',
  reference: { readonly name: string; readonly key: string; readonly isOptional?: boolean },
  { objects, namespace }: Scope,
): { readonly value: string; readonly source?: string } | undefined {
  const { name, key, isOptional = false } = reference;
  const object = objects.named({ kind, name, namespace });
  if (object === undefined) return { value: unknownValue({ in: kind, name, key, namespace }) };
  const [objectText] = objects.readTexts(object, key);
  if (objectText !== undefined)
    return { value: objectText.text, source: `${objectText.source} ${objectText.key}` };
  return isOptional ? undefined : { value: unknownValue({ in: kind, name, key, namespace, isThere: true }) };
}

function referredValue(from: YamlNode, scope: Scope): string | undefined {
  for (const kind of ['Secret', 'ConfigMap'] as const) {
    const reference = child(from, kind === 'Secret' ? 'secretKeyRef' : 'configMapKeyRef');
    const name = scalarText(child(reference, 'name'));
    if (name === undefined) continue;
    const key = scalarText(child(reference, 'key')) ?? '';
    const isOptional = child(reference, 'optional').value === true;
    return keyValue(kind, { name, key, isOptional }, scope)?.value;
  }
  return unknownValue({ in: 'pod' });
}

function wordOf(node: YamlNode, label: string, variableOf: VariableOf): Word {
  return { text: expand(scalarText(node) ?? '', variableOf), location: `${locationOf(node)} ${label}` };
}

/** Replaces `$(NAME)` as Kubernetes does; `$$(NAME)` is an escaped reference. */
export function expand(text: string, variableOf: VariableOf): string {
  return text.replaceAll(/\$?\$\(([\w.-]+)\)/g, (whole, name: string) =>
    whole.startsWith('$$') ? whole.slice(1) : (variableOf(name) ?? unknownValue({ in: 'variable', name })),
  );
}
