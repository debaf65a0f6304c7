/** The headers that an alpha configuration adds to the answer. */

import { type Problem, suggestion } from '../../../../../config/validate/problems.ts';
import { isMapping } from '../../../../../config/values/mapping.ts';
import { whyUnseen } from '../hidden-parts.ts';
import { elements, fields, place, type Spot } from '../location.ts';
import type { InjectedValue } from '../settings.ts';
import type { Alpha } from './alpha.ts';

/** What a value of a header may say: since 7.14 below `claimSource` or `secretSource`, before that beside each other. */
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

/** Reads `injectResponseHeaders`; a fixed value is not kept. */
export function readInjectedHeaders(list: Spot, { headers, problems }: Alpha): void {
  for (const [index, entry] of elements(list).entries()) {
    const path = `injectResponseHeaders[${index}]`;
    const header = namesOf(entry, headerFields, path, problems);
    const name = header.get('name')?.value;
    const values = header.get('values');
    if (typeof name !== 'string' || name === '' || whyUnseen(name) !== undefined) {
      problems.push({ path: `${path}.name`, source: place(entry), message: 'expected the name of a header' });
      continue;
    }
    const read = (values === undefined ? [] : elements(values)).flatMap((value, position) =>
      readValue(value, `${path}.values[${position}]`, problems),
    );
    headers.push({ header: name, values: read, source: `${place(entry)} ${path}` });
  }
}

function readValue(spot: Spot, path: string, problems: Problem[]): InjectedValue[] {
  const names = namesOf(spot, valueFields, path, problems);
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
      source: place(spot),
      message: 'expected either `claimSource` with a `claim`, or `secretSource`',
    });
    return [];
  }
  const prefix = claims.get('prefix')?.value;
  const why = whyUnseen([claim, String(prefix)]);
  if (why !== undefined) problems.push({ path, source: place(spot), message: why });
  const hasBasicAuthPassword = claims.get('basicauthpassword') !== undefined;
  return [{ claim, prefix: typeof prefix === 'string' ? prefix : '', hasBasicAuthPassword }];
}

/** What is below the names of a mapping, in lower case; nothing where the value is null. */
function namesOf(
  spot: Spot,
  known: readonly string[],
  path: string,
  problems: Problem[],
): ReadonlyMap<string, Spot> {
  if (!isMapping(spot.value)) {
    problems.push({ path, source: place(spot), message: 'expected names with values' });
    return new Map();
  }
  const names = new Map<string, Spot>();
  for (const [key, below] of fields(spot)) {
    if (!known.some((candidate) => candidate.toLowerCase() === key.toLowerCase()))
      problems.push({
        path: `${path}.${key}`,
        source: place(below),
        message: `unknown field${suggestion(key, known)}`,
      });
    else if (below.value !== null) names.set(key.toLowerCase(), below);
  }
  return names;
}
