/** The manifests in `deploy/`, rendered from `deploy/oidc-authz.yaml`. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import type { Config } from '../../src/config/declare/options.ts';
import { loadConfig } from '../../src/config/load/load.ts';
import { envoyBootstrap } from '../../src/tools/generate/envoy.ts';
import { referenceGrant, securityPolicy } from '../../src/tools/generate/envoy-gateway.ts';
import { grpcFrames } from '../../src/tools/generate/istio.ts';
import { kymaEntry, kymaPatches } from '../../src/tools/generate/kyma.ts';
import { gatewayApi, gatewayPolicies, istiodValues, istioOperator, workloadPolicies } from './istio.ts';
import { apiRules, kymaHostsWithoutPort, kymaIstio, kymaNamespace, kymaReachable } from './kyma.ts';
import { loginManifests } from './login.ts';
import { authorizerOf } from './mesh.ts';

const file = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** The manifests: path and content. */
export async function deployFiles(): Promise<readonly (readonly [path: string, text: string])[]> {
  const config = await configIn(ordinary);
  const kyma = authorizerOf(config, 'kyma', 'http');
  const entry = kymaEntry(kyma.needs, kyma.entry);
  const patches = kymaPatches([entry]);
  const [http, grpc] = [authorizerOf(config, 'istio', 'http'), authorizerOf(config, 'istio', 'grpc')];
  return [
    ['deploy/kyma/namespace.yaml', yaml(kymaNamespace())],
    ['deploy/kyma/append.patch.json', json(patches.list)],
    ['deploy/kyma/create.patch.json', json(patches.config)],
    ['deploy/kyma/create-config.patch.json', json(patches.spec)],
    ['deploy/kyma/create-spec.patch.json', json(patches.none)],
    ['deploy/kyma/from-ingressgateway.patch.json', json(kymaReachable())],
    ['deploy/kyma/register.sh', registerScript(kyma.entry.name, entry)],
    ['deploy/kyma/strip-host-port.yaml', yaml(kymaHostsWithoutPort())],
    ['deploy/kyma/istio.yaml', yaml(kymaIstio(kyma))],
    ...Object.entries(apiRules(kyma)).map(
      ([name, rule]) => [`deploy/kyma/apirule-${name}.yaml`, yaml(rule)] as const,
    ),
    ['deploy/istio/istiod-values.yaml', yaml(istiodValues(http, grpc))],
    ['deploy/istio/istio-operator.yaml', yaml(istioOperator(http, grpc))],
    ['deploy/istio/grpc-frames.yaml', yaml(grpcFrames(grpc.needs, http.entry.name))],
    ['deploy/istio/workload.yaml', yaml(...workloadPolicies(http))],
    ['deploy/istio/ingress-gateway.yaml', yaml(...gatewayPolicies(http))],
    ['deploy/istio/gateway-api.yaml', yaml(...gatewayApi(http))],
    ...(['http', 'grpc'] as const).flatMap((transport) => withoutMesh(config, transport)),
    ...loginManifests(await configIn(withLogin)).map(
      ([name, ...objects]) => [`deploy/login/${name}.yaml`, yamlOf(withLogin, objects)] as const,
    ),
  ];
}

function configIn(path: string): Promise<Config> {
  return loadConfig({
    flags: [{ name: '--config', value: file(path) }],
    environment: {},
    readFile: (name) => readFileSync(name, 'utf8'),
  });
}

/** Files for an Envoy without a mesh and for Envoy Gateway. */
function withoutMesh(config: Config, transport: 'http' | 'grpc'): (readonly [string, string])[] {
  const [envoy, gateway] = [
    authorizerOf(config, 'envoy', transport),
    authorizerOf(config, 'envoy-gateway', transport),
  ];
  const workload = { name: 'orders', host: 'orders.shop.svc.cluster.local', port: 80 };
  const route = { kind: 'HTTPRoute', name: 'orders', namespace: 'shop' };
  const grant = referenceGrant(gateway.needs, 'gateway.envoyproxy.io', 'SecurityPolicy', 'shop');
  return [
    [`deploy/envoy/${transport}.yaml`, yaml(envoyBootstrap(envoy.needs, envoy.entry, workload, ['*']))],
    [
      `deploy/envoy-gateway/${transport}.yaml`,
      yaml(securityPolicy(gateway.needs, gateway.entry, route), grant),
    ],
  ];
}

const ordinary = 'deploy/oidc-authz.yaml';
const withLogin = 'deploy/login/oidc-authz.yaml';

function originOf(configuration: string): string {
  return `Rendered by \`npm run generate\` from ${configuration}. Do not edit.`;
}

function yaml(...documents: readonly object[]): string {
  return yamlOf(ordinary, documents);
}

function yamlOf(configuration: string, documents: readonly object[]): string {
  const options = { aliasDuplicateObjects: false, lineWidth: 0 };
  return `# ${originOf(configuration)}\n${documents.map((document) => stringify(document, options)).join('---\n')}`;
}

function json(document: object): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}

/** The registration script of the chart, for users without the chart. */
function registerScript(name: string, entry: object): string {
  const script = readFileSync(file('charts/oidc-authz/files/register-kyma.sh'), 'utf8');
  return `#!/bin/sh\n# ${originOf(ordinary)}\nname=${name}\nentry='${JSON.stringify(entry)}'\n${script}`;
}
