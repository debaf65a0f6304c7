/** Reads the upstreams of an alpha configuration as values of the flag `upstream`. */

import { elements, fieldOf, locationOf, type YamlNode } from '../yaml-node.ts';
import type { Alpha } from './alpha-configuration.ts';

/**
 * Reads the upstreams. Refuses a static upstream for a part of the paths: no flag can express that other paths get 404.
 */
export function readUpstreams(list: YamlNode, { foundSettings, findings, problems }: Alpha): void {
  const addresses: string[] = [];
  for (const [index, upstream] of elements(list).entries()) {
    const path = `upstreamConfig.upstreams[${index}]`;
    const [uri, code, route] = ['uri', 'staticCode', 'path'].map((name) => fieldOf(upstream, name).value);
    if (fieldOf(upstream, 'static').value === true && (code === undefined || typeof code === 'number')) {
      addresses.push(`static://${code ?? 200}`);
      if (route !== undefined && route !== '/') {
        const text =
          'it answers only for a part of the paths, and other paths get 404; restrict them in `rules`';
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
