/** A site with a login: browsers reach a workload through a real Envoy with TLS, which asks the service. */
import { entryHeaders } from '../../../src/config/rules/entry-headers.ts';
import { type RunningEnvoy, startEnvoy } from '../../../tools/envoy.ts';
import { istioSidecar, type MeshOptions } from '../../../tools/istio.ts';
import { configOf } from '../app.ts';
import { type CertificateFiles, createAuthority } from '../certificates.ts';
import { type LoginService, type ServiceOptions, startLoginService } from './service.ts';
import { type BrowserWorkload, startBrowserWorkload } from './workload.ts';

/** The hosts of the site, of a sibling, and of an attacker. */
export const hosts = [
  'app.test',
  'shop.app.test',
  'other.test',
  'evil.test',
  'proxied.test',
  'shop.test',
  'team.test',
  'auth.test',
] as const;

/** The transports of checks. */
export const transports = ['http', 'grpc'] as const;

/** The header lists of an HTTP entry. */
export type HeaderLists = Pick<
  MeshOptions,
  | 'includeRequestHeadersInCheck'
  | 'headersToUpstreamOnAllow'
  | 'headersToDownstreamOnAllow'
  | 'headersToDownstreamOnDeny'
>;

/** Creates the certificate of all hosts. */
export function certificateOfHosts(): CertificateFiles {
  return createAuthority().issueFor('hosts', { subject: [['CN', 'hosts']], dnsNames: hosts });
}

/** Starts an Envoy for browsers, configured as istiod configures it. */
export function startBrowserEnvoy(
  path: string,
  options: Pick<MeshOptions, 'transport' | 'workload'> &
    HeaderLists & { readonly authorizer: number; readonly serverTls: CertificateFiles },
): Promise<RunningEnvoy> {
  return startEnvoy(path, (ports) =>
    istioSidecar({ ...options, authorizers: [options.authorizer], timeout: 10 }, ports),
  );
}

/** The header lists that the configuration of a login needs. */
export async function listsFor(configuration: string): Promise<HeaderLists> {
  const { include, onAllow, onDeny, toBrowserOnAllow } = entryHeaders(await configOf(configuration));
  return {
    includeRequestHeadersInCheck: include,
    headersToUpstreamOnAllow: onAllow,
    headersToDownstreamOnAllow: toBrowserOnAllow,
    headersToDownstreamOnDeny: onDeny,
  };
}

/** A running site. */
export interface LoginStack {
  readonly service: LoginService;
  readonly workload: BrowserWorkload;
  readonly envoy: RunningEnvoy;
  readonly stop: () => Promise<void>;
}

/** Starts the service, the workload and Envoy. */
export async function startLoginStack(
  envoyPath: string,
  options: ServiceOptions & {
    readonly transport: 'http' | 'grpc';
    readonly serverTls: CertificateFiles;
    readonly listed?: (lists: HeaderLists) => HeaderLists;
  },
): Promise<LoginStack> {
  const { transport, serverTls } = options;
  const workload = await startBrowserWorkload();
  const service = await startLoginService(options);
  const files = { folder: '/', keysFile: '/keys', secretFile: '/secret' };
  const right = await listsFor(options.configuration(files));
  const lists = options.listed?.(right) ?? right;
  const authorizer = transport === 'http' ? service.httpPort : service.grpcPort;
  const envoy = await startBrowserEnvoy(envoyPath, {
    transport,
    authorizer,
    workload: workload.port,
    serverTls,
    ...lists,
  });
  return {
    service,
    workload,
    envoy,
    stop: async () => {
      await envoy.stop();
      await service.stop();
      await workload.close();
    },
  };
}
