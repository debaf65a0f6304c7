/** Decision IDs behind a real Envoy: the client, the log, the admin listener and Envoy's access log have the same one. */
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { entryHeaders } from '../../src/config/rules/entry-headers.ts';
import { findEnvoy, startEnvoy } from '../../tools/envoy.ts';
import { istioSidecar } from '../../tools/istio.ts';
import { startWorkload } from '../../tools/workload.ts';
import { startApp, until } from '../support/app.ts';
import { decisionIdOf } from '../support/decision-ids.ts';
import { exchange, request } from '../support/http1.ts';
import { describeWith } from '../support/real-servers.ts';

/** Adds an access log with the decision ID of the dynamic metadata. */
function withAccessLog(config: object, file: string): object {
  const format = '%RESPONSE_CODE% %DYNAMIC_METADATA(envoy.filters.http.ext_authz:decision)%\n';
  const log = {
    name: 'envoy.access_loggers.file',
    typed_config: {
      '@type': 'type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog',
      path: file,
      log_format: { text_format_source: { inline_string: format } },
    },
  };
  return JSON.parse(
    JSON.stringify(config, (key, value) =>
      key === 'typed_config' && 'http_filters' in value ? { ...value, access_log: [log] } : value,
    ),
  );
}

describeWith('a real Envoy', await findEnvoy(), (path) => {
  test.each(['http', 'grpc'] as const)(
    'over %s, the client of a denial has the id of the log and of the admin listener, and an allow has none',
    async (transport) => {
      const service = await startApp();
      const workload = await startWorkload();
      const accessLog = join(mkdtempSync(join(tmpdir(), 'oidc-authz-')), 'access.log');
      const envoy = await startEnvoy(path, (ports) =>
        withAccessLog(
          istioSidecar(
            {
              transport,
              authorizers: [transport === 'http' ? service.httpPort : service.grpcPort],
              workload: workload.port,
              headersToDownstreamOnDeny: entryHeaders(service.config).onDeny,
            },
            ports,
          ),
          accessLog,
        ),
      );
      onTestFinished(async () => {
        await envoy.stop();
        await workload.close();
      });
      const denied = await exchange(envoy.port, request('GET', '/orders'));
      const id = decisionIdOf(denied);
      const bearer = `authorization: Bearer ${await service.issuer.mint()}`;
      const allowed = await exchange(envoy.port, request('GET', '/orders', [bearer]));

      expect(service.records.filter(({ decision }) => decision === id)).toMatchObject([
        { msg: 'check', reason: 'token_missing' },
      ]);
      const found = await fetch(`http://127.0.0.1:${service.adminPort}/decisions/${id}`);
      expect(await found.json()).toMatchObject({ id, transport, reason: 'token_missing' });
      expect([allowed?.status, JSON.stringify(allowed).includes('decision')]).toEqual([200, false]);
      const lines = () => readFileSync(accessLog, 'utf8').trim().split('\n');
      await until(() => lines().length === 2, 20);
      expect(lines()).toEqual([transport === 'grpc' ? `401 ${id}` : '401 -', '200 -']);
    },
  );

  test('over http, the client of a mesh that does not list the header has the id in the body only', async () => {
    const service = await startApp();
    const workload = await startWorkload();
    const envoy = await startEnvoy(path, (ports) =>
      istioSidecar(
        {
          transport: 'http',
          authorizers: [service.httpPort],
          workload: workload.port,
          headersToDownstreamOnDeny: ['www-authenticate'],
        },
        ports,
      ),
    );
    onTestFinished(async () => {
      await envoy.stop();
      await workload.close();
    });
    const denied = await exchange(envoy.port, request('GET', '/orders'));
    expect(denied?.headers['x-oidc-authz-decision']).toBeUndefined();
    const { decision } = JSON.parse(denied?.body ?? '{}');
    expect(service.records.some((record) => record.decision === decision)).toBe(true);
  });
});
