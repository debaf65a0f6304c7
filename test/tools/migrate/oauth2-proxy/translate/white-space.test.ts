/** Leading or trailing white space: it is reported with setting, location and value, and never trimmed. */
import { describe, expect, test } from 'vitest';
import { migrateInstallation } from '../../../../../src/tools/migrate/oauth2-proxy/migrate.ts';
import { configOf } from '../../../../support/app.ts';
import { type Inputs, read } from '../read-inputs.ts';

const requiredFlags = [
  ...['--provider=oidc', '--oidc-issuer-url=https://id.example', '--client-id=web', '--email-domain=*'],
  ...['--skip-jwt-bearer-tokens', '--upstream=static://200', '--force-json-errors'],
];
const run = (inputs: Inputs, accept: readonly string[] = []) =>
  migrateInstallation(read({ ...inputs, flags: [...requiredFlags, ...(inputs.flags ?? [])] }), {
    output: 'config',
    accept,
  });

const cases: readonly (readonly [
  how: string,
  inputs: Inputs,
  setting: string,
  place: string,
  value: string,
])[] = [
  [
    'a variable',
    { files: { 'o.env': 'OAUTH2_PROXY_OIDC_EXTRA_AUDIENCES="a, billing"\n' } },
    'oidc-extra-audience',
    'o.env:1 OAUTH2_PROXY_OIDC_EXTRA_AUDIENCES',
    '" billing"',
  ],
  [
    'a text of the file',
    { files: { 'o.cfg': 'allowed_groups = "admins, ops"\n' } },
    'allowed-group',
    'o.cfg:1:1',
    '" ops"',
  ],
  [
    'a list of the file',
    { files: { 'o.cfg': 'allowed_groups = ["admins", "ops\\t"]\n' } },
    'allowed-group',
    'o.cfg:1:1',
    '"ops\\t"',
  ],
  [
    'a flag',
    { files: { 'v.yaml': 'extraArgs:\n  allowed-group: "ops, on call"\n' } },
    'allowed-group',
    'v.yaml:2:3 extraArgs',
    '" on call"',
  ],
  [
    'domains',
    { files: { 'v.yaml': 'extraArgs:\n  email-domain: "a.example, b.example"\n' } },
    'email-domain',
    'v.yaml:2:3 extraArgs',
    '" b.example"',
  ],
  [
    'an issuer',
    { files: { 'v.yaml': 'extraArgs:\n  extra-jwt-issuers: "https://a.example=x,https://b.example= y"\n' } },
    'extra-jwt-issuers',
    'v.yaml:2:3 extraArgs',
    '"https://b.example= y"',
  ],
];

describe('leading or trailing white space', () => {
  test.each(cases.filter(([how]) => how !== 'domains'))(
    'in %s is refused',
    (_, inputs, setting, place, value) => {
      const { exitCode, report, output } = run(inputs);
      expect([exitCode, output]).toEqual([3, '']);
      const lines = report.split('\n').filter((line) => line.includes('refused because'));
      expect(lines).toEqual([
        expect.stringContaining(`${setting} (${place}): refused because ${value} has leading`),
      ]);
      expect(report).toContain('without the white space it would allow more tokens than before');
      const accepted = run(inputs, [setting]);
      expect(accepted.exitCode).toBe(0);
      expect(accepted.output).not.toContain(value.replaceAll('"', '').trim());
    },
  );

  test('in a domain is refused if not all emails are allowed', () => {
    const [, inputs = {}] = cases.find(([how]) => how === 'domains') ?? [];
    const flags = requiredFlags.filter((flag) => flag !== '--email-domain=*');
    const installation = read({ ...inputs, flags });
    const migrated = (accept: readonly string[]) =>
      migrateInstallation(installation, { output: 'config', accept });
    expect(migrated([])).toMatchObject({ exitCode: 3, output: '' });
    expect(migrated([]).report).toContain('" b.example" has leading or trailing white space');
    expect(migrated(['email-domain']).output).toContain('a.example');
    expect(migrated(['email-domain']).output).not.toContain('b.example');
  });

  test('is not trimmed: only the other values apply', async () => {
    const { output } = run({ files: { 'o.cfg': 'allowed_groups = "admins, ops"\n' } }, ['allowed-group']);
    const { issuers } = await configOf(output);
    expect(issuers[0]?.groups.allowed).toEqual(['admins']);
  });

  test('in every value reports the consequence', () => {
    const only = { files: { 'o.cfg': 'allowed_groups = " ops"\n' } };
    expect(run(only)).toMatchObject({ exitCode: 3, output: '' });
    expect(run(only).report).toMatch(/^allowed-group .*WITHOUT IT THIS IS NO LONGER REQUIRED$/m);
  });

  test('inside a value is a part of it', async () => {
    const { output, exitCode } = run({ files: { 'o.cfg': 'allowed_groups = "on call,b  c"\n' } });
    expect(exitCode).toBe(0);
    expect((await configOf(output)).issuers[0]?.groups.allowed).toEqual(['on call', 'b  c']);
  });

  test('in the client ID leaves no audience', () => {
    const flags = requiredFlags.map((flag) => (flag.startsWith('--client-id') ? '--client-id=web ' : flag));
    const installation = read({ flags });
    expect(migrateInstallation(installation, { output: 'config', accept: [] })).toMatchObject({
      exitCode: 3,
    });
    const accepted = migrateInstallation(installation, { output: 'config', accept: ['client-id'] });
    expect(accepted).toMatchObject({ exitCode: 2, output: '' });
    expect(accepted.report).toContain('expected the client ID');
  });
});
