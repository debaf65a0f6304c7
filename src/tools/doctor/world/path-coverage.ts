/** Which routes and guards of the manifests cover a path on a host. */
import { isMapping, type Mapping } from '../../../config/values/mapping.ts';
import { type KubeObject, mappingsOf, textOf, textsOf } from '../read/objects.ts';

/** Whether a pattern of hosts (`*`, `*.example.com`, `example.com`, with or without a port) and another one have a host in common. */
function hostsMeet(one: string, other: string): boolean {
  const [a, b] = [one, other].map((host) => host.replace(/:(\d+|\*)$/, '').toLowerCase());
  if (a === undefined || b === undefined) return false;
  return a === b || isBelow(a, b) || isBelow(b, a);
}

function isBelow(pattern: string, host: string): boolean {
  return pattern === '*' || (pattern.startsWith('*.') && host.replace(/^\*/, 'x').endsWith(pattern.slice(1)));
}

/** Whether a pattern of Istio's policies or of an APIRule matches a path: exact, `prefix*`, `*suffix`, `{*}`, and `{**}`. */
function pathMatches(pattern: string, path: string): boolean {
  if (pattern === '*' || pattern === '/*') return true;
  if (/\{\*{1,2}\}/.test(pattern)) return templateMatches(pattern.split('/'), path.split('/'));
  if (pattern.endsWith('*')) return path.startsWith(pattern.slice(0, -1));
  return pattern.startsWith('*') ? path.endsWith(pattern.slice(1)) : pattern === path;
}

function templateMatches([head, ...rest]: readonly string[], segments: readonly string[]): boolean {
  if (head === undefined) return segments.length === 0;
  if (head === '{**}') return segments.some((_, index) => templateMatches(rest, segments.slice(index + 1)));
  const [segment, ...others] = segments;
  return segment !== undefined && (head === '{*}' || head === segment) && templateMatches(rest, others);
}

/** Whether a route object serves a host. One without hosts serves every host. */
export function servesHost(object: KubeObject, host: string): boolean {
  const hosts = [...object.texts('spec', 'hosts'), ...object.texts('spec', 'hostnames')];
  if (object.kind === 'HTTPProxy') hosts.push(object.text('spec', 'virtualhost', 'fqdn'));
  // An APIRule can name a host without its domain.
  return hosts.some((one) => hostsMeet(one, host) || (!one.includes('.') && host.startsWith(`${one}.`)));
}

/** Whether a VirtualService, an HTTPRoute or an HTTPProxy routes a path. Regular expressions count as a match. */
export function routesPath(object: KubeObject, path: string): boolean {
  if (object.kind === 'VirtualService')
    return object
      .list('spec', 'http')
      .some(
        ({ match }) => match === undefined || mappingsOf(match).some(({ uri }) => stringMatches(uri, path)),
      );
  if (object.kind === 'HTTPProxy')
    return object
      .list('spec', 'routes')
      .some(({ conditions }) =>
        mappingsOf(conditions).every(
          ({ prefix, exact }) =>
            (prefix === undefined || isUnder(textOf(prefix), path)) &&
            (exact === undefined || exact === path),
        ),
      );
  return object
    .list('spec', 'rules')
    .some(
      ({ matches }) =>
        matches === undefined || mappingsOf(matches).some((match) => routeMatches(match.path, path)),
    );
}

function stringMatches(uri: unknown, path: string): boolean {
  if (!isMapping(uri)) return true;
  if (typeof uri.exact === 'string') return uri.exact === path;
  return typeof uri.prefix === 'string' ? path.startsWith(uri.prefix) : true;
}

function routeMatches(match: unknown, path: string): boolean {
  if (!isMapping(match)) return true;
  const value = textOf(match.value) || '/';
  if (match.type === 'Exact') return value === path;
  return match.type === 'RegularExpression' || isUnder(value, path);
}

function isUnder(prefix: string, path: string): boolean {
  return `${path}/`.startsWith(prefix.endsWith('/') ? prefix : `${prefix}/`);
}

/** The rule of an APIRule that decides about a request for a path, with its index; undefined if none does. */
export function apiRuleRuleFor(
  object: KubeObject,
  path: string,
  method = 'GET',
): { readonly rule: Mapping; readonly index: number } | undefined {
  const rules = object.list('spec', 'rules');
  const index = rules.findIndex(
    (rule) =>
      pathMatches(textOf(rule.path), path) &&
      (rule.methods === undefined || textsOf(rule.methods).includes(method)),
  );
  const rule = rules[index];
  return rule === undefined ? undefined : { rule, index };
}

/** Whether a CUSTOM policy sends a `GET` of a path on a host to its authorizer; undefined if it is not about the host. */
export function policyChecks(policy: KubeObject, host: string, path: string): boolean | undefined {
  const operations = policy
    .list('spec', 'rules')
    .flatMap(({ to }) =>
      to === undefined
        ? [{}]
        : mappingsOf(to).map(({ operation }) => (isMapping(operation) ? operation : {})),
    );
  const ofHost = operations.filter(
    ({ hosts }) => hosts === undefined || textsOf(hosts).some((one) => hostsMeet(one, host)),
  );
  if (ofHost.length === 0) return undefined;
  return ofHost.some(
    ({ paths, notPaths, methods }) =>
      (paths === undefined || textsOf(paths).some((one) => pathMatches(one, path))) &&
      !textsOf(notPaths).some((one) => pathMatches(one, path)) &&
      (methods === undefined || textsOf(methods).some((one) => one === 'GET' || one === '*')),
  );
}
