/** The settings that a proxy must have for a configuration, for every target. */

import type { Config } from '../../config/declare/options.ts';
import { type EntryHeaders, entryHeaders, usesClientCertificates } from '../../config/rules/entry-headers.ts';
import { ConfigError, type Problem } from '../../config/validate/problems.ts';
import type { Transport } from '../../model/transport.ts';
import { timeoutOf, timeoutProblems } from './entry-timeout.ts';
import { type LoginNeeds, loginAdvice, loginNeeds, needsGrpc } from './login-needs.ts';
import { type GenerateOptions, isLabel, type Target } from './options.ts';

/** One entry for the authorizer: there is one for each policy if the path prefix selects the policy. */
export interface Entry {
  /** The name in the mesh. */
  readonly name: string;
  /** The prefix that the proxy adds to the path of a check; empty without one. */
  readonly pathPrefix: string;
  /** The policy whose rules decide; undefined without policies. */
  readonly policy: string | undefined;
}

/** The settings of the proxy. */
export interface Needs {
  readonly transport: Transport;
  readonly service: GenerateOptions['service'];
  readonly port: number;
  /** In milliseconds. */
  readonly timeout: number;
  /** At least one. */
  readonly entries: readonly Entry[];
  /** The policy that routes must select; undefined if they need not select one. */
  readonly policy: string | undefined;
  readonly headers: EntryHeaders;
  /** How the proxy handles `x-forwarded-client-cert`; undefined if no check reads it. */
  readonly clientCert: 'SANITIZE_SET' | 'APPEND_FORWARD' | undefined;
  /** Whether checks over gRPC must have the client certificate of the connection. */
  readonly includesPeerCertificate: boolean;
  /** Whether the proxy must ignore ports in hosts when it routes. */
  readonly ignoresPorts: boolean;
  readonly tls: { readonly needsClientCertificate: boolean } | undefined;
  /** The hosts of rules, without ports. */
  readonly ruleHosts: readonly string[];
  /** Whether rules allow preflight requests. */
  readonly allowsPreflight: boolean;
  /** Whether an incumbent decides. */
  readonly hasIncumbent: boolean;
  /** Undefined without a login. */
  readonly login: LoginNeeds | undefined;
}

/** The transports that a target has, the default first. */
const transportsOf: Readonly<Record<Target, readonly Transport[]>> = {
  kyma: ['http'],
  istio: ['http', 'grpc'],
  envoy: ['http', 'grpc'],
  'envoy-gateway': ['http', 'grpc'],
  contour: ['grpc'],
  'gateway-api': ['http', 'grpc'],
};

/** Targets whose routes can name the policy of a check over gRPC. */
const withContextExtensions: readonly Target[] = ['envoy', 'envoy-gateway', 'contour'];

/** Targets whose entries belong to the whole mesh, so that each policy has one. */
const withEntries: readonly Target[] = ['kyma', 'istio'];

/** Targets that ignore a port in the host when they route. */
const ignoringPorts: readonly Target[] = ['kyma', 'istio', 'envoy-gateway', 'contour'];

/**
 * Finds the settings that a proxy must have.
 *
 * @throws ConfigError with every problem that makes the target impossible
 */
export function needsOf(config: Config, options: GenerateOptions, target: Target): Needs {
  const transport = transportOf(config, options, target);
  const { tls } = config[transport];
  const problems = [
    ...transportProblems(config, transport, target),
    ...timeoutProblems(config, options, target),
    ...policyProblems(config, options, transport, target),
  ];
  const headers = entryHeaders(config);
  if (target === 'gateway-api' && transport === 'http' && headers.onAllow.length === 0)
    problems.push(
      at(
        config.identityHeaders === 'remove' ? 'identityHeaders' : 'outputClaimToHeaders',
        'no header is set for the workload, and the Gateway API reads an empty allowedResponseHeaders as all headers, which includes content-length; add --transport grpc',
      ),
    );
  if (problems.length > 0) throw new ConfigError(problems);

  const { trustedHops } = config.clientCertificates;
  const rules = rulesFor(config, options.policy);
  return {
    transport,
    service: options.service,
    port: config[transport].port,
    timeout: timeoutOf(config, options, target),
    entries: entriesOf(config, options, transport),
    policy: selectedPolicy(config, options),
    headers,
    clientCert: !usesClientCertificates(config)
      ? undefined
      : trustedHops === 1
        ? 'SANITIZE_SET'
        : 'APPEND_FORWARD',
    includesPeerCertificate:
      transport === 'grpc' &&
      !usesClientCertificates(config) &&
      config.issuers.some(({ boundTokens }) => boundTokens === 'verify'),
    ignoresPorts: config.hosts.ports === 'ignore',
    tls: tls === undefined ? undefined : { needsClientCertificate: tls.clientCaFile !== undefined },
    ruleHosts: hostsOf(rules),
    allowsPreflight: rules.some(
      ({ allowPreflight, match }) => allowPreflight || match.methods?.includes('OPTIONS') === true,
    ),
    hasIncumbent: config.shadow.authorizer !== '',
    login: loginNeeds(config),
  };
}

/** Advice about the configuration, for the comment of the output. */
export function adviceFor(needs: Needs, target: Target): readonly string[] {
  const advice: string[] = [];
  if (needs.ruleHosts.length > 0 && !needs.ignoresPorts && ignoringPorts.includes(target))
    advice.push(
      'This proxy ignores ports when it routes: set `hosts.ports: ignore`, or requests for HOST:PORT can be denied.',
    );
  if (needs.hasIncumbent)
    advice.push(
      'An incumbent decides (`shadow.authorizer`): also list every header that it sets for the workload.',
    );
  if (needs.clientCert !== undefined && target !== 'envoy')
    advice.push(
      `Client certificates: the gateway must end TLS and handle x-forwarded-client-cert as ${needs.clientCert}.`,
    );
  return needs.login === undefined ? advice : [...advice, ...loginAdvice(needs.login, needs.timeout, target)];
}

/** Why the shared settings are needed. */
export const sharedReasons = {
  timeout: 'At least 25 % longer than the deadline of a check.',
  failOpen: 'With true, requests pass without a check while the authorizer is unreachable.',
  onAllow: 'Identity headers. If one is missing here, the workload gets the header that the client sent.',
  include: 'The request headers that the configuration reads. A check has no others.',
  toBrowserOnAllow: 'Cookies of a session. Without them, each request renews the session again.',
  onDeny: 'Headers of a denial that the client receives.',
} as const;

/** A duration as protobuf reads it, for example `1.5s`. */
export function secondsText(milliseconds: number): string {
  return `${milliseconds / 1_000}s`;
}

function at(path: string, message: string): Problem {
  return { path, source: '', message };
}

function transportOf(config: Config, { transport }: GenerateOptions, target: Target): Transport {
  const [preset = 'http', other] = transportsOf[target];
  if (transport !== undefined) return transport;
  if (needsGrpc(config, target)) return 'grpc';
  return config[preset].enabled || other === undefined ? preset : other;
}

function transportProblems(config: Config, transport: Transport, target: Target): Problem[] {
  const { enabled, port, tls } = config[transport];
  if (!transportsOf[target].includes(transport)) {
    const [only] = transportsOf[target];
    return [
      {
        path: 'transport',
        source: 'flag --transport',
        message: `${target} sends checks over ${only} only, got ${transport}; remove the flag`,
      },
    ];
  }
  const problems: Problem[] = [];
  if (!enabled)
    problems.push(
      at(`${transport}.enabled`, `must be true, because ${target} sends checks over ${transport}; enable it`),
    );
  if (transport === 'http' && needsGrpc(config, target))
    problems.push({
      path: 'transport',
      source: 'flag --transport',
      message: `${target} passes no \`set-cookie\` of an allow to browsers over http, so a session could not be renewed; remove the flag`,
    });
  if (port === 0)
    problems.push(at(`${transport}.port`, 'must be a fixed port, got 0; set the port of the Service'));
  if (tls !== undefined && target !== 'envoy')
    problems.push(
      at(
        `${transport}.tls`,
        `generate does not write the trust settings of ${target} for TLS on this listener; remove it and let the mesh encrypt, or write the entry yourself`,
      ),
    );
  return problems;
}

function policyProblems(
  { policies = [], grpcPolicy }: Config,
  { name, policy, secondPart }: GenerateOptions,
  transport: Transport,
  target: Target,
): Problem[] {
  const flag = (message: string): Problem => ({ path: 'policy', source: 'flag --policy', message });
  const names = policies.map((one) => one.name);
  if (policy !== undefined && !names.includes(policy))
    return [
      flag(
        names.length === 0
          ? 'the configuration has no policies; remove the flag'
          : `must be one of ${names.join(', ')}`,
      ),
    ];
  if (names.length === 0) return [];
  if (transport === 'grpc' && !withContextExtensions.includes(target)) {
    if (grpcPolicy === undefined)
      return [
        at(
          'grpcPolicy',
          `must name a policy, because ${target} cannot select one for a check over gRPC; set it, or add --transport http`,
        ),
      ];
    return policy === undefined || policy === grpcPolicy
      ? []
      : [flag(`${target} cannot select a policy over gRPC, where grpcPolicy (${grpcPolicy}) decides`)];
  }
  if (withEntries.includes(target)) {
    const invalid = names.filter((one) => !isLabel(`${name}-${one}`));
    const problems = invalid.map((one) =>
      at(
        `policies[${names.indexOf(one)}].name`,
        `${name}-${one} is the name of the entry, and must be a DNS label (at most 63 lowercase letters, digits and hyphens); rename the policy`,
      ),
    );
    if (problems.length > 0 || !secondPart) return problems;
  }
  const needsOne = policy === undefined && (transport === 'http' || grpcPolicy === undefined);
  return needsOne ? [flag(`missing; the configuration has the policies ${names.join(', ')}`)] : [];
}

function entriesOf(
  { policies = [], http }: Config,
  { name, policy }: GenerateOptions,
  transport: Transport,
): readonly Entry[] {
  // With both transports, a mesh can have both entries.
  if (transport === 'grpc') return [{ name: http.enabled ? `${name}-grpc` : name, pathPrefix: '', policy }];
  if (policies.length === 0) return [{ name, pathPrefix: http.pathPrefix, policy: undefined }];
  return policies
    .filter((one) => policy === undefined || one.name === policy)
    .map((one) => ({ name: `${name}-${one.name}`, pathPrefix: one.pathPrefix, policy: one.name }));
}

/** The policy that routes over gRPC must name. */
function selectedPolicy({ policies = [], grpcPolicy }: Config, { policy }: GenerateOptions) {
  return policies.length === 0 || policy === grpcPolicy ? undefined : policy;
}

function rulesFor({ rules = [], policies = [] }: Config, policy: string | undefined) {
  const used = policies.filter(({ name }) => policy === undefined || name === policy);
  return [...rules, ...used.flatMap((one) => one.rules)];
}

function hostsOf(rules: ReturnType<typeof rulesFor>): readonly string[] {
  const hosts = rules.flatMap(({ match }) => match.hosts ?? []);
  return [...new Set(hosts.map((host) => host.replace(/:\d+$/, '').toLowerCase()))];
}
