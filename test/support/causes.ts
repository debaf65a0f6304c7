/** A mesh on this machine: an issuer, the service as a process, a workload, and an Envoy that is configured from manifests as istiod does. */
import { mkdtempSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { type RunningEnvoy, startEnvoy } from '../../tools/envoy.ts';
import { istioSidecar, type MeshOptions } from '../../tools/istio.ts';
import { startWorkload } from '../../tools/workload.ts';
import { until } from './app.ts';
import { type FakeIssuer, startFakeIssuer } from './fake-issuer.ts';
import { exchange, type RawResponse, request } from './http1.ts';
import { startProcess } from './process.ts';

/** A provider of the mesh, and the policies that use one. */
export interface Manifests {
  /** `headersToUpstreamOnAllow`. */
  readonly toUpstream?: readonly string[];
  /** The provider of each policy. */
  readonly policies?: readonly string[];
}

/** The settings of a mesh. */
export interface SceneOptions {
  readonly envoyPath: string;
  readonly transport?: MeshOptions['transport'];
  /** YAML after the issuer and the listeners. */
  readonly config?: string;
  /** Options of the issuer, in the flow style of YAML. */
  readonly issuerOptions?: string;
  readonly issuer?: FakeIssuer;
  readonly manifests?: Manifests;
  /** The port of the workload; undefined for one that returns the headers of its requests. */
  readonly workload?: number;
  /** Whether to wait until the issuer has keys. */
  readonly untilReady?: boolean;
}

/** A command of ours that ran. */
export interface Ran {
  readonly args: readonly string[];
  readonly output: string;
  readonly code: number | string;
}

/** A running mesh. */
export interface Scene {
  readonly issuer: FakeIssuer;
  readonly admin: string;
  /** Sends a request through Envoy. */
  readonly ask: (token?: string, lines?: readonly string[], path?: string) => Promise<RawResponse>;
  /** Runs the command that the documentation names for this answer. */
  readonly diagnose: (answer: RawResponse, token?: string) => Promise<Ran>;
  /** Runs `doctor` with everything that it can ask. */
  readonly doctor: () => Promise<Ran>;
  /** Replaces the configuration file. */
  readonly configure: (config: string, issuerOptions?: string) => void;
  /** Replaces the manifests, and Envoy's configuration. */
  readonly apply: (manifests: Manifests) => Promise<void>;
}

const listeners = `http: {host: 127.0.0.1, port: 0}
grpc: {host: 127.0.0.1, port: 0}
admin: {host: 127.0.0.1, port: 0}
shutdown: {delay: 0s, timeout: 5s}
`;

const identityHeaders = [
  'x-auth-request-user',
  'x-auth-request-email',
  'x-auth-request-groups',
  'x-auth-request-preferred-username',
];

/** The manifests as YAML. */
function manifestText(transport: MeshOptions['transport'], manifests: Manifests): string {
  const { toUpstream = identityHeaders, policies = ['oidc-authz'] } = manifests;
  const where = 'service: oidc-authz.oidc-authz.svc.cluster.local';
  const provider =
    transport === 'grpc'
      ? `        envoyExtAuthzGrpc: {${where}, port: 9000, timeout: 2s}`
      : `        envoyExtAuthzHttp:
          ${where}
          port: 8000
          timeout: 2s
          includeRequestHeadersInCheck: [x-request-id, x-forwarded-for, x-forwarded-client-cert, traceparent]
          headersToUpstreamOnAllow: [${toUpstream.join(', ')}]`;
  const policy = (name: string, index: number) => `---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: orders${index === 0 ? '' : `-${index + 1}`}, namespace: shop}
spec:
  selector: {matchLabels: {app: orders}}
  action: CUSTOM
  provider: {name: ${name}}
  rules: [{to: [{operation: {paths: ["/*"]}}]}]
`;
  return `apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data:
  mesh: |
    extensionProviders:
      - name: oidc-authz
${provider}
      - name: oauth2-proxy
        envoyExtAuthzHttp: {service: oauth2-proxy.shop.svc.cluster.local, port: 4180, timeout: 2s}
${policies.map(policy).join('')}`;
}

/** The filter that istiod creates for a workload with two providers: it denies everything. */
function denyAll(config: object): object {
  const rules = {
    action: 'DENY',
    policies: {
      'istio-ext-authz-deny-due-to-bad-CUSTOM-action': {
        permissions: [{ any: true }],
        principals: [{ any: true }],
      },
    },
  };
  return JSON.parse(
    JSON.stringify(config, (key, value) => {
      if (key !== 'http_filters') return value;
      const [, , router] = value;
      const type = 'type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC';
      return [{ name: 'envoy.filters.http.rbac', typed_config: { '@type': type, rules } }, router];
    }),
  );
}

/** Envoy's configuration for the manifests. */
function sidecarOf(
  file: string,
  options: Pick<MeshOptions, 'transport' | 'authorizers' | 'workload'>,
  ports: { readonly port: number; readonly adminPort: number },
): object {
  const [mesh, ...policies] = parseAllDocuments(file).map((document) => document.toJS());
  const { extensionProviders } = parseAllDocuments(mesh.data.mesh)[0]?.toJS() ?? {};
  const { headersToUpstreamOnAllow = [], includeRequestHeadersInCheck = [] } =
    extensionProviders[0].envoyExtAuthzHttp ?? {};
  const sidecar = istioSidecar({ ...options, headersToUpstreamOnAllow, includeRequestHeadersInCheck }, ports);
  const providers = new Set(policies.map(({ spec }) => spec.provider.name));
  return providers.size > 1 ? denyAll(sidecar) : sidecar;
}

/** Starts a mesh. It stops after the test. */
export async function startScene(options: SceneOptions): Promise<Scene> {
  const { transport = 'http', envoyPath, untilReady = true } = options;
  const issuer = options.issuer ?? (await startFakeIssuer());
  if (options.issuer === undefined) onTestFinished(() => issuer.close());
  const folder = mkdtempSync(join(tmpdir(), 'oidc-authz-causes-'));
  const [configFile, manifestFile] = [join(folder, 'oidc-authz.yaml'), join(folder, 'mesh.yaml')];
  const write = (path: string, text: string) => {
    // A renamed file is never read in part.
    writeFileSync(`${path}.new`, text);
    renameSync(`${path}.new`, path);
  };
  const configure: Scene['configure'] = (
    config,
    issuerOptions = options.issuerOptions ?? 'audiences: [orders-api]',
  ) =>
    write(
      configFile,
      `issuers: [{issuer: "${issuer.url}", name: main, ${issuerOptions}}]\n${listeners}${config}`,
    );
  configure(options.config ?? '');

  const service = startProcess(['--config', configFile]);
  const [check, adminPort] = [await service.port(transport), await service.port('admin')];
  if (untilReady) await service.record(({ state }) => state === 'ready');
  const workload = options.workload === undefined ? await startWorkload() : undefined;
  if (workload !== undefined) onTestFinished(() => workload.close());

  let envoy: RunningEnvoy | undefined;
  onTestFinished(async () => envoy?.stop());
  const apply = async (manifests: Manifests) => {
    const text = manifestText(transport, manifests);
    write(manifestFile, text);
    await envoy?.stop();
    envoy = await startEnvoy(envoyPath, (ports) =>
      sidecarOf(
        text,
        { transport, authorizers: [check], workload: options.workload ?? workload?.port ?? 0 },
        ports,
      ),
    );
  };
  await apply(options.manifests ?? {});

  const admin = `http://127.0.0.1:${adminPort}`;
  const run = async (args: readonly string[]): Promise<Ran> => {
    const command = startProcess(args);
    const code = await command.exit;
    return { args, output: `${command.output()}${command.errors()}`, code };
  };
  const tokenFile = (token: string) => {
    const path = join(folder, 'token.txt');
    write(path, token);
    return path;
  };
  const doctor = () =>
    run([
      ...['doctor', manifestFile, '--config', configFile, '--live', '--admin', admin],
      ...['--envoy', `http://127.0.0.1:${envoy?.adminPort}`],
    ]);
  return {
    issuer,
    admin,
    ask: async (token, lines = [], path = '/orders/1') => {
      const bearer = token === undefined ? [] : [`authorization: Bearer ${token}`];
      const answer = await exchange(envoy?.port ?? 0, request('GET', path, [...bearer, ...lines]));
      if (answer === undefined) throw new Error('Envoy did not respond');
      return answer;
    },
    diagnose: (answer, token = '') => {
      const id = decisionOf(answer);
      if (id !== undefined) return run(['explain', id, '--admin', admin]);
      if (answer.status !== 200) return doctor();
      return run([
        'canary',
        configFile,
        '--url',
        `http://127.0.0.1:${envoy?.port}/orders/1`,
        '--token-file',
        tokenFile(token),
      ]);
    },
    doctor,
    configure,
    apply,
  };
}

/** The decision ID of an answer. A mesh can drop the header, but not the body. */
function decisionOf({ headers, body }: RawResponse): string | undefined {
  return headers['x-oidc-authz-decision'] ?? /"decision":"([a-z2-7]{13})"/.exec(body)?.[1];
}

/** Waits until a request gets 200. */
export async function untilAllowed(ask: () => Promise<RawResponse>): Promise<RawResponse> {
  let answer: RawResponse | undefined;
  await until(async () => {
    answer = await ask();
    return answer.status === 200;
  }, 20);
  if (answer === undefined) throw new Error('no answer');
  return answer;
}
