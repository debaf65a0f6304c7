/** The manifests in `deploy/login`, for a configuration with a login. */
import type { Config } from '../../src/config/declare/options.ts';
import { envoyBootstrap } from '../../src/tools/generate/envoy.ts';
import { referenceGrant, securityPolicy } from '../../src/tools/generate/envoy-gateway.ts';
import { providersOf } from '../../src/tools/generate/istio.ts';
import { kymaIstio, loginApiRule } from './kyma.ts';
import { authorizerOf } from './mesh.ts';

/** The manifests: the name of each file, and its objects. */
export function loginManifests(config: Config): readonly (readonly [name: string, ...objects: object[]])[] {
  const kyma = authorizerOf(config, 'kyma', 'http');
  const istio = authorizerOf(config, 'istio', 'http');
  const gateway = authorizerOf(config, 'envoy-gateway', 'grpc');
  const workload = { name: 'shop', host: 'shop.shop.svc.cluster.local', port: 80 };
  const domains = ['shop.example.com'];
  return [
    ['kyma-istio', kymaIstio(kyma)],
    ['kyma-apirule', loginApiRule(kyma)],
    ['istiod-values', { meshConfig: { extensionProviders: providersOf(istio.needs) } }],
    ...(['http', 'grpc'] as const).map((transport) => {
      const envoy = authorizerOf(config, 'envoy', transport);
      return [`envoy-${transport}`, envoyBootstrap(envoy.needs, envoy.entry, workload, domains)] as const;
    }),
    [
      'envoy-gateway',
      securityPolicy(gateway.needs, gateway.entry, { kind: 'HTTPRoute', name: 'shop', namespace: 'shop' }),
      referenceGrant(gateway.needs, 'gateway.envoyproxy.io', 'SecurityPolicy', 'shop'),
    ],
  ];
}
