/** Rules of `doctor --envoy` about the cluster of the authorizer. */
import { isMapping } from '../../../config/values/mapping.ts';
import { formatDuration } from '../../../config/values/units.ts';
import type { Found } from '../finding.ts';
import type { Rule } from '../rule.ts';
import { type AuthzFilter, type EnvoyInput, filterPlace } from './input.ts';
import { durationAt, listAt, messageAt, numberAt, textAt, valueAt } from './message.ts';

/** Envoy's default for each limit of a circuit breaker. */
const defaultLimit = 1_024;

/** Envoy's default of `max_outbound_control_frames`, and the least value that survives a burst of canceled requests. */
const controlFrames = { byDefault: 1_000, needed: 100_000 };

/** A connection attempt that takes longer than this is more likely lost than slow, in milliseconds. */
const longConnect = 10_000;

const httpOptions = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';

const authorizerCluster: Rule<EnvoyInput> = {
  id: 'K74',
  title: 'Cluster of the authorizer that cannot work',
  severity: 'error',
  effect:
    'Every check fails. Envoy applies its failure mode: the client gets 403 or the status of `status_on_error`.',
  fix: 'In Istio, `service` must be the full name of a Service that this proxy can see (a Sidecar resource can hide it), and a gRPC port must be named `grpc` or have `appProtocol: grpc`. In a configuration of your own, add the cluster, with `http2_protocol_options` for gRPC.',
  check: (input) =>
    distinctClusters(input).flatMap((one): Found[] => {
      const place = { file: input.url, object: `cluster ${one.cluster}`, path: '' };
      const cluster = input.envoy.clusters.get(one.cluster);
      if (cluster === undefined)
        return [
          {
            place: filterPlace(input, one, 'cluster'),
            cause: `The filter names the cluster ${one.cluster}, which this Envoy does not have.`,
          },
        ];
      const health = healthOf(input, one.cluster);
      return [
        ...(one.transport === 'grpc' && !usesHttp2(cluster)
          ? [{ place, cause: 'It uses HTTP/1, and the filter sends gRPC.' }]
          : []),
        ...(one.transport === 'http' && usesHttp2(cluster) && !isAutomatic(cluster)
          ? [
              {
                place,
                cause: 'It uses HTTP/2 without negotiation, and the HTTP port of the service uses HTTP/1.1.',
              },
            ]
          : []),
        ...(health !== undefined && health.healthy === 0
          ? [
              {
                place,
                cause:
                  health.all === 0
                    ? 'It has no endpoint: the Service selects no ready Pod, or its name does not resolve.'
                    : `None of its ${health.all} endpoints is healthy.`,
              },
            ]
          : []),
      ];
    }),
};

const clusterLimits: Rule<EnvoyInput> = {
  id: 'K75',
  title: 'Limits of the authorizer cluster that a burst exceeds',
  severity: 'warning',
  effect: 'Checks beyond a limit fail at once, although the service is healthy.',
  fix: 'Set `circuit_breakers` of the cluster to 100,000, and for gRPC `max_outbound_frames` and `max_outbound_control_frames` to 1,000,000 (docs/envoy.md; in Istio, a DestinationRule and the EnvoyFilter of docs/istio.md).',
  check: (input) =>
    distinctClusters(input).flatMap((one): Found[] => {
      const cluster = input.envoy.clusters.get(one.cluster);
      if (cluster === undefined) return [];
      const place = (path: string) => ({ file: input.url, object: `cluster ${one.cluster}`, path });
      const low = lowLimits(cluster, one.transport);
      const http2 = http2Options(cluster);
      const frames = numberAt(http2, 'max_outbound_control_frames') ?? controlFrames.byDefault;
      const connect = durationAt(cluster, 'connect_timeout');
      return [
        ...(low.length > 0
          ? [
              {
                place: place('circuit_breakers.thresholds'),
                cause: `The limit is at most ${defaultLimit}, the default of Envoy: ${low.join(', ')}.`,
              },
            ]
          : []),
        ...(one.transport === 'grpc' && usesHttp2(cluster) && frames < controlFrames.needed
          ? [
              {
                place: place('http2_protocol_options.max_outbound_control_frames'),
                cause: `max_outbound_control_frames is ${frames}.`,
                effect:
                  'If a client cancels a thousand requests at once, Envoy closes its connection to the service. Every check on this connection fails.',
              },
            ]
          : []),
        ...(connect !== undefined && connect > longConnect
          ? [
              {
                place: place('connect_timeout'),
                cause: `connect_timeout is ${formatDuration(connect)}.`,
                severity: 'note',
                effect:
                  'Envoy notices late that an endpoint is unreachable. Until then, checks to it end with the timeout of the check.',
                fix: 'Set `connect_timeout: 1s` (Istio: `connectionPool.tcp.connectTimeout` of a DestinationRule).',
              } as const,
            ]
          : []),
      ];
    }),
};

/** The rules about the cluster of the authorizer. */
export const clusterRules: readonly Rule<EnvoyInput>[] = [authorizerCluster, clusterLimits];

/** The filters, one for each cluster and transport. */
function distinctClusters({ filters }: EnvoyInput): readonly AuthzFilter[] {
  const named = filters.filter(({ cluster }) => cluster !== '');
  return [...new Map(named.map((one) => [`${one.transport} ${one.cluster}`, one])).values()];
}

function lowLimits(cluster: unknown, transport: AuthzFilter['transport']): readonly string[] {
  const thresholds = listAt(cluster, 'circuit_breakers', 'thresholds');
  const ordinary = thresholds.find((threshold) => ['', 'DEFAULT'].includes(textAt(threshold, 'priority')));
  const relevant =
    transport === 'http'
      ? ['max_connections', 'max_pending_requests', 'max_requests']
      : ['max_pending_requests', 'max_requests'];
  return relevant.filter((name) => (numberAt(ordinary, name) ?? defaultLimit) <= defaultLimit);
}

function protocolOptions(cluster: unknown): unknown {
  // The name contains dots, so it is one member.
  return messageAt(cluster, 'typed_extension_protocol_options')[httpOptions];
}

/** The HTTP/2 options of a cluster; undefined if it does not use HTTP/2. */
function http2Options(cluster: unknown): unknown {
  const options = protocolOptions(cluster);
  return [
    valueAt(options, 'explicit_http_config', 'http2_protocol_options'),
    valueAt(options, 'use_downstream_protocol_config', 'http2_protocol_options'),
    valueAt(options, 'auto_config', 'http2_protocol_options'),
    valueAt(cluster, 'http2_protocol_options'),
  ].find((found) => isMapping(found));
}

function usesHttp2(cluster: unknown): boolean {
  return isMapping(http2Options(cluster)) || isAutomatic(cluster);
}

/** Whether TLS, or the protocol of the client, selects the version of HTTP. */
function isAutomatic(cluster: unknown): boolean {
  const options = protocolOptions(cluster);
  return (
    isMapping(valueAt(options, 'auto_config')) ||
    isMapping(valueAt(options, 'use_downstream_protocol_config'))
  );
}

/** Counts the endpoints of a cluster; undefined if Envoy does not report them. */
function healthOf(
  { clusterStatuses }: EnvoyInput,
  name: string,
): { readonly all: number; readonly healthy: number } | undefined {
  const status = listAt(clusterStatuses, 'cluster_statuses').find((one) => textAt(one, 'name') === name);
  if (status === undefined) return undefined;
  const hosts = listAt(status, 'host_statuses');
  const isHealthy = (host: unknown) => {
    const health = messageAt(host, 'health_status');
    const failures = ['failed_active_health_check', 'failed_outlier_check', 'pending_dynamic_removal'];
    const eds = textAt(health, 'eds_health_status');
    return (
      !failures.some((failure) => health[failure] === true) &&
      ['', 'HEALTHY', 'UNKNOWN', 'DEGRADED'].includes(eds)
    );
  };
  return { all: hosts.length, healthy: hosts.filter(isHealthy).length };
}
