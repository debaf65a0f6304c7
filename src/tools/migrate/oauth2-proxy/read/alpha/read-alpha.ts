/** Reads an alpha configuration of oauth2-proxy: providers, headers, upstreams and listeners in YAML. */

import { suggestion } from '../../../../../config/validate/problems.ts';
import { isMapping } from '../../../../../config/values/mapping.ts';
import { expectationOf, readFlagValue } from '../../flags/flag-value.ts';
import { whyUnknown } from '../unknown-values.ts';
import { elements, fieldOf, fields, isEmpty, locationOf, type YamlNode } from '../yaml-node.ts';
import type { Alpha } from './alpha-configuration.ts';
import { type AlphaField, alphaFields, providerFields, upstreamFields } from './alpha-fields.ts';
import { readInjectedHeaders } from './alpha-headers.ts';
import { readUpstreams } from './alpha-upstreams.ts';

/** Reads an alpha configuration whose variables are already replaced. */
export function readAlpha(top: YamlNode): Alpha {
  const alpha: Alpha = { foundSettings: [], headers: [], findings: [], problems: [] };
  if (!isMapping(top.value)) {
    const message = 'expected a mapping, such as `providers: […]`';
    alpha.problems.push({ path: '', source: locationOf(top), message });
    return alpha;
  }
  readFields(top, alphaFields, '', alpha);
  const providers = listBelow(top, 'providers', 'providers', alpha);
  for (const [index, provider] of elements(providers).entries()) {
    if (index === 0) readFields(provider, providerFields, 'providers[0]', alpha);
    else {
      const text = 'oauth2-proxy uses only the first provider';
      const setting = `providers[${index}]`;
      alpha.findings.push({ setting, source: locationOf(provider), verdict: 'meaningless', text });
    }
  }
  const upstreams = listBelow(fieldOf(top, 'upstreamConfig'), 'upstreams', 'upstreamConfig.upstreams', alpha);
  for (const [index, upstream] of elements(upstreams).entries())
    readFields(upstream, upstreamFields, `upstreamConfig.upstreams[${index}]`, alpha);
  readUpstreams(upstreams, alpha);
  readInjectedHeaders(listBelow(top, 'injectResponseHeaders', 'injectResponseHeaders', alpha), alpha);
  return alpha;
}

function listBelow(node: YamlNode, name: string, path: string, { problems }: Alpha): YamlNode {
  const list = fieldOf(node, name);
  const isList = list.value === undefined || list.value === null || Array.isArray(list.value);
  if (!isList) problems.push({ path, source: locationOf(list), message: 'expected a list' });
  return list;
}

function readFields(
  node: YamlNode,
  known: Readonly<Record<string, AlphaField>>,
  path: string,
  alpha: Alpha,
): void {
  if (node.value === null || node.value === undefined) return;
  if (!isMapping(node.value)) {
    alpha.problems.push({ path, source: locationOf(node), message: 'expected a mapping' });
    return;
  }
  for (const [key, below] of fields(node)) {
    const name = Object.keys(known).find((candidate) => candidate.toLowerCase() === key.toLowerCase());
    const field = name === undefined ? undefined : known[name];
    const inner = path === '' ? (name ?? key) : `${path}.${name ?? key}`;
    if (field === undefined) {
      const message = `unknown field${suggestion(key, Object.keys(known))}`;
      alpha.problems.push({ path: inner, source: locationOf(below), message });
    } else if ('fields' in field) readFields(below, field.fields, inner, alpha);
    else if ('flag' in field) readFlagField(below, field, inner, alpha);
    else if ('finding' in field && !isEmpty(below))
      alpha.findings.push({ setting: inner, source: locationOf(below), ...field.finding });
  }
}

function readFlagField(
  node: YamlNode,
  { flag, kind }: Extract<AlphaField, { flag: string }>,
  path: string,
  { foundSettings, problems }: Alpha,
): void {
  const { value } = node;
  const source = `${locationOf(node)} ${path}`;
  const isAsExpected =
    kind === 'list'
      ? Array.isArray(value) && value.every((entry) => typeof entry === 'string')
      : typeof value === (kind === 'boolean' ? 'boolean' : 'string');
  if (value === null || value === undefined) return;
  if (typeof value === 'string' && whyUnknown(value) !== undefined)
    foundSettings.push({ flag, value, source });
  else if (kind === 'duration' && typeof value === 'number')
    foundSettings.push({ flag, value: `${value}ns`, source });
  else if (!isAsExpected || (kind === 'duration' && 'expected' in readFlagValue(kind, String(value)))) {
    const hint = kind === 'text' && typeof value !== 'object' ? ', in quotes' : '';
    problems.push({ path, source: locationOf(node), message: `expected ${expectationOf(kind)}${hint}` });
  } else foundSettings.push({ flag, value: value as string | boolean | string[], source });
}
