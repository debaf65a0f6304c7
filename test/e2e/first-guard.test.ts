/** Runs the commands and configurations of `docs/first-guard.md` and `docs/providers/keycloak.md`, with a real Keycloak and a real Envoy. */

import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { findEnvoy, startEnvoy } from '../../tools/envoy.ts';
import { freePort } from '../../tools/free-port.ts';
import { istioSidecar } from '../../tools/istio.ts';
import { findKeycloak } from '../../tools/keycloak.ts';
import { type Received, startWorkload } from '../../tools/workload.ts';
import { startApp } from '../support/app.ts';
import type { FakeIssuer } from '../support/fake-issuer.ts';
import { exchange, request } from '../support/http1.ts';
import { blocksOf, readPage } from '../support/pages.ts';
import { describeWith } from '../support/real-servers.ts';
import { runPage } from '../support/run-page.ts';
import { openShellSession, type ShellSession } from '../support/shell-session.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const envoy = await findEnvoy();
const found = await findKeycloak();

describeWith('a real Envoy and a real Keycloak', 'path' in envoy ? found : envoy, (keycloakPath) => {
  const envoyPath = 'path' in envoy ? envoy.path : '';
  let shell: ShellSession;
  let keycloak: string;
  let written: (text: string) => string;

  beforeAll(async () => {
    // Only the ports of the page are changed, because they may be in use.
    const ports = new Map<string, number>();
    for (const port of ['8180', '8090', '8000', '8081', '8080', '9901']) ports.set(port, await freePort());
    const onFreePorts = (text: string) =>
      text.replaceAll(/\b(8180|8090|8000|8081|8080|9901)\b/g, (port) => String(ports.get(port)));
    const deployed = join(mkdtempSync(join(tmpdir(), 'oidc-authz-guard-')), 'http.yaml');
    writeFileSync(deployed, onFreePorts(readFileSync(join(root, 'deploy/envoy/http.yaml'), 'utf8')));
    keycloak = `http://127.0.0.1:${ports.get('8180')}`;
    written = (text) =>
      onFreePorts(text)
        .replaceAll('deploy/envoy/http.yaml', deployed)
        .replaceAll('.cache/keycloak/keycloak-26.4.0', keycloakPath)
        .replaceAll('.cache/envoy/envoy/_bin/envoy', envoyPath);
    shell = openShellSession({ ...process.env, JAVA_OPTS_KC_HEAP: '-Xms256m -Xmx768m' });
  });
  afterAll(() => shell.stop());

  test('the commands of docs/first-guard.md guard a workload', async () => {
    expect(await runPage(shell, 'first-guard.md', written)).toBeGreaterThan(5);
  }, 900_000);

  test('the commands of docs/what-now.md find the denials in the log', async () => {
    const [search] = blocksOf(readPage('what-now.md')).filter(({ text }) => text.includes('$GUARD'));
    const { output, code } = await shell.run(search?.text ?? 'false');
    const found = output
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect([code, found.map(({ reason }) => reason)]).toEqual([0, ['token_missing', 'audience_mismatch']]);
    const first = readPage('first-guard.md');
    for (const [, file = ''] of first.matchAll(/^If you see anything else: `tail \$GUARD\/(.+)`\.$/gm))
      expect([file, (await shell.run(`tail $GUARD/${file} && echo there`)).output]).toEqual([
        file,
        expect.stringMatching(/there\s*$/),
      ]);
  });

  describe('docs/providers/keycloak.md', () => {
    const page = readPage('providers/keycloak.md');
    const blocks = blocksOf(page);
    const [prepare = '', scope = '', give = ''] = commandsOf('Set the audience');
    const [getToken = ''] = commandsOf('Get a token');
    const [findSubject = ''] = commandsOf('Revoke what a person has');
    const configurations = blocks.filter(({ language }) => language === 'yaml').map(({ text }) => text);

    function commandsOf(section: string): string[] {
      return blocks.filter((one) => one.language === 'sh' && one.section === section).map(({ text }) => text);
    }

    const here = (text: string) =>
      text
        .replaceAll('https://keycloak.shop.example', keycloak)
        .replaceAll('http://keycloak.keycloak.svc.cluster.local:8080', keycloak);

    async function command(text: string): Promise<string> {
      const { output, code } = await shell.run(here(text));
      expect(code, `${text}${output}${shell.errors()}`).toBe(0);
      return output;
    }

    const token = async () =>
      (JSON.parse(await command(getToken)) as { readonly access_token: string }).access_token;

    /** Sends a request through an Envoy with a configuration of the page. */
    async function guard(configuration: string) {
      const file = `${here(configuration)}
http: {host: 127.0.0.1, port: 0}
grpc: {host: 127.0.0.1, port: 0}
admin: {host: 127.0.0.1, port: 0}
shutdown: {delay: 0s, timeout: 5s}
`;
      const service = await startApp({
        file,
        issuer: { url: '', close: async () => {} } as unknown as FakeIssuer,
      });
      const workload = await startWorkload();
      const gateway = await startEnvoy(envoyPath, (ports) =>
        istioSidecar({ transport: 'http', authorizers: [service.httpPort], workload: workload.port }, ports),
      );
      onTestFinished(async () => {
        await gateway.stop();
        await workload.close();
      });
      return async () => {
        const lines = [`authorization: Bearer ${await token()}`, 'x-auth-request-user: mallory'];
        const answer = await exchange(gateway.port, request('GET', '/', lines));
        const { reason = 'allowed' } = service.records.findLast(({ msg }) => msg === 'check') ?? {};
        const { headers = [] } = answer?.status === 200 ? (JSON.parse(answer.body) as Received) : {};
        return { status: answer?.status, reason, headers: Object.fromEntries(headers) };
      };
    }

    beforeAll(async () => {
      const folder = mkdtempSync(join(tmpdir(), 'oidc-authz-kcadm-'));
      // On a busy machine, kcadm needs longer to start than the default of one minute.
      await command(
        `kcadm.sh() { bash ${keycloakPath}/bin/kcadm.sh "$@" --config ${folder}/config; }
ADMIN_PASSWORD=admin CLIENT_SECRET=secret
kcadm.sh config credentials --server https://keycloak.shop.example --realm master --user admin --password admin
kcadm.sh update realms/master -s accessTokenLifespan=3600
kcadm.sh delete realms/shop`,
      );
    }, 300_000);

    test('a token is denied without the audience mapper, and allowed with it', async () => {
      await command(prepare);
      const ask = await guard(configurations[0] ?? '');
      expect(await ask()).toMatchObject({ status: 401, reason: 'audience_mismatch' });
      await command(scope);
      await command(give);
      const { status, headers } = await ask();
      expect([status, headers['x-auth-request-preferred-username']]).toEqual([
        200,
        'service-account-orders-cli',
      ]);
      expect(headers['x-auth-request-user']).toMatch(/^[0-9a-f-]{36}$/);
    }, 300_000);

    test('roles are groups', async () => {
      const ask = await guard(configurations[1] ?? '');
      expect(await ask()).toMatchObject({ status: 403, reason: 'claim_not_allowed' });
      await command(`kcadm.sh create roles -r shop -s name=buyer
kcadm.sh add-roles -r shop --uusername service-account-orders-cli --rolename buyer`);
      const { status, headers } = await ask();
      expect([status, headers['x-auth-request-groups']?.split(',')]).toEqual([
        200,
        expect.arrayContaining(['role:buyer']),
      ]);
    }, 300_000);

    test('the email of a service account is not verified', async () => {
      expect(await (await guard(configurations[2] ?? ''))()).toMatchObject({
        status: 401,
        reason: 'claim_invalid',
      });
    }, 300_000);

    test('the command that finds a person prints the `sub` of its tokens', async () => {
      await command(`kcadm.sh create users -r shop -s username=alice2 -s enabled=true
kcadm.sh create users -r shop -s username=alice -s enabled=true -s email=alice@shop.example -s firstName=A -s lastName=A
kcadm.sh set-password -r shop --username alice --new-password secret
kcadm.sh create clients -r shop -s clientId=people -s publicClient=true -s directAccessGrantsEnabled=true`);
      const found = (await command(findSubject)).trim();
      const answer = await fetch(`${keycloak}/realms/shop/protocol/openid-connect/token`, {
        method: 'POST',
        body: new URLSearchParams({
          grant_type: 'password',
          client_id: 'people',
          username: 'alice',
          password: 'secret',
        }),
      });
      const { access_token: issued } = (await answer.json()) as { readonly access_token: string };
      const payload = Buffer.from(issued.split('.')[1] ?? '', 'base64url').toString();
      expect(JSON.parse(payload)).toMatchObject({ sub: found, preferred_username: 'alice' });
    }, 300_000);

    test('keys are fetched from another address than the issuer', async () => {
      expect(await (await guard(configurations[3] ?? ''))()).toMatchObject({ status: 200 });
    }, 300_000);

    test('`frontendUrl` of the realm fixes the issuer', async () => {
      expect(page).toContain('`frontendUrl` of the realm');
      await command(`kcadm.sh update realms/shop -s 'attributes.frontendUrl=https://fixed.shop.example'`);
      const answer = await fetch(`${keycloak}/realms/shop/.well-known/openid-configuration`);
      expect(((await answer.json()) as { issuer: string }).issuer).toBe(
        'https://fixed.shop.example/realms/shop',
      );
    }, 300_000);
  });

  test('the last command of the page stops everything that it started', async () => {
    const last = blocksOf(readPage('first-guard.md')).findLast(({ language }) => language === 'sh');
    const { code } = await shell.run(last?.text ?? '');
    expect(code).toBe(0);
    await shell.run('wait');
    expect((await shell.run('jobs -r')).output.trim()).toBe('');
    await expect(fetch(keycloak)).rejects.toThrow();
  }, 120_000);
});
