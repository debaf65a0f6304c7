/** The alpha configuration of oauth2-proxy: YAML with providers, headers, upstreams and listeners. */

import { type Problem, suggestion } from '../../../../../config/validate/problems.ts';
import { isMapping } from '../../../../../config/values/mapping.ts';
import type { Finding } from '../../../finding.ts';
import { expectationOf, readFlagValue } from '../../flags/flag-value.ts';
import type { Sighting } from '../collected.ts';
import { whyUnseen } from '../hidden-parts.ts';
import { elements, fieldOf, fields, isEmpty, place, type Spot } from '../location.ts';
import type { InjectedHeader } from '../settings.ts';
import { type AlphaField, alphaFields, providerFields, upstreamFields } from './alpha-fields.ts';
import { readInjectedHeaders } from './alpha-headers.ts';
import { readUpstreams } from './alpha-upstreams.ts';

/** What an alpha configuration says. */
export interface Alpha {
  readonly sightings: Sighting[];
  readonly headers: InjectedHeader[];
  readonly findings: Finding[];
  readonly problems: Problem[];
}

/** Reads one alpha configuration, in which variables are replaced already. */
export function readAlpha(top: Spot): Alpha {
  const alpha: Alpha = { sightings: [], headers: [], findings: [], problems: [] };
  if (!isMapping(top.value)) {
    const message = 'expected names with values, such as `providers: […]`';
    alpha.problems.push({ path: '', source: place(top), message });
    return alpha;
  }
  readFields(top, alphaFields, '', alpha);
  const providers = listBelow(top, 'providers', 'providers', alpha);
  for (const [index, provider] of elements(providers).entries()) {
    if (index === 0) readFields(provider, providerFields, 'providers[0]', alpha);
    else {
      const text = 'oauth2-proxy uses the first provider only';
      const setting = `providers[${index}]`;
      alpha.findings.push({ setting, source: place(provider), verdict: 'meaningless', text });
    }
  }
  const upstreams = listBelow(fieldOf(top, 'upstreamConfig'), 'upstreams', 'upstreamConfig.upstreams', alpha);
  for (const [index, upstream] of elements(upstreams).entries())
    readFields(upstream, upstreamFields, `upstreamConfig.upstreams[${index}]`, alpha);
  readUpstreams(upstreams, alpha);
  readInjectedHeaders(listBelow(top, 'injectResponseHeaders', 'injectResponseHeaders', alpha), alpha);
  return alpha;
}

function listBelow(spot: Spot, name: string, path: string, { problems }: Alpha): Spot {
  const list = fieldOf(spot, name);
  const isList = list.value === undefined || list.value === null || Array.isArray(list.value);
  if (!isList) problems.push({ path, source: place(list), message: 'expected a list' });
  return list;
}

function readFields(
  spot: Spot,
  known: Readonly<Record<string, AlphaField>>,
  path: string,
  alpha: Alpha,
): void {
  if (spot.value === null || spot.value === undefined) return;
  if (!isMapping(spot.value)) {
    alpha.problems.push({ path, source: place(spot), message: 'expected names with values' });
    return;
  }
  for (const [key, below] of fields(spot)) {
    const name = Object.keys(known).find((candidate) => candidate.toLowerCase() === key.toLowerCase());
    const field = name === undefined ? undefined : known[name];
    const inner = path === '' ? (name ?? key) : `${path}.${name ?? key}`;
    if (field === undefined) {
      const message = `unknown field${suggestion(key, Object.keys(known))}`;
      alpha.problems.push({ path: inner, source: place(below), message });
    } else if ('fields' in field) readFields(below, field.fields, inner, alpha);
    else if ('flag' in field) readFlagField(below, field, inner, alpha);
    else if ('judged' in field && !isEmpty(below))
      alpha.findings.push({ setting: inner, source: place(below), ...field.judged });
  }
}

function readFlagField(
  spot: Spot,
  { flag, kind }: Extract<AlphaField, { flag: string }>,
  path: string,
  { sightings, problems }: Alpha,
): void {
  const { value } = spot;
  const source = `${place(spot)} ${path}`;
  const isAsExpected =
    kind === 'list'
      ? Array.isArray(value) && value.every((entry) => typeof entry === 'string')
      : typeof value === (kind === 'boolean' ? 'boolean' : 'string');
  if (value === null || value === undefined) return;
  if (typeof value === 'string' && whyUnseen(value) !== undefined) sightings.push({ flag, value, source });
  else if (kind === 'duration' && typeof value === 'number')
    sightings.push({ flag, value: `${value}ns`, source });
  else if (!isAsExpected || (kind === 'duration' && 'expected' in readFlagValue(kind, String(value)))) {
    const hint = kind === 'text' && typeof value !== 'object' ? ', in quotes' : '';
    problems.push({ path, source: place(spot), message: `expected ${expectationOf(kind)}${hint}` });
  } else sightings.push({ flag, value: value as string | boolean | string[], source });
}
