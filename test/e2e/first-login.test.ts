/** Runs the commands of `docs/first-login.md`, with a real Keycloak and a real Envoy. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findEnvoy } from '../../tools/envoy.ts';
import { freePort } from '../../tools/free-port.ts';
import { findKeycloak } from '../../tools/keycloak.ts';
import { blocksOf, readPage } from '../support/pages.ts';
import { describeWith } from '../support/real-servers.ts';
import { runPage } from '../support/run-page.ts';
import { openShellSession, type ShellSession } from '../support/shell-session.ts';

const envoy = await findEnvoy();
const found = await findKeycloak();
const page = 'first-login.md';

describeWith('a real Envoy and a real Keycloak', 'path' in envoy ? found : envoy, (keycloakPath) => {
  const envoyPath = 'path' in envoy ? envoy.path : '';
  let shell: ShellSession;
  let written: (text: string) => string;

  beforeAll(async () => {
    // Only the ports of the page are changed, because they may be in use. `generate` writes two of them.
    const ports = new Map<string, number>();
    for (const port of ['8180', '8090', '8000', '8081', '8080', '9901']) ports.set(port, await freePort());
    const onFreePorts = (text: string) =>
      text.replaceAll(/\b(8180|8090|8000|8081|8080|9901)\b/g, (port) => String(ports.get(port)));
    const generated = ['8080', '9901'].map(
      (port) => `s/port_value: ${port}$/port_value: ${ports.get(port)}/`,
    );
    written = (text) =>
      onFreePorts(text)
        .replaceAll('>$GUARD/envoy.yaml', `| sed '${generated.join('; ')}' >$GUARD/envoy.yaml`)
        .replaceAll('.cache/keycloak/keycloak-26.4.0', keycloakPath)
        .replaceAll('.cache/envoy/envoy/_bin/envoy', envoyPath);
    shell = openShellSession({ ...process.env, JAVA_OPTS_KC_HEAP: '-Xms256m -Xmx768m' });
  });
  afterAll(() => shell.stop());

  test('the commands of the page sign a person in and out', async () => {
    expect(await runPage(shell, page, written)).toBeGreaterThan(5);
  }, 900_000);

  test('the last command of the page stops everything that it started', async () => {
    const last = blocksOf(readPage(page)).findLast(({ language }) => language === 'sh');
    const { code } = await shell.run(last?.text ?? '');
    expect(code).toBe(0);
    await shell.run('wait');
    expect((await shell.run('jobs -r')).output.trim()).toBe('');
  }, 120_000);
});
