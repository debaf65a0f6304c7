/** Kubernetes manifests: the workload that runs oauth2-proxy, and what ConfigMaps and Secrets hold for it. */
import { isAlphaText } from './alpha-text.ts';
import { type ClusterObject, type HeldText, heldTexts } from './cluster.ts';
import { proxyContainers, readContainer } from './container.ts';
import { readEmails } from './emails.ts';
import { flagNamed, variableName } from './flags.ts';
import type { Gathered } from './gathered.ts';
import { place } from './spot.ts';
import { hasKnownKey, isToml, readToml } from './toml.ts';

/** The keys under which the chart of oauth2-proxy keeps what it asks for in its Secret. */
const chartKeys = ['client-id', 'client-secret', 'cookie-secret'];

const emailKeys = ['restricted_user_access', 'authenticated-emails-list'];

/** Reads all objects of all manifests. */
export function readManifests(objects: readonly ClusterObject[], gathered: Gathered): void {
  if (objects.length === 0) return;
  // First what stands for itself, so that what a container says is the stronger.
  const held = objects.flatMap((object) => heldTexts(object).filter((text) => readHeld(text, gathered)));
  const containers = objects.flatMap(proxyContainers);
  const [first, ...more] = containers;
  if (first !== undefined) readContainer(first, objects, gathered);
  for (const container of more) {
    const message = 'a second container that runs oauth2-proxy; give the files of one at a time';
    gathered.problems.push({ path: '', source: place(container), message });
  }
  if (first === undefined && held.length === 0) {
    const message =
      'no container that runs oauth2-proxy, and no ConfigMap or Secret with a configuration of it';
    gathered.problems.push({ path: '', source: place((objects[0] as ClusterObject).spot), message });
  }
}

/** Reads one text of a ConfigMap or Secret, if it is for oauth2-proxy. */
function readHeld({ key, text, source }: HeldText, gathered: Gathered): boolean {
  const name = `${source} ${key}`;
  if (chartKeys.includes(key)) {
    const flag = flagNamed(key);
    if (flag !== undefined)
      gathered.variables.push({ name: variableName(flag), value: text, source: name, isOfChart: true });
  } else if (key.startsWith('OAUTH2_PROXY_'))
    gathered.variables.push({ name: key, value: text, source: name });
  else if (emailKeys.includes(key)) readEmails(text, gathered);
  else if (isToml(text) && hasKnownKey(text)) readToml({ text, name }, gathered);
  else if (isAlphaText(text, key)) gathered.alpha.push({ text, name, owner: name });
  else return false;
  return true;
}
