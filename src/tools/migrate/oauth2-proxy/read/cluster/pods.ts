/** Finds the pods of objects of any kind, and the containers in them that run oauth2-proxy. */
import { isMapping } from '../../../../../config/values/mapping.ts';
import { flagNamed } from '../../flags/flags.ts';
import { child, elements, fields, scalarText, type YamlNode } from '../yaml-node.ts';
import type { ClusterObject } from './cluster-objects.ts';
import { initWordCount } from './program.ts';

/** A pod or a pod template. */
export interface Pod {
  readonly object: ClusterObject;
  /** The mapping that lists its containers. */
  readonly node: YamlNode;
}

/** The maximum depth of a pod in its object. */
const maxDepth = 8;

/** The pods of an object: every mapping that lists `containers`, except in `metadata` and `status`. */
export function podsIn(object: ClusterObject): Pod[] {
  const find = (node: YamlNode, depth: number): YamlNode[] => {
    if (depth > maxDepth) return [];
    const list = child(node, 'containers');
    if (elements(list).some(({ value }) => isMapping(value) && ('name' in value || 'image' in value)))
      return [node];
    const below = Array.isArray(node.value) ? elements(node) : fields(node).map(([, inner]) => inner);
    return below.flatMap((inner) => find(inner, depth + 1));
  };
  // The objects of a template are visited one by one.
  if (object.kind === 'Template') return [];
  return fields(object.node)
    .filter(([name]) => name !== 'metadata' && name !== 'status')
    .flatMap(([, node]) => find(node, 1))
    .map((node) => ({ object, node }));
}

/** All containers of a pod, including init containers. */
export function containersOf({ node }: Pod): YamlNode[] {
  return ['initContainers', 'containers', 'ephemeralContainers'].flatMap((list) =>
    elements(child(node, list)),
  );
}

/** Flags that only oauth2-proxy has. */
const typicalFlags = [
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
 * The long-running containers of a pod that run oauth2-proxy. Containers with its image or settings win over those with
 * only its name.
 */
export function proxiesOf(pod: Pod): YamlNode[] {
  const running = containersOf(pod).filter(
    (container) =>
      container.path.at(-2) === 'containers' || child(container, 'restartPolicy').value === 'Always',
  );
  const found = running.filter(isProxy);
  const sure = found.filter(
    (container) =>
      hasSettings(container) ||
      elements(child(container, 'envFrom')).length > 0 ||
      /(^|\/)oauth2?[-_.]?proxy(?=[:@]|$)/i.test(textOf(child(container, 'image'))),
  );
  return sure.length > 0 ? sure : found;
}

/** Whether a container runs oauth2-proxy: by its image, name, command, variables or flags. */
export function isProxy(container: YamlNode): boolean {
  const command = elements(child(container, 'command')).map((word) => scalarText(word) ?? '');
  const program = child(container, 'command', initWordCount(command));
  const words = [child(container, 'name'), child(container, 'image'), program];
  return words.some((word) => /oauth2?[-_.]?proxy/i.test(textOf(word))) || hasSettings(container);
}

/** Whether a container has variables or flags for oauth2-proxy. */
function hasSettings(container: YamlNode): boolean {
  const words = ['command', 'args'].flatMap((list) =>
    elements(child(container, list)).map((word) => scalarText(word) ?? ''),
  );
  return (
    words.some((word) => typicalFlags.includes(flagOf(word)) && flagNamed(flagOf(word)) !== undefined) ||
    elements(child(container, 'env')).some((entry) =>
      (scalarText(child(entry, 'name')) ?? '').startsWith('OAUTH2_PROXY_'),
    )
  );
}

function textOf(node: YamlNode): string {
  return scalarText(node) ?? '';
}

function flagOf(word: string): string {
  return /^--([^=]+)/.exec(word)?.[1] ?? '';
}
