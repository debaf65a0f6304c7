/** Generates the settings of a proxy for a configuration. */

import type { Config } from '../../config/declare/options.ts';
import { ConfigError } from '../../config/validate/problems.ts';
import { readInputFile } from '../input-file.ts';
import { generateContour } from './contour.ts';
import { generateEnvoy } from './envoy.ts';
import { generateEnvoyGateway } from './envoy-gateway.ts';
import { generateGatewayApi } from './gateway-api.ts';
import type { Generated } from './generated.ts';
import { generateIstio, generateIstioPolicies } from './istio.ts';
import { generateApiRules, generateKyma } from './kyma.ts';
import { type Entry, type Needs, needsOf } from './needs.ts';
import { flagNameOf, type GenerateFlags, type GenerateOptions, readOptions, type Target } from './options.ts';

/**
 * Generates the settings.
 *
 * @param readFile reads a file as UTF-8 text; throws the error of the file system.
 * @throws ConfigError with every problem. A problem of the command line has no path, and a flag as its source.
 */
export function generate(
  target: Target,
  config: Config,
  flags: GenerateFlags,
  readFile: (path: string) => string,
): Generated {
  const options = readOptions(target, flags);
  const needs = needsOf(config, options, target);
  requireFlags(target, options, needs);
  const [entry] = needs.entries as readonly [Entry];
  const hosts = options.hosts.length > 0 ? options.hosts : needs.ruleHosts;
  const { existing, secondPart } = options;
  switch (target) {
    case 'kyma':
      if (secondPart) return generateApiRules(needs, entry, hosts, options);
      return generateKyma(
        needs,
        existing === undefined ? undefined : { file: existing, text: readInputFile(existing, readFile) },
      );
    case 'istio':
      return secondPart ? generateIstioPolicies(needs, entry, options) : generateIstio(needs);
    case 'envoy':
      return generateEnvoy(needs, entry, options);
    case 'envoy-gateway':
      return generateEnvoyGateway(needs, entry, options);
    case 'contour':
      return generateContour(needs, hosts, options);
    case 'gateway-api':
      return generateGatewayApi(needs, entry, options);
    default:
      return target satisfies never;
  }
}

/** Reports the flags that the target needs. */
function requireFlags(target: Target, options: GenerateOptions, { ruleHosts }: Needs): void {
  const { backend, gateway, hosts, route, secondPart, workload } = options;
  const missing: [keyof GenerateFlags, string][] = [];
  const hasLabels = Object.keys(workload).length > 0;
  const needsBackend = target === 'contour' || target === 'gateway-api' || (secondPart && target !== 'istio');
  if (needsBackend && backend === undefined)
    missing.push(['backend', 'missing; write the Service of the workload and its port, such as orders:80']);
  if ((target === 'contour' || (target === 'kyma' && secondPart)) && hosts.length + ruleHosts.length === 0)
    missing.push(['host', 'missing, and no rule names a host; write the host of the workload']);
  if (target === 'gateway-api' && gateway === undefined)
    missing.push(['gateway', 'missing; write the Gateway of the route, such as NAMESPACE/NAME']);
  if (target === 'envoy-gateway' && (route === undefined) === (gateway === undefined))
    missing.push(['route', 'write --route NAME for one HTTPRoute, or --gateway NAME for all routes']);
  if (target === 'istio' && secondPart && hasLabels === (gateway !== undefined))
    missing.push(['workload', 'write --workload app=NAME for pods, or --gateway NAME for a Gateway']);
  if (missing.length > 0)
    throw new ConfigError(
      missing.map(([flag, message]) => ({ path: '', source: `flag ${flagNameOf(flag)}`, message })),
    );
}
