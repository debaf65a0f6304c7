/** ConfigMaps and Secrets that are given without anything that runs: each stands for the files and variables in it. */

import { flagNamed, variableName } from '../flags/flags.ts';
import { isAlphaText } from './alpha/alpha-text.ts';
import { type ClusterObject, type HeldText, heldTexts } from './cluster/cluster-objects.ts';
import type { Objects } from './cluster/objects.ts';
import type { Gathered } from './collected.ts';
import type { SortedFiles } from './sort-files.ts';
import { hasKnownKey, isToml } from './toml.ts';
import { place } from './yaml-node.ts';

/** The keys under which the chart of oauth2-proxy keeps what it asks for in its Secret. */
const chartKeys = ['client-id', 'client-secret', 'cookie-secret'];

const emailKeys = ['restricted_user_access', 'authenticated-emails-list'];

/** Reads objects by what is in them. */
export function readAlone(objects: Objects, sorted: SortedFiles, gathered: Gathered): void {
  let isAny = false;
  for (const object of objects.all) {
    if (object.kind !== 'ConfigMap' && object.kind !== 'Secret') continue;
    for (const held of heldTexts(object)) {
      if (!readHeld(object, held, sorted, gathered)) continue;
      objects.take(object, held.key);
      isAny = true;
    }
  }
  const [first] = objects.all;
  const isElsewhere = sorted.toml.length + sorted.alpha.length + sorted.variables.length > 0;
  if (isAny || first === undefined || isElsewhere) return;
  const message =
    'no container that runs oauth2-proxy, and no ConfigMap or Secret with a configuration of it';
  gathered.problems.push({ path: '', source: place(first.spot), message });
}

/** Reads one text of a ConfigMap or Secret, if it is for oauth2-proxy. */
function readHeld(
  object: ClusterObject,
  { key, text, source }: HeldText,
  sorted: SortedFiles,
  gathered: Gathered,
): boolean {
  const name = `${source} ${key}`;
  if (chartKeys.includes(key)) {
    const flag = flagNamed(key);
    if (flag !== undefined)
      gathered.variables.push({ name: variableName(flag), value: text, source: name, isOfChart: true });
  } else if (key.startsWith('OAUTH2_PROXY_'))
    gathered.variables.push({ name: key, value: text, source: name });
  else if (emailKeys.includes(key)) sorted.emails.push({ text, name, names: [...emailKeys, object.name] });
  else if (isToml(text) && hasKnownKey(text)) sorted.toml.push({ text, name });
  else if (isAlphaText(text, key)) sorted.alpha.push({ text, name });
  else return false;
  return true;
}
