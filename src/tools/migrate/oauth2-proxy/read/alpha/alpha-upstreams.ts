/** The upstreams of an alpha configuration, as the flag `upstream` would name them. */

import { elements, fieldOf, locationOf, type YamlNode } from '../yaml-node.ts';
import type { Alpha } from './alpha-configuration.ts';

/**
 * Reads the upstreams. One that answers by itself below a path of its own only leaves all other paths without an
 * answer, which no flag says.
 */
export function readUpstreams(list: YamlNode, { foundSettings, findings, problems }: Alpha): void {
  const addresses: string[] = [];
  for (const [index, upstream] of elements(list).entries()) {
    const path = `upstreamConfig.upstreams[${index}]`;
    const [uri, code, route] = ['uri', 'staticCode', 'path'].map((name) => fieldOf(upstream, name).value);
    if (fieldOf(upstream, 'static').value === true && (code === undefined || typeof code === 'number')) {
      addresses.push(`static://${code ?? 200}`);
      if (route !== undefined && route !== '/') {
        const text = 'it answers for a part of the paths only, and any other is not found; say so in `rules`';
        findings.push({ setting: `${path}.path`, source: locationOf(upstream), verdict: 'refused', text });
      }
    } else if (typeof uri === 'string') addresses.push(uri);
    else
      problems.push({
        path,
        source: locationOf(upstream),
        message: 'expected `uri`, or `static: true` and a number',
      });
  }
  if (addresses.length > 0)
    foundSettings.push({
      flag: 'upstream',
      value: addresses,
      source: `${locationOf(list)} upstreamConfig.upstreams`,
    });
}
