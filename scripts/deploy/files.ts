/** The manifests in `deploy/`, rendered from `deploy/oidc-authz.yaml`. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { loadConfig } from '../../src/config/load/load.ts';
import { referenceGrant, securityPolicy, staticEnvoy } from './envoy.ts';
import {
  gatewayApi,
  gatewayPolicies,
  grpcFrames,
  istiodValues,
  istioOperator,
  workloadPolicies,
} from './istio.ts';
import {
  apiRules,
  kymaEntry,
  kymaHostsWithoutPort,
  kymaIstio,
  kymaNamespace,
  kymaPatches,
  kymaReachable,
} from './kyma.ts';
import { authorizerOf } from './mesh.ts';

const file = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** The manifests: path and content. */
export async function deployFiles(): Promise<readonly (readonly [path: string, text: string])[]> {
  const config = await loadConfig({
    flags: [{ name: '--config', value: file('deploy/oidc-authz.yaml') }],
    environment: {},
    readFile: (path) => readFileSync(path, 'utf8'),
  });
  const authorizer = authorizerOf(config);
  const patches = kymaPatches(authorizer);
  return [
    ['deploy/kyma/namespace.yaml', yaml(kymaNamespace())],
    ['deploy/kyma/append.patch.json', json(patches.list)],
    ['deploy/kyma/create.patch.json', json(patches.config)],
    ['deploy/kyma/create-config.patch.json', json(patches.spec)],
    ['deploy/kyma/create-spec.patch.json', json(patches.none)],
    ['deploy/kyma/from-ingressgateway.patch.json', json(kymaReachable())],
    ['deploy/kyma/register.sh', registerScript(authorizer.name, kymaEntry(authorizer))],
    ['deploy/kyma/strip-host-port.yaml', yaml(kymaHostsWithoutPort())],
    ['deploy/kyma/istio.yaml', yaml(kymaIstio(authorizer))],
    ...Object.entries(apiRules(authorizer)).map(
      ([name, rule]) => [`deploy/kyma/apirule-${name}.yaml`, yaml(rule)] as const,
    ),
    ['deploy/istio/istiod-values.yaml', yaml(istiodValues(authorizer))],
    ['deploy/istio/istio-operator.yaml', yaml(istioOperator(authorizer))],
    ['deploy/istio/grpc-frames.yaml', yaml(grpcFrames(authorizer))],
    ['deploy/istio/workload.yaml', yaml(...workloadPolicies(authorizer))],
    ['deploy/istio/ingress-gateway.yaml', yaml(...gatewayPolicies(authorizer))],
    ['deploy/istio/gateway-api.yaml', yaml(...gatewayApi(authorizer))],
    ['deploy/envoy/http.yaml', yaml(staticEnvoy(authorizer, 'http'))],
    ['deploy/envoy/grpc.yaml', yaml(staticEnvoy(authorizer, 'grpc'))],
    ['deploy/envoy-gateway/http.yaml', yaml(securityPolicy(authorizer, 'http'), referenceGrant(authorizer))],
    ['deploy/envoy-gateway/grpc.yaml', yaml(securityPolicy(authorizer, 'grpc'), referenceGrant(authorizer))],
  ];
}

const origin = 'Rendered by `npm run generate` from deploy/oidc-authz.yaml. Do not edit.';

function yaml(...documents: readonly object[]): string {
  const options = { aliasDuplicateObjects: false, lineWidth: 0 };
  return `# ${origin}\n${documents.map((document) => stringify(document, options)).join('---\n')}`;
}

function json(document: object): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}

/** The registration script of the chart, for users without the chart. */
function registerScript(name: string, entry: object): string {
  const script = readFileSync(file('charts/oidc-authz/files/register-kyma.sh'), 'utf8');
  return `#!/bin/sh\n# ${origin}\nname=${name}\nentry='${JSON.stringify(entry)}'\n${script}`;
}
