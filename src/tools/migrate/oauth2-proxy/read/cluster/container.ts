/** The container of a pod that runs oauth2-proxy: its words and its variables. */
import { isMapping } from '../../../../../config/values/mapping.ts';
import type { Gathered, Variable } from '../collected.ts';
import { readCommandLine, type Word } from '../command-line.ts';
import { unseen } from '../hidden-parts.ts';
import { child, elements, listProblem, place, type Spot, scalarText } from '../location.ts';
import type { VariableOf } from '../substitution.ts';
import type { Objects } from './objects.ts';
import { isProxyProgram, wordsOfInit } from './program.ts';

/** Where references lead: all objects, and the namespace of whoever refers. */
export interface Scope {
  readonly objects: Objects;
  readonly namespace: string | undefined;
}

/** Reads a container that runs oauth2-proxy. */
export function readContainer(container: Spot, scope: Scope, gathered: Gathered): void {
  for (const name of ['args', 'command', 'env', 'envFrom', 'volumeMounts']) {
    const problem = listProblem(child(container, name), name);
    if (problem !== undefined) gathered.problems.push(problem);
  }
  const variables = [
    ...elements(child(container, 'envFrom')).flatMap((entry) => variablesFrom(entry, scope, gathered)),
    ...readVariables(child(container, 'env'), scope, 'env'),
  ];
  gathered.variables.push(...variables);

  const command = elements(child(container, 'command'));
  const args = elements(child(container, 'args'));
  // What an init starts may stand in either list.
  const before = wordsOfInit([...command, ...args].map((word) => scalarText(word) ?? ''));
  const isInArgs = command.length > 0 && before >= command.length;
  const [program, ...tail] = isInArgs ? args.slice(before - command.length) : command.slice(before);
  if (program !== undefined && !isProxyProgram(scalarText(program) ?? '')) {
    const message = 'it starts another program than oauth2-proxy; give the flags behind `--`';
    gathered.problems.push({ path: 'command', source: place(program), message });
    return;
  }
  const variableOf = (name: string) => variables.findLast((variable) => variable.name === name)?.value;
  const words = [
    ...tail.map((spot) => wordOf(spot, isInArgs ? 'args' : 'command', variableOf)),
    ...(isInArgs ? [] : args).map((spot) => wordOf(spot, 'args', variableOf)),
  ];
  readCommandLine(words, gathered);
}

/** The words of a `command` behind its program; undefined, and a problem, where that is not oauth2-proxy. */
export function wordsBehindProgram(command: Spot, { problems }: Gathered): readonly Spot[] | undefined {
  const words = elements(command);
  const [program, ...tail] = words.slice(wordsOfInit(words.map((word) => scalarText(word) ?? '')));
  if (program === undefined || isProxyProgram(scalarText(program) ?? '')) return tail;
  const message = 'it starts another program than oauth2-proxy; give the flags behind `--`';
  problems.push({ path: 'command', source: place(program), message });
  return undefined;
}

/** The variables of a list of `name` with `value` or `valueFrom`, as containers and the chart have it. */
export function readVariables(list: Spot, scope: Scope, label: string): Variable[] {
  const variables: Variable[] = [];
  const variableOf = (name: string) => variables.findLast((variable) => variable.name === name)?.value;
  for (const entry of elements(list)) {
    const name = scalarText(child(entry, 'name'));
    if (name === undefined) continue;
    const from = child(entry, 'valueFrom');
    const value = isMapping(from.value)
      ? referredValue(from, scope)
      : expand(scalarText(child(entry, 'value')) ?? '', variableOf);
    if (value !== undefined) variables.push({ name, value, source: `${place(entry)} ${label} ${name}` });
  }
  return variables;
}

/** The variables that all keys of a ConfigMap or Secret make; a finding where it is not among the files. */
export function variablesFrom(entry: Spot, { objects, namespace }: Scope, gathered: Gathered): Variable[] {
  const prefix = scalarText(child(entry, 'prefix')) ?? '';
  return (['ConfigMap', 'Secret'] as const).flatMap((kind) => {
    const name = scalarText(child(entry, kind === 'Secret' ? 'secretRef' : 'configMapRef', 'name'));
    if (name === undefined) return [];
    const object = objects.named({ kind, name, namespace });
    if (object === undefined) {
      const text = `it may set anything, and the ${kind} ${name} is not among the files; give that as well`;
      gathered.findings.push({ setting: 'envFrom', source: place(entry), verdict: 'refused', text });
      return [];
    }
    return objects.take(object).map(({ key, text, source }) => ({
      name: `${prefix}${key}`,
      value: text,
      source: `${source} ${key}`,
    }));
  });
}

/** The variable that one key of a Secret or ConfigMap holds; undefined where there need not be one. */
export function keyValue(
  kind: 'ConfigMap' | 'Secret',
  reference: { readonly name: string; readonly key: string; readonly isOptional?: boolean },
  { objects, namespace }: Scope,
): { readonly value: string; readonly source?: string } | undefined {
  const { name, key, isOptional = false } = reference;
  const object = objects.named({ kind, name, namespace });
  if (object === undefined) return { value: unseen({ in: kind, name, key, namespace }) };
  const [held] = objects.take(object, key);
  if (held !== undefined) return { value: held.text, source: `${held.source} ${held.key}` };
  return isOptional ? undefined : { value: unseen({ in: kind, name, key, namespace, isThere: true }) };
}

function referredValue(from: Spot, scope: Scope): string | undefined {
  for (const kind of ['Secret', 'ConfigMap'] as const) {
    const reference = child(from, kind === 'Secret' ? 'secretKeyRef' : 'configMapKeyRef');
    const name = scalarText(child(reference, 'name'));
    if (name === undefined) continue;
    const key = scalarText(child(reference, 'key')) ?? '';
    const isOptional = child(reference, 'optional').value === true;
    return keyValue(kind, { name, key, isOptional }, scope)?.value;
  }
  return unseen({ in: 'pod' });
}

function wordOf(spot: Spot, label: string, variableOf: VariableOf): Word {
  return { text: expand(scalarText(spot) ?? '', variableOf), place: `${place(spot)} ${label}` };
}

/** Replaces `$(NAME)` as Kubernetes does; `$$(NAME)` stands for itself. */
export function expand(text: string, variableOf: VariableOf): string {
  return text.replaceAll(/\$?\$\(([\w.-]+)\)/g, (whole, name: string) =>
    whole.startsWith('$$') ? whole.slice(1) : (variableOf(name) ?? unseen({ in: 'variable', name })),
  );
}
