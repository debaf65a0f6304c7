/** Values that are laid over one another, as Helm takes several files of them. */
import { isMapping } from '../../../../../config/values/mapping.ts';
import type { Finding } from '../../../finding.ts';
import { child, place, type Spot } from '../location.ts';

/**
 * Lays values over one another: a mapping is merged, name by name, and everything else replaces what was there. A `null`
 * stays, since only a default of the chart goes away by it.
 *
 * @param layers from the weakest to the strongest; at least one
 * @returns the values, with the place of each in the layer that it comes from, and a finding for each that another replaces
 */
export function overlay(layers: readonly Spot[]): {
  readonly spot: Spot;
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
      placeOf: (path) =>
        depthOf(layer, path) >= depthOf(lower, path) ? layer.placeOf(path) : lower.placeOf(path),
      isAliased: (path) =>
        [lower, layer].every((one) => depthOf(one, path) < path.length || one.isAliased?.(path) === true),
    };
  }
  return { spot: below, findings };
}

function merged(lower: Spot, upper: Spot, path: readonly string[], findings: Finding[]): unknown {
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
          source: place(weak),
          verdict: 'meaningless',
          text: `${place(strong)} replaces it`,
        });
    }
  }
  return result;
}

/** Keeps a name such as `__proto__` a name. */
function set(tree: Record<string, unknown>, name: string, value: unknown): void {
  Object.defineProperty(tree, name, { value, enumerable: true, configurable: true, writable: true });
}

/** How far down a path there is something. */
function depthOf({ value }: Spot, path: readonly PropertyKey[]): number {
  let [depth, found] = [0, value];
  for (const part of path) {
    if (Array.isArray(found) && Number(part) < found.length) found = found[Number(part)];
    else if (isMapping(found) && Object.hasOwn(found, part)) found = found[String(part)];
    else break;
    depth++;
  }
  return depth;
}
