/** Reads ConfigMaps and Secrets without a workload: each stands for the files and variables that it contains. */

import { flagNamed, variableName } from '../flags/flags.ts';
import { isAlphaText } from './alpha/alpha-text.ts';
import { type ClusterObject, type ObjectText, objectTexts } from './cluster/cluster-objects.ts';
import type { Objects } from './cluster/objects.ts';
import type { Collected } from './collected.ts';
import type { SortedFiles } from './sort-files.ts';
import { hasKnownKey, isToml } from './toml.ts';
import { locationOf } from './yaml-node.ts';

/** The keys of the Secret that the chart of oauth2-proxy makes. */
const chartKeys = ['client-id', 'client-secret', 'cookie-secret'];

const emailKeys = ['restricted_user_access', 'authenticated-emails-list'];

/** Reads the objects by their content. */
export function readStandaloneObjects(objects: Objects, sorted: SortedFiles, collected: Collected): void {
  let isAny = false;
  for (const object of objects.all) {
    if (object.kind !== 'ConfigMap' && object.kind !== 'Secret') continue;
    for (const objectText of objectTexts(object)) {
      if (!readObjectText(object, objectText, sorted, collected)) continue;
      objects.readTexts(object, objectText.key);
      isAny = true;
    }
  }
  const [first] = objects.all;
  const isElsewhere = sorted.toml.length + sorted.alpha.length + sorted.variables.length > 0;
  if (isAny || first === undefined || isElsewhere) return;
  const message = 'no container runs oauth2-proxy, and no ConfigMap or Secret contains its configuration';
  collected.problems.push({ path: '', source: locationOf(first.node), message });
}

/** Reads one text of a ConfigMap or Secret if it is for oauth2-proxy. */
function readObjectText(
  object: ClusterObject,
  { key, text, source }: ObjectText,
  sorted: SortedFiles,
  collected: Collected,
): boolean {
  const name = `${source} ${key}`;
  if (chartKeys.includes(key)) {
    const flag = flagNamed(key);
    if (flag !== undefined)
      collected.variables.push({ name: variableName(flag), value: text, source: name, isChartDefault: true });
  } else if (key.startsWith('OAUTH2_PROXY_'))
    collected.variables.push({ name: key, value: text, source: name });
  else if (emailKeys.includes(key)) sorted.emails.push({ text, name, names: [...emailKeys, object.name] });
  else if (isToml(text) && hasKnownKey(text)) sorted.toml.push({ text, name });
  else if (isAlphaText(text, key)) sorted.alpha.push({ text, name });
  else return false;
  return true;
}
