/** The entries for the mesh in a real Envoy, configured as istiod configures it: runs the story of the demo through it. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { runSteps } from '../../demo/steps.ts';
import { findEnvoy, startEnvoy } from '../../tools/envoy.ts';
import { istioSidecar, type MeshOptions } from '../../tools/istio.ts';
import { startWorkload } from '../../tools/workload.ts';
import { startApp } from '../support/app.ts';
import { describeWith } from '../support/real-servers.ts';

type Entry = Pick<
  MeshOptions,
  | 'transport'
  | 'timeout'
  | 'includeRequestHeadersInCheck'
  | 'headersToUpstreamOnAllow'
  | 'headersToDownstreamOnDeny'
>;

const read = (path: string) =>
  parse(readFileSync(fileURLToPath(new URL(`../../deploy/${path}`, import.meta.url)), 'utf8'));
const seconds = (timeout: string) => Number(/^(\d+)s$/.exec(timeout)?.[1]);

/** Kyma's operator copies the entry into an HTTP provider. */
function ofKyma(): Entry {
  const [{ timeout, headers }] = read('kyma/istio.yaml').spec.config.authorizers;
  return {
    transport: 'http',
    timeout: seconds(timeout),
    includeRequestHeadersInCheck: headers.inCheck.include,
    headersToUpstreamOnAllow: headers.toUpstream.onAllow,
    headersToDownstreamOnDeny: headers.toDownstream.onDeny,
  };
}

function ofIstio(index: number): Entry {
  const { envoyExtAuthzHttp, envoyExtAuthzGrpc } =
    read('istio/istiod-values.yaml').meshConfig.extensionProviders[index];
  if (envoyExtAuthzGrpc !== undefined)
    return { transport: 'grpc', timeout: seconds(envoyExtAuthzGrpc.timeout) };
  const { timeout, ...lists } = envoyExtAuthzHttp;
  return { transport: 'http', timeout: seconds(timeout), ...lists };
}

describeWith('a real Envoy', await findEnvoy(), (path) => {
  test.each([
    ['deploy/kyma/istio.yaml', ofKyma()],
    ['deploy/istio/istiod-values.yaml, over HTTP', ofIstio(0)],
    ['deploy/istio/istiod-values.yaml, over gRPC', ofIstio(1)],
  ])('guards the workload with %s', async (_, entry) => {
    const { issuer, httpPort, grpcPort } = await startApp();
    const workload = await startWorkload();
    const authorizers = [entry.transport === 'http' ? httpPort : grpcPort];
    const envoy = await startEnvoy(path, (ports) =>
      istioSidecar({ ...entry, authorizers, workload: workload.port }, ports),
    );
    onTestFinished(async () => {
      await envoy.stop();
      await workload.close();
    });
    const lines: string[] = [];
    const { failures } = await runSteps({
      port: envoy.port,
      validToken: await issuer.mint({
        claims: { sub: 'orders-client', email: 'orders-client@example.com', groups: ['demo', 'orders'] },
      }),
      expiredToken: await issuer.mint({ claims: { exp: Math.floor(Date.now() / 1000) - 100 } }),
      print: (line) => void lines.push(line),
    });
    expect([failures, lines.filter((line) => line.includes('✗'))]).toEqual([0, []]);
    expect(lines.filter((line) => line.includes('✓')).length).toBeGreaterThan(5);
  });
});
