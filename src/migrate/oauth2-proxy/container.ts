/** The container of a manifest that runs oauth2-proxy: its words and its variables. */
import { isTree } from '../../config/tree.ts';
import { type ClusterObject, heldTexts } from './cluster.ts';
import { readCommandLine, type Word } from './command-line.ts';
import type { Gathered, Variable } from './gathered.ts';
import { child, elements, place, type Spot, scalarText } from './spot.ts';
import type { VariableOf } from './substitution.ts';
import { unseen } from './unseen.ts';

const workloads = ['Deployment', 'StatefulSet', 'DaemonSet'];

/** The containers of an object that run oauth2-proxy: by image, name or command, or by variables for it. */
export function proxyContainers({ kind, spot }: ClusterObject): Spot[] {
  if (!workloads.includes(kind)) return [];
  return elements(child(spot, 'spec', 'template', 'spec', 'containers')).filter((container) => {
    const words = [child(container, 'name'), child(container, 'image'), child(container, 'command', 0)];
    return (
      words.some((word) => /oauth2[-_]proxy/.test(scalarText(word) ?? '')) ||
      elements(child(container, 'env')).some((entry) =>
        (scalarText(child(entry, 'name')) ?? '').startsWith('OAUTH2_PROXY_'),
      )
    );
  });
}

/** Reads a container that runs oauth2-proxy. */
export function readContainer(container: Spot, objects: readonly ClusterObject[], gathered: Gathered): void {
  const variables = [
    ...elements(child(container, 'envFrom')).flatMap((entry) => variablesFrom(entry, objects, gathered)),
    ...readVariables(child(container, 'env'), objects, 'env'),
  ];
  gathered.variables.push(...variables);

  const [program, ...tail] = elements(child(container, 'command'));
  if (program !== undefined && !/(^|\/)oauth2[-_]proxy$/.test(scalarText(program) ?? '')) {
    const message = 'it starts another program than oauth2-proxy; give the flags behind `--`';
    gathered.problems.push({ path: 'command', source: place(program), message });
    return;
  }
  const variableOf = (name: string) => variables.findLast((variable) => variable.name === name)?.value;
  const words = [
    ...tail.map((spot) => wordOf(spot, 'command', variableOf)),
    ...elements(child(container, 'args')).map((spot) => wordOf(spot, 'args', variableOf)),
  ];
  readCommandLine(words, gathered);
}

/** The variables of a list of `name` with `value` or `valueFrom`, as containers and the chart have it. */
export function readVariables(list: Spot, objects: readonly ClusterObject[], label: string): Variable[] {
  const variables: Variable[] = [];
  const variableOf = (name: string) => variables.find((variable) => variable.name === name)?.value;
  for (const entry of elements(list)) {
    const name = scalarText(child(entry, 'name'));
    if (name === undefined) continue;
    const from = child(entry, 'valueFrom');
    const value = isTree(from.value)
      ? referredValue(from, objects)
      : expand(scalarText(child(entry, 'value')) ?? '', variableOf);
    variables.push({ name, value, source: `${place(entry)} ${label} ${name}` });
  }
  return variables;
}

/** The variables that all keys of a ConfigMap or Secret make; a finding where it is not among the files. */
export function variablesFrom(
  entry: Spot,
  objects: readonly ClusterObject[],
  gathered: Gathered,
): Variable[] {
  const prefix = scalarText(child(entry, 'prefix')) ?? '';
  return (['ConfigMap', 'Secret'] as const).flatMap((kind) => {
    const name = scalarText(child(entry, kind === 'Secret' ? 'secretRef' : 'configMapRef', 'name'));
    if (name === undefined) return [];
    const object = objects.find((candidate) => candidate.kind === kind && candidate.name === name);
    if (object === undefined) {
      const text = `it may set anything, and the ${kind} ${name} is not among the files; give that as well`;
      gathered.findings.push({ setting: 'envFrom', source: place(entry), verdict: 'refused', text });
      return [];
    }
    return heldTexts(object).map(({ key, text, source }) => ({
      name: `${prefix}${key}`,
      value: text,
      source: `${source} ${key}`,
    }));
  });
}

function referredValue(from: Spot, objects: readonly ClusterObject[]): string {
  for (const kind of ['Secret', 'ConfigMap'] as const) {
    const reference = child(from, kind === 'Secret' ? 'secretKeyRef' : 'configMapKeyRef');
    const name = scalarText(child(reference, 'name'));
    if (name === undefined) continue;
    const key = scalarText(child(reference, 'key'));
    const held = objects
      .filter((object) => object.kind === kind && object.name === name)
      .flatMap(heldTexts)
      .find((text) => text.key === key);
    return held?.text ?? unseen({ in: kind, name });
  }
  return unseen({ in: 'pod' });
}

function wordOf(spot: Spot, label: string, variableOf: VariableOf): Word {
  return { text: expand(scalarText(spot) ?? '', variableOf), place: `${place(spot)} ${label}` };
}

/** Replaces `$(NAME)` as Kubernetes does; `$$(NAME)` stands for itself. */
function expand(text: string, variableOf: VariableOf): string {
  return text.replaceAll(/\$?\$\(([\w.-]+)\)/g, (whole, name: string) =>
    whole.startsWith('$$') ? whole.slice(1) : (variableOf(name) ?? unseen({ in: 'variable', name })),
  );
}
