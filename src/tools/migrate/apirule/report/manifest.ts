/** Writes APIRules in version v2: the paths that the gateway opens, and those that the authorizer decides about. */

import type { ApiRule, CorsPolicy, ServiceReference } from '../read/apirule.ts';
import type { Report } from '../translate/findings.ts';
import type { PathRule } from '../translate/path-rules.ts';
import { commonPaths } from '../translate/paths.ts';

/** Writes one APIRule for each host, since v2 takes one host. */
export function manifestsOf(
  original: ApiRule,
  hosts: readonly string[],
  pathRules: readonly PathRule[],
  authorizer: string,
  report: Report,
): readonly object[] {
  const { metadata, spec, label, place } = original;
  const sourceOf = (...path: readonly PropertyKey[]) => `${place(path)} ${label}`;
  const gateway = gatewayOf(spec.gateway, metadata.namespace ?? undefined, sourceOf('gateway'), report);
  const corsPolicy = corsOf(spec.corsPolicy ?? undefined, sourceOf('corsPolicy'), report);
  const rules = withPreflights(pathRules, spec.corsPolicy !== null && spec.corsPolicy !== undefined).flatMap(
    (pathRule, index, all) => split(pathRule, all.slice(0, index)),
  );
  return hosts.map((host, index) => ({
    apiVersion: 'gateway.kyma-project.io/v2',
    kind: 'APIRule',
    metadata: {
      name: index === 0 ? metadata.name : `${metadata.name}-${index + 1}`,
      ...optional(metadata.namespace, 'namespace'),
      ...optional(metadata.labels, 'labels'),
      ...optional(ownAnnotations(metadata.annotations ?? {}), 'annotations'),
    },
    spec: {
      gateway,
      hosts: [host],
      ...(spec.service && { service: serviceOf(spec.service) }),
      ...optional(spec.timeout, 'timeout'),
      ...optional(corsPolicy, 'corsPolicy'),
      rules: rules.map((pathRule) => ruleOf(pathRule, authorizer)),
    },
  }));
}

/** A field, unless it has no value. */
function optional(value: unknown, name: string): object {
  return value === undefined || value === null ? {} : { [name]: value };
}

function ruleOf({ path, methods, access, rule }: PathRule, authorizer: string): object {
  const { service, timeout } = rule.original;
  return {
    path,
    methods,
    ...(service && { service: serviceOf(service) }),
    ...optional(timeout, 'timeout'),
    ...optional(rule.request, 'request'),
    ...(access.kind === 'open' ? { noAuth: true } : { extAuth: { authorizers: [authorizer] } }),
  };
}

function serviceOf({ name, namespace, port, external }: ServiceReference): object {
  return { name, ...optional(namespace, 'namespace'), port, ...optional(external, 'external') };
}

/**
 * Adds `OPTIONS` to guarded paths, since the gateway answers a preflight only on such a path. The authorizer still
 * denies every other `OPTIONS` request there: our rules keep the methods of v1beta1.
 */
function withPreflights(pathRules: readonly PathRule[], hasCors: boolean): readonly PathRule[] {
  if (!hasCors) return pathRules;
  const done = new Set(
    pathRules.filter(({ methods }) => methods.includes('OPTIONS')).map(({ path }) => path),
  );
  return pathRules.map((pathRule) => {
    if (pathRule.access.kind === 'open' || done.has(pathRule.path)) return pathRule;
    done.add(pathRule.path);
    return { ...pathRule, methods: [...pathRule.methods, 'OPTIONS'] };
  });
}

/**
 * Splits a rule by methods. As soon as two rules have one method in common, v2 excludes the earlier path from the later
 * rule with all its methods.
 */
function split(pathRule: PathRule, earlier: readonly PathRule[]): PathRule[] {
  const overlapping = earlier.filter(({ path }) => commonPaths(path, pathRule.path) !== undefined);
  const groups = Map.groupBy(pathRule.methods, (method) =>
    overlapping.map(({ methods }) => (methods.includes(method) ? '1' : '0')).join(''),
  );
  return [...groups.values()].map((methods) => ({ ...pathRule, methods }));
}

/** Converts `name`, `name.namespace` and `name.namespace.svc…` to `namespace/name`. */
function gatewayOf(gateway: string, namespace: string | undefined, source: string, report: Report): string {
  const [name = '', own, ...suffix] = gateway.split('.');
  const isKnown = ['', 'svc', 'svc.cluster', 'svc.cluster.local'].includes(suffix.join('.'));
  const written = gateway.includes('/') ? gateway : `${own ?? namespace ?? 'default'}/${name}`;
  const isWritten = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?\/[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(written);
  if (!isWritten || !(isKnown || gateway.includes('/')) || written.length > 127)
    report.refuse('gateway', source, 'v2 needs namespace/name, and this value cannot be converted');
  else if (!gateway.includes('/') && own === undefined)
    report.add(
      'changed',
      'gateway',
      source,
      `\`${written}\`: v2 needs a namespace, and this is that of the APIRule`,
    );
  else report.add('kept', 'gateway', source, `\`${written}\``);
  return written;
}

function ownAnnotations(annotations: Readonly<Record<string, string>>): object | undefined {
  // The other annotations repeat the original object, including credentials.
  const own = Object.entries(annotations).filter(
    ([name]) =>
      !name.startsWith('gateway.kyma-project.io/') &&
      name !== 'kubectl.kubernetes.io/last-applied-configuration',
  );
  return own.length === 0 ? undefined : Object.fromEntries(own);
}

function corsOf(policy: CorsPolicy | undefined, source: string, report: Report): object | undefined {
  if (policy === undefined) {
    report.add(
      'changed',
      'corsPolicy',
      source,
      'it is not set: v1beta1 answers browsers of every origin (GET, POST, PUT, DELETE, PATCH), and v2 answers none; set one if browsers of other origins call',
    );
    return undefined;
  }
  const { allowHeaders, allowMethods, allowOrigins, allowCredentials, exposeHeaders, maxAge } = policy;
  const seconds = typeof maxAge === 'string' ? secondsOf(maxAge) : undefined;
  if (typeof maxAge === 'string' && seconds === undefined)
    report.add('changed', 'maxAge', source, 'v2 needs whole seconds, at least 1, so it is left out');
  report.add(
    'kept',
    'corsPolicy',
    source,
    '`corsPolicy`, and OPTIONS in the methods of guarded paths, so the gateway answers preflights; on an open path, list OPTIONS yourself',
  );
  return {
    ...optional(allowOrigins, 'allowOrigins'),
    ...optional(allowMethods, 'allowMethods'),
    ...optional(allowHeaders, 'allowHeaders'),
    ...optional(exposeHeaders, 'exposeHeaders'),
    ...optional(allowCredentials, 'allowCredentials'),
    ...optional(seconds, 'maxAge'),
  };
}

/** The whole seconds of a Go duration such as `1h30m`. */
function secondsOf(duration: string): number | undefined {
  if (!/^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/.test(duration)) return undefined;
  const units: Readonly<Record<string, number>> = {
    s: 1,
    m: 60,
    h: 3600,
    ms: 0.001,
    us: 1e-6,
    µs: 1e-6,
    ns: 1e-9,
  };
  const parts = [...duration.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)];
  const seconds = Math.floor(
    parts.reduce((sum, [, count, unit = '']) => sum + Number(count) * (units[unit] ?? 0), 0),
  );
  return seconds >= 1 && Number.isSafeInteger(seconds) ? seconds : undefined;
}
