/** The content of /readyz in addition to readiness: failed reloads and shadow mode. */
import { copyFileSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createFailedReloads } from '../../src/transport/admin/failed-reloads.ts';
import { configOf, fileFor, startApp, until } from '../support/app.ts';
import { createAuthority } from '../support/certificates.ts';
import { createTestClock } from '../support/clock.ts';
import { audience, startFakeIssuer } from '../support/fake-issuer.ts';
import { startProcess } from '../support/process.ts';

interface Body {
  readonly ready: boolean;
  readonly shadow: unknown;
  readonly problems?: readonly { what: string; files: readonly string[]; problem: string; since: string }[];
}

const ask = async (adminPort: number) => {
  const response = await fetch(`http://127.0.0.1:${adminPort}/readyz`);
  return { status: response.status, body: (await response.json()) as Body };
};

describe('shadow mode', () => {
  test.each([
    ['', { tried: false, authorizer: null }],
    ['mode: shadow', { tried: true, authorizer: null }],
    [
      'shadow: {authorizer: "http://oauth2-proxy.example.com"}',
      { tried: false, authorizer: 'http://oauth2-proxy.example.com' },
    ],
  ])('%s', async (more, shadow) => {
    const { adminPort } = await startApp({ file: `${fileFor('ISSUER')}${more}\n` });
    expect(await ask(adminPort)).toMatchObject({ status: 200, body: { ready: true, shadow } });
  });

  test('ends with a reload', async () => {
    const { app, adminPort, issuer } = await startApp({ file: `${fileFor('ISSUER')}mode: shadow\n` });
    await app.reload(await configOf(fileFor(issuer.url)));
    expect((await ask(adminPort)).body.shadow).toEqual({ tried: false, authorizer: null });
  });
});

describe('a failed reload', () => {
  const authority = createAuthority();

  async function start(workers: number) {
    const issuer = await startFakeIssuer();
    onTestFinished(issuer.close);
    const folder = mkdtempSync(join(tmpdir(), 'oidc-authz-readiness-'));
    const [certFile, keyFile, caFile] = ['tls.pem', 'tls.key', 'ca.pem'].map((name) => join(folder, name));
    const good = authority.issue('service');
    copyFileSync(good.certFile, certFile ?? '');
    copyFileSync(good.keyFile, keyFile ?? '');
    copyFileSync(authority.caFile, caFile ?? '');
    const config = join(folder, 'config.yaml');
    writeFileSync(
      config,
      `issuers: [{issuer: "${issuer.url}", audiences: [${audience}], name: main, caFile: ${caFile}}]
http: {host: 127.0.0.1, port: 0, tls: {certFile: ${certFile}, keyFile: ${keyFile}}}
grpc: {enabled: false}
admin: {host: 127.0.0.1, port: 0}
workers: ${workers}
shutdown: {delay: 0s}
`,
    );
    const service = startProcess(['--config', config]);
    const admin = await service.port('admin');
    await service.record(({ state }) => state === 'ready');
    return { service, admin, config, certFile, keyFile, caFile };
  }

  test.each([1, 2])(
    'names files and since when, and the service stays ready, with %i workers',
    async (workers) => {
      const { admin, config, certFile, keyFile, caFile } = await start(workers);
      const problems = async () => (await ask(admin)).body.problems ?? [];
      const start_ = Date.now();
      writeFileSync(certFile ?? '', 'no certificate');
      writeFileSync(caFile ?? '', 'no certificate');
      writeFileSync(config, 'issuers: []\n');
      await until(async () => (await problems()).length === 3);
      const { status, body } = await ask(admin);
      expect([status, body.ready]).toEqual([200, true]);
      expect(body.problems?.map(({ what, files }) => [what, files]).toSorted()).toEqual([
        ['caFile', [caFile]],
        ['certificate', [certFile, keyFile]],
        ['configuration', [config]],
      ]);
      for (const { since, problem } of body.problems ?? []) {
        expect(Math.abs(Date.parse(since) - start_)).toBeLessThan(60_000);
        expect(problem).not.toBe('');
      }
      copyFileSync(authority.caFile, caFile ?? '');
      copyFileSync(authority.issue('service').certFile, certFile ?? '');
      await until(async () => (await problems()).length < 3);
    },
  );
});

describe('in the log', () => {
  test('a failed reload is repeated while it continues', async () => {
    const clock = createTestClock();
    const repeated: string[] = [];
    const failedReloads = createFailedReloads(clock, ({ what, problem }) =>
      repeated.push(`${what} ${problem}`),
    );
    failedReloads.failed('configuration', ['a'], 'one');
    const [first] = failedReloads.problems();
    await clock.advance(60_000);
    failedReloads.failed('configuration', ['a'], 'two');
    failedReloads.failed('deny list', ['b'], 'three');
    expect(failedReloads.problems()[0]).toEqual({ ...first, problem: 'two' });
    expect(repeated).toEqual([]);
    await clock.advance(240_000);
    expect(repeated).toEqual(['configuration two', 'deny list three']);
    failedReloads.succeeded('configuration', ['a']);
    failedReloads.keepOnly('deny list', [['c']]);
    expect(failedReloads.problems()).toEqual([]);
    await clock.advance(3_600_000);
    expect(repeated).toHaveLength(2);
    failedReloads.failed('caFile', ['d'], 'four');
    await clock.advance(300_000);
    failedReloads.stop();
    await clock.advance(3_600_000);
    expect(repeated).toHaveLength(3);
  });
});
