/** The flags of `generate`: which target uses them, and their values. */

import { ConfigError, type Problem } from '../../config/validate/problems.ts';
import { readHost } from '../../config/values/hosts.ts';
import { quoteValue } from '../../config/values/quote-value.ts';
import { durationPattern, parseDuration } from '../../config/values/units.ts';
import type { Transport } from '../../model/transport.ts';

/** The products whose settings can be generated. */
export const targets = ['kyma', 'istio', 'envoy', 'envoy-gateway', 'contour', 'gateway-api'] as const;

/** A product whose settings can be generated. */
export type Target = (typeof targets)[number];

/** The flags as written; absent flags are undefined or empty. */
export interface GenerateFlags {
  readonly name: string | undefined;
  readonly namespace: string | undefined;
  readonly service: string | undefined;
  readonly transport: string | undefined;
  readonly timeout: string | undefined;
  readonly policy: string | undefined;
  readonly workload: readonly string[];
  readonly workloadNamespace: string | undefined;
  readonly backend: string | undefined;
  readonly host: readonly string[];
  readonly gateway: string | undefined;
  readonly route: string | undefined;
  readonly existing: string | undefined;
  readonly apirule: boolean;
  readonly authorizationPolicy: boolean;
  readonly bootstrap: boolean;
}

/** A reference to an object. */
export interface ObjectName {
  /** Absent: the namespace of the workload. */
  readonly namespace?: string;
  readonly name: string;
}

/** The Service of the workload. */
export interface Backend {
  readonly name: string;
  readonly port: number;
}

/** The validated flags. */
export interface GenerateOptions {
  /** The name of the authorizer in the mesh. */
  readonly name: string;
  /** The Service of the authorizer. */
  readonly service: { readonly name: string; readonly namespace: string; readonly host: string };
  /** Absent: HTTP, unless the configuration or the target excludes it. */
  readonly transport: Transport | undefined;
  /** In milliseconds; absent: `limits.meshTimeout`. */
  readonly timeout: number | undefined;
  readonly policy: string | undefined;
  /** The labels of the workload's pods; empty if not set. */
  readonly workload: Readonly<Record<string, string>>;
  readonly workloadNamespace: string;
  readonly backend: Backend | undefined;
  /** Hosts without a port. */
  readonly hosts: readonly string[];
  readonly gateway: ObjectName | undefined;
  readonly route: string | undefined;
  /** The file with the current Istio resource of Kyma. */
  readonly existing: string | undefined;
  /** Whether to print the second part of the target: APIRules, policies, or the whole file of Envoy. */
  readonly secondPart: boolean;
}

/** The targets of the flags that not every target has. */
const targetsOf: Readonly<Partial<Record<keyof GenerateFlags, readonly Target[]>>> = {
  workload: ['istio'],
  workloadNamespace: ['kyma', 'istio', 'envoy', 'envoy-gateway', 'contour', 'gateway-api'],
  backend: ['kyma', 'envoy', 'contour', 'gateway-api'],
  host: ['kyma', 'istio', 'envoy', 'contour', 'gateway-api'],
  gateway: ['kyma', 'istio', 'envoy-gateway', 'gateway-api'],
  route: ['envoy-gateway'],
  existing: ['kyma'],
  apirule: ['kyma'],
  authorizationPolicy: ['istio'],
  bootstrap: ['envoy'],
};

/** The flags that have an effect only with another flag. */
const neededBy: Readonly<
  Partial<Record<Target, readonly [keyof GenerateFlags, readonly (keyof GenerateFlags)[]]>>
> = {
  kyma: ['apirule', ['backend', 'host', 'gateway', 'workloadNamespace']],
  istio: ['authorizationPolicy', ['workload', 'host', 'gateway', 'workloadNamespace']],
  envoy: ['bootstrap', ['backend', 'host', 'workloadNamespace']],
};

const defaultName = 'oidc-authz';
/** The name of an entry is a DNS label and can end with `-grpc`. */
const maxName = 58;
const label = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const labelKey = /^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const labelValue = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;
const aLabel =
  'a DNS label: at most 63 lowercase letters, digits and hyphens, with a letter or digit at both ends';

/**
 * Validates the flags for a target.
 *
 * @throws ConfigError with every problem
 */
export function readOptions(target: Target, flags: GenerateFlags): GenerateOptions {
  const problems: Problem[] = [];
  const problem = (flag: keyof GenerateFlags, message: string) =>
    problems.push({ path: '', source: `flag ${flagNameOf(flag)}`, message });
  for (const [flag, known] of Object.entries(targetsOf) as [keyof GenerateFlags, readonly Target[]][])
    if (isSet(flags[flag]) && !known.includes(target))
      problem(flag, `generate ${target} does not have it; only ${known.join(', ')}`);
  const [main, others] = neededBy[target] ?? [];
  if (main !== undefined && !isSet(flags[main]))
    for (const flag of others ?? [])
      if (isSet(flags[flag]))
        problem(flag, `has no effect without ${flagNameOf(main)}; add it, or remove this flag`);
  if (flags.apirule && flags.existing !== undefined)
    problem('existing', 'not allowed with --apirule; keep one of the two');

  const name = (flag: 'name' | 'namespace' | 'workloadNamespace' | 'route', preset: string) => {
    const value = flags[flag] ?? preset;
    if (!label.test(value)) problem(flag, `must be ${aLabel}, got ${quoteValue(value)}`);
    return value;
  };
  const namespace = name('namespace', defaultName);
  const workloadNamespace = name('workloadNamespace', 'default');
  const host = flags.service ?? defaultName;
  const isFullName = host.includes('.') || host === 'localhost';
  if (readHost(host)?.port !== undefined || (isFullName ? readHost(host) === undefined : !label.test(host)))
    problem(
      'service',
      `must be the name of a Service or a full host name, without a port, got ${quoteValue(host)}`,
    );
  else if (isFullName && !isUsable(host, target))
    problem(
      'service',
      `${target} needs the name of a Service or its full name, such as authz.security.svc.cluster.local, got ${quoteValue(host)}`,
    );
  const options: GenerateOptions = {
    name: name('name', defaultName),
    service: serviceOf(host, namespace, isFullName),
    transport: readTransport(flags.transport),
    timeout: readTimeout(flags.timeout),
    policy: flags.policy,
    workload: Object.fromEntries(flags.workload.map(readLabel)),
    workloadNamespace,
    backend: readBackend(flags.backend),
    hosts: [...new Set(flags.host.map((written) => written.toLowerCase()))],
    gateway: readObjectName(flags.gateway),
    route: flags.route === undefined ? undefined : name('route', ''),
    existing: flags.existing,
    secondPart: flags.apirule || flags.authorizationPolicy || flags.bootstrap,
  };
  if (options.name.length > maxName)
    problem(
      'name',
      `must have at most ${maxName} characters, because -grpc can follow it; use a shorter name`,
    );
  for (const written of options.hosts) {
    const read = readHost(written.replace(/^\*\./, ''));
    if (read === undefined || read.port !== undefined)
      problem('host', `must be a host without a port, or *. and a domain, got ${quoteValue(written)}`);
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return options;

  function readTransport(value: string | undefined): Transport | undefined {
    if (value === undefined || value === 'http' || value === 'grpc') return value;
    problem('transport', `must be http or grpc, got ${quoteValue(value)}`);
    return undefined;
  }

  function readTimeout(value: string | undefined): number | undefined {
    if (value === undefined) return undefined;
    const time = durationPattern.test(value) ? parseDuration(value) : 0;
    if (Number.isInteger(time) && time >= 125 && time <= 3_600_000) return time;
    problem('timeout', `must be a duration from 125ms to 1h, such as 2s, got ${quoteValue(value)}`);
    return undefined;
  }

  function readLabel(written: string): [string, string] {
    const [, key = '', value = ''] = /^([^=]*)=(.*)$/s.exec(written) ?? [];
    if (!labelKey.test(key) || !labelValue.test(value))
      problem('workload', `must be a label of the pods, such as app=orders, got ${quoteValue(written)}`);
    return [key, value];
  }

  function readBackend(written: string | undefined): Backend | undefined {
    if (written === undefined) return undefined;
    const read = readHost(written);
    const isNamed = read !== undefined && (target === 'envoy' || label.test(read.name));
    if (isNamed && read.port !== undefined) return { name: read.name, port: Number(read.port) };
    problem(
      'backend',
      `must be the Service of the workload and its port, such as orders:80, got ${quoteValue(written)}`,
    );
    return undefined;
  }

  function readObjectName(written: string | undefined): ObjectName | undefined {
    if (written === undefined) return undefined;
    const parts = written.split('/');
    const [object = '', namespaceOf] = parts.toReversed();
    if (parts.length > 2 || !parts.every((part) => label.test(part)))
      problem('gateway', `must be NAME or NAMESPACE/NAME, got ${quoteValue(written)}`);
    return { name: object, ...(namespaceOf !== undefined && { namespace: namespaceOf }) };
  }
}

/** The name of a flag on the command line. */
export function flagNameOf(flag: keyof GenerateFlags): string {
  return `--${flag.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** Whether a name can be the name of an authorizer in a mesh. */
export function isLabel(name: string): boolean {
  return label.test(name);
}

/** Whether a host name with dots identifies the authorizer for a target. istiod does not know the short names of Services. */
function isUsable(host: string, target: Target): boolean {
  const parts = host.split('.');
  const isService = parts.length > 3 && parts[2] === 'svc';
  if (target === 'envoy') return true;
  return isService || ((target === 'kyma' || target === 'istio') && parts.length > 2 && parts[2] !== 'svc');
}

/** The Service; a full name contains its namespace. */
function serviceOf(written: string, namespace: string, isFullName: boolean): GenerateOptions['service'] {
  const host = written.toLowerCase();
  if (!isFullName) return { name: host, namespace, host: `${host}.${namespace}.svc.cluster.local` };
  const [name = '', of = '', kind] = host.split('.');
  return kind === 'svc' ? { name, namespace: of, host } : { name: host, namespace, host };
}

function isSet(value: GenerateFlags[keyof GenerateFlags]): boolean {
  return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== false;
}
