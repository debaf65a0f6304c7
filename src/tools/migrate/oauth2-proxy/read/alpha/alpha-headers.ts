/** Reads the response headers that an alpha configuration adds. */

import { type Problem, suggestion } from '../../../../../config/validate/problems.ts';
import { isMapping } from '../../../../../config/values/mapping.ts';
import type { InjectedValue } from '../setting.ts';
import { whyUnknown } from '../unknown-values.ts';
import { elements, fields, locationOf, type YamlNode } from '../yaml-node.ts';
import type { Alpha } from './alpha-configuration.ts';

/**
 * The fields of a header value. Since 7.14 they are below `claimSource` or `secretSource`; before, at the same level.
 */
const valueFields = [
  'claimSource',
  'secretSource',
  'claim',
  'prefix',
  'basicAuthPassword',
  'value',
  'fromEnv',
  'fromFile',
];
const claimFields = ['claim', 'prefix', 'basicAuthPassword'];
const secretFields = ['value', 'fromEnv', 'fromFile'];
const headerFields = ['name', 'preserveRequestValue', 'InsecureSkipHeaderNormalization', 'values'];

/** Reads `injectResponseHeaders`. Fixed values are not stored. */
export function readInjectedHeaders(list: YamlNode, { headers, problems }: Alpha): void {
  for (const [index, entry] of elements(list).entries()) {
    const path = `injectResponseHeaders[${index}]`;
    const header = namesOf(entry, headerFields, path, problems);
    const name = header.get('name')?.value;
    const values = header.get('values');
    if (typeof name !== 'string' || name === '' || whyUnknown(name) !== undefined) {
      problems.push({
        path: `${path}.name`,
        source: locationOf(entry),
        message: 'expected the name of a header',
      });
      continue;
    }
    const read = (values === undefined ? [] : elements(values)).flatMap((value, position) =>
      readValue(value, `${path}.values[${position}]`, problems),
    );
    headers.push({ header: name, values: read, source: `${locationOf(entry)} ${path}` });
  }
}

function readValue(node: YamlNode, path: string, problems: Problem[]): InjectedValue[] {
  const names = namesOf(node, valueFields, path, problems);
  const claimSource = names.get('claimsource');
  const secretSource = names.get('secretsource');
  if (secretSource !== undefined) namesOf(secretSource, secretFields, `${path}.secretSource`, problems);
  const isFixed = secretSource !== undefined || secretFields.some((name) => names.has(name.toLowerCase()));
  const claims =
    claimSource === undefined ? names : namesOf(claimSource, claimFields, `${path}.claimSource`, problems);
  const claim = claims.get('claim')?.value;
  if (isFixed && claimSource === undefined && claim === undefined) return [{ fixed: true }];
  if (typeof claim !== 'string' || claim === '' || isFixed) {
    problems.push({
      path,
      source: locationOf(node),
      message: 'expected either `claimSource` with a `claim`, or `secretSource`',
    });
    return [];
  }
  const prefix = claims.get('prefix')?.value;
  const why = whyUnknown([claim, String(prefix)]);
  if (why !== undefined) problems.push({ path, source: locationOf(node), message: why });
  const hasBasicAuthPassword = claims.get('basicauthpassword') !== undefined;
  return [{ claim, prefix: typeof prefix === 'string' ? prefix : '', hasBasicAuthPassword }];
}

/** The values of a mapping by their names in lower case, without null values. */
function namesOf(
  node: YamlNode,
  known: readonly string[],
  path: string,
  problems: Problem[],
): ReadonlyMap<string, YamlNode> {
  if (!isMapping(node.value)) {
    problems.push({ path, source: locationOf(node), message: 'expected a mapping' });
    return new Map();
  }
  const names = new Map<string, YamlNode>();
  for (const [key, below] of fields(node)) {
    if (!known.some((candidate) => candidate.toLowerCase() === key.toLowerCase()))
      problems.push({
        path: `${path}.${key}`,
        source: locationOf(below),
        message: `unknown field${suggestion(key, known)}`,
      });
    else if (below.value !== null) names.set(key.toLowerCase(), below);
  }
  return names;
}
