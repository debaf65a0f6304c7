/** Merges several values files as Helm does. */
import { isMapping } from '../../../../../config/values/mapping.ts';
import type { Finding } from '../../../finding.ts';
import { child, locationOf, type YamlNode } from '../yaml-node.ts';

/**
 * Merges values: mappings are merged by name, and any other value replaces the one below it. A `null` stays, since it
 * removes a default of the chart.
 *
 * @param layers from the weakest to the strongest; at least one
 * @returns the values with the location of each in its layer, and a finding for each replaced value
 */
export function overlay(layers: readonly YamlNode[]): {
  readonly node: YamlNode;
  readonly findings: readonly Finding[];
} {
  const [first, ...more] = layers;
  if (first === undefined) throw new TypeError('no values');
  const findings: Finding[] = [];
  let below = first;
  for (const layer of more) {
    const lower = below;
    below = {
      value: merged(lower, layer, [], findings),
      path: [],
      locate: (path) =>
        depthOf(layer, path) >= depthOf(lower, path) ? layer.locate(path) : lower.locate(path),
      isAliased: (path) =>
        [lower, layer].every((one) => depthOf(one, path) < path.length || one.isAliased?.(path) === true),
    };
  }
  return { node: below, findings };
}

function merged(lower: YamlNode, upper: YamlNode, path: readonly string[], findings: Finding[]): unknown {
  if (!isMapping(lower.value) || !isMapping(upper.value)) return upper.value;
  const result: Record<string, unknown> = { ...lower.value };
  for (const [name, value] of Object.entries(upper.value)) {
    const own = Object.hasOwn(result, name);
    const inner = [...path, name];
    const [weak, strong] = [child(lower, name), child(upper, name)];
    if (own && isMapping(weak.value) && isMapping(value))
      set(result, name, merged(weak, strong, inner, findings));
    else {
      set(result, name, value);
      if (own && weak.value !== null)
        findings.push({
          setting: inner.join('.'),
          source: locationOf(weak),
          verdict: 'meaningless',
          text: `${locationOf(strong)} replaces it`,
        });
    }
  }
  return result;
}

/** Sets a name such as `__proto__` as an ordinary property. */
function set(target: Record<string, unknown>, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
}

/** The number of path elements that exist in a value. */
function depthOf({ value }: YamlNode, path: readonly PropertyKey[]): number {
  let [depth, found] = [0, value];
  for (const part of path) {
    if (Array.isArray(found) && Number(part) < found.length) found = found[Number(part)];
    else if (isMapping(found) && Object.hasOwn(found, part)) found = found[String(part)];
    else break;
    depth++;
  }
  return depth;
}
