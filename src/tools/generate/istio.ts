/** The settings of Istio: providers of the mesh configuration, and policies that name them. */

import type { Generated } from './generated.ts';
import { adviceFor, type Entry, type Needs, secondsText, sharedReasons } from './needs.ts';
import type { GenerateOptions } from './options.ts';

/** Generates the part of the mesh configuration that registers the authorizer. */
export function generateIstio(needs: Needs): Generated {
  return {
    about: [
      'Add these entries to the extensionProviders of your mesh configuration.',
      "They are in the form of values for Istio's chart `istiod`. Helm replaces the list, so keep your other entries.",
      ...(needs.transport === 'grpc'
        ? ["The name of the Service's port must begin with grpc-. With another name, every check fails."]
        : []),
      ...adviceFor(needs, 'istio'),
    ],
    documents: [{ meshConfig: { extensionProviders: providersOf(needs) } }],
    reasons: {
      service: 'The full name. istiod rejects a short one, and then denies every request.',
      timeout: `${sharedReasons.timeout} Without it, Istio waits ten minutes.`,
      pathPrefix: 'Selects the policy. Without it, the path of the client would.',
      failOpen: sharedReasons.failOpen,
      includeRequestHeadersInCheck: sharedReasons.include,
      headersToUpstreamOnAllow: sharedReasons.onAllow,
      headersToDownstreamOnAllow: sharedReasons.toBrowserOnAllow,
      headersToDownstreamOnDeny: sharedReasons.onDeny,
    },
  };
}

/** The extension providers, one for each entry. */
export function providersOf(needs: Needs): readonly object[] {
  return needs.entries.map((entry) => provider(needs, entry));
}

function provider({ transport, service, port, timeout, headers }: Needs, entry: Entry): object {
  const { name, pathPrefix } = entry;
  const common = { service: service.host, port, timeout: secondsText(timeout) };
  if (transport === 'grpc') return { name, envoyExtAuthzGrpc: { ...common, failOpen: false } };
  return {
    name,
    envoyExtAuthzHttp: {
      ...common,
      ...(pathPrefix !== '' && { pathPrefix }),
      failOpen: false,
      includeRequestHeadersInCheck: headers.include,
      ...(headers.onAllow.length > 0 && { headersToUpstreamOnAllow: headers.onAllow }),
      ...(headers.toBrowserOnAllow.length > 0 && {
        headersToDownstreamOnAllow: headers.toBrowserOnAllow,
      }),
      headersToDownstreamOnDeny: headers.onDeny,
    },
  };
}

/** Generates the policies for a workload or a gateway. */
export function generateIstioPolicies(needs: Needs, entry: Entry, options: GenerateOptions): Generated {
  const { name, hosts, gateway, workload, workloadNamespace } = options;
  const isGateway = gateway !== undefined || workload.istio === 'ingressgateway';
  const target =
    gateway === undefined
      ? { selector: { matchLabels: workload } }
      : { targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: gateway.name }] };
  const namespace = gateway?.namespace ?? workloadNamespace;
  const to = [{ operation: hosts.length === 0 ? { paths: ['/*'] } : { hosts: hosts.flatMap(withPorts) } }];
  const gatewayPrincipal = 'cluster.local/ns/istio-system/sa/istio-ingressgateway-service-account';
  const from = isGateway ? {} : { from: [{ source: { principals: [gatewayPrincipal] } }] };
  const allow = { ...(hosts.length > 0 && { to }), ...from };
  return {
    about: ['Apply: kubectl apply --filename FILE. The provider must be registered first.'],
    documents: [
      authorizationPolicy(entry.name, namespace, {
        ...target,
        action: 'CUSTOM',
        provider: { name: entry.name },
        rules: [{ to }],
      }),
      ...(Object.keys(allow).length === 0
        ? []
        : [authorizationPolicy(`${name}-allow`, namespace, { ...target, action: 'ALLOW', rules: [allow] })]),
      ...(needs.transport === 'grpc' ? [grpcFrames(needs, name)] : []),
    ],
    reasons: {
      provider: 'One CUSTOM provider for each workload: with two, Istio denies every request.',
      rules: isGateway
        ? 'Istio does not check a request that no rule of a CUSTOM policy matches. ALLOW policies deny it: list every host of the gateway there.'
        : 'Istio does not check a request that no rule of a CUSTOM policy matches. ALLOW policies deny it.',
      configPatches: 'With less, a client that cancels 1,000 requests ends the checks of other clients.',
    },
  };
}

/** A host, and the same host with a port: Istio compares the whole host. */
function withPorts(host: string): readonly string[] {
  return host.startsWith('*') ? [host] : [host, `${host}:*`];
}

function authorizationPolicy(name: string, namespace: string, spec: object): object {
  return {
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { name, namespace },
    spec,
  };
}

/**
 * Raises Envoy's limits of outbound frames for the gRPC cluster of the authorizer, in every sidecar and gateway of the mesh.
 * The patch replaces all HTTP options of the cluster, so it repeats those of Istio and of the chart's DestinationRule.
 */
export function grpcFrames({ service, port }: Needs, name: string): object {
  const options = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';
  const patch = (context: 'SIDECAR_OUTBOUND' | 'GATEWAY') => ({
    applyTo: 'CLUSTER',
    match: { context, cluster: { service: service.host, portNumber: port } },
    patch: {
      operation: 'MERGE',
      value: {
        typed_extension_protocol_options: {
          [options]: {
            '@type': `type.googleapis.com/${options}`,
            common_http_protocol_options: { idle_timeout: '1800s' },
            explicit_http_config: {
              http2_protocol_options: {
                max_concurrent_streams: 1_073_741_824,
                max_outbound_frames: 1_000_000,
                max_outbound_control_frames: 1_000_000,
              },
            },
          },
        },
      },
    },
  });
  return {
    apiVersion: 'networking.istio.io/v1alpha3',
    kind: 'EnvoyFilter',
    // In the root namespace, so that it applies to every namespace. It matches no other cluster.
    metadata: { name: `${name}-grpc-frames`, namespace: 'istio-system' },
    spec: { configPatches: [patch('SIDECAR_OUTBOUND'), patch('GATEWAY')] },
  };
}
