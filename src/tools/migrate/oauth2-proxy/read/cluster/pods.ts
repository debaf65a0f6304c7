/** The pods that objects run, whatever kind they are of, and the containers in them that run oauth2-proxy. */
import { isMapping } from '../../../../../config/values/mapping.ts';
import { flagNamed } from '../../flags/flags.ts';
import { child, elements, fields, type Spot, scalarText } from '../location.ts';
import type { ClusterObject } from './cluster-objects.ts';
import { wordsOfInit } from './program.ts';

/** A pod, or what is said of one. */
export interface Pod {
  readonly object: ClusterObject;
  /** Where its containers are listed. */
  readonly spot: Spot;
}

/** How deep a pod may be within its object. */
const deepest = 8;

/** The pods of an object: wherever `containers` are listed, but in what is told of the object itself. */
export function podsIn(object: ClusterObject): Pod[] {
  const find = (spot: Spot, depth: number): Spot[] => {
    if (depth > deepest) return [];
    const list = child(spot, 'containers');
    if (elements(list).some(({ value }) => isMapping(value) && ('name' in value || 'image' in value)))
      return [spot];
    const below = Array.isArray(spot.value) ? elements(spot) : fields(spot).map(([, inner]) => inner);
    return below.flatMap((inner) => find(inner, depth + 1));
  };
  // The objects of a template are looked at one by one.
  if (object.kind === 'Template') return [];
  return fields(object.spot)
    .filter(([name]) => name !== 'metadata' && name !== 'status')
    .flatMap(([, spot]) => find(spot, 1))
    .map((spot) => ({ object, spot }));
}

/** All containers of a pod, also those that run before the others. */
export function containersOf({ spot }: Pod): Spot[] {
  return ['initContainers', 'containers', 'ephemeralContainers'].flatMap((list) =>
    elements(child(spot, list)),
  );
}

/** Flags that no other program has. */
const telling = [
  'authenticated-emails-file',
  'cookie-secret',
  'email-domain',
  'extra-jwt-issuers',
  'oidc-issuer-url',
  'set-xauthrequest',
  'skip-auth-route',
  'skip-jwt-bearer-tokens',
  'skip-provider-button',
  'whitelist-domain',
];

/**
 * The containers of a pod that run oauth2-proxy as long as the pod runs. Where some have its image or its settings, others only
 * have its name.
 */
export function proxiesOf(pod: Pod): Spot[] {
  const lasting = containersOf(pod).filter(
    (container) =>
      container.path.at(-2) === 'containers' || child(container, 'restartPolicy').value === 'Always',
  );
  const found = lasting.filter(isProxy);
  const sure = found.filter(
    (container) =>
      hasSettings(container) ||
      elements(child(container, 'envFrom')).length > 0 ||
      /(^|\/)oauth2?[-_.]?proxy(?=[:@]|$)/i.test(textOf(child(container, 'image'))),
  );
  return sure.length > 0 ? sure : found;
}

/** Whether a container runs oauth2-proxy: by its image, name or command, or by variables or flags for it. */
export function isProxy(container: Spot): boolean {
  const command = elements(child(container, 'command')).map((word) => scalarText(word) ?? '');
  const program = child(container, 'command', wordsOfInit(command));
  const words = [child(container, 'name'), child(container, 'image'), program];
  return words.some((word) => /oauth2?[-_.]?proxy/i.test(textOf(word))) || hasSettings(container);
}

/** Whether a container has variables or flags for oauth2-proxy. */
function hasSettings(container: Spot): boolean {
  const words = ['command', 'args'].flatMap((list) =>
    elements(child(container, list)).map((word) => scalarText(word) ?? ''),
  );
  return (
    words.some((word) => telling.includes(flagOf(word)) && flagNamed(flagOf(word)) !== undefined) ||
    elements(child(container, 'env')).some((entry) =>
      (scalarText(child(entry, 'name')) ?? '').startsWith('OAUTH2_PROXY_'),
    )
  );
}

function textOf(spot: Spot): string {
  return scalarText(spot) ?? '';
}

function flagOf(word: string): string {
  return /^--([^=]+)/.exec(word)?.[1] ?? '';
}
