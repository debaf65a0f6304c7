/** The report and the exit code: nothing is printed if a setting is refused and not accepted. */
import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../../../src/config/validate/problems.ts';
import { migrateInstallation } from '../../../../src/tools/migrate/oauth2-proxy/migrate.ts';
import { type Flags, installationOf } from './sample-installation.ts';

const refusing: Flags = { 'github-org': 'acme', 'force-https': true };
const run = (flags: Flags, accept: readonly string[] = [], more = {}) =>
  migrateInstallation(installationOf(flags, more), { output: 'config', accept });

test('the report has one line for each setting, with source and verdict', () => {
  const { report, exitCode, output } = run({ scope: 'openid', 'client-secret': 'hunter2' });
  expect(exitCode).toBe(0);
  expect(output).not.toBe('');
  const lines = report.trim().split('\n');
  const source = (flag: string) => `${flag} (values.yaml:1:1 ${flag}): `;
  expect(lines.filter((line) => line.startsWith(source('scope')))).toEqual([
    expect.stringContaining('has no meaning here because oauth2-proxy only requests it at a login'),
  ]);
  expect(lines.filter((line) => line.startsWith(source('client-id')))).toEqual([
    expect.stringContaining('kept as `issuers[0].audiences`'),
  ]);
  expect(lines.at(-1)).toMatch(/^\d+ kept, \d+ without meaning, 0 changed, 0 refused$/);
});

describe('with a refused setting', () => {
  test('prints no output, and the report says how to continue', () => {
    const { report, exitCode, output } = run(refusing);
    expect([exitCode, output]).toEqual([3, '']);
    const last = report.trim().split('\n').at(-1);
    expect(last).toContain('nothing is printed, since 2 settings are refused');
    expect(last).toContain('--accept github-org');
    expect(last).toContain('--accept force-https');
    expect(report).toMatch(/^github-org \(values.yaml:1:1 github-org\): refused because /m);
  });

  test('accepting one setting does not accept another', () => {
    expect(run(refusing, ['github-org'])).toMatchObject({ exitCode: 3, output: '' });
    const { exitCode, output, report } = run(refusing, ['github-org', 'force-https']);
    expect([exitCode, output.includes('issuers:')]).toEqual([0, true]);
    expect(report).toMatch(/^github-org .*\(accepted\)$/m);
    expect(report).not.toContain('nothing is printed');
  });

  test('rejects an unknown name; accepts the name of a setting that is not refused', () => {
    const caught = () => run(refusing, ['github-orga', 'cookie-name']);
    expect(caught).toThrow(ConfigError);
    expect(caught).toThrow(/--accept.*"github-orga"; did you mean github-org\?/);
    expect(run({}, ['cookie-name']).exitCode).toBe(0);
  });

  test('accepts a setting that a reader refuses by its name', () => {
    const findings = [
      { setting: 'extra pods', source: 'a.yaml:1:1', verdict: 'refused', text: 'of this' },
    ] as const;
    const { report, exitCode } = run({}, [], { findings });
    expect([exitCode, report.includes("--accept 'extra pods'")]).toEqual([3, true]);
    expect(run({}, ['extra pods'], { findings }).exitCode).toBe(0);
  });
});

test('prints no secret', () => {
  const secret = 'hunter2';
  const secrets = ['client-secret', 'cookie-secret', 'basic-auth-password', 'jwt-key', 'redis-password'];
  const flags: Flags = {
    ...Object.fromEntries([...secrets, 'signature-key', 'github-token'].map((flag) => [flag, secret])),
    'redis-connection-url': `redis://:${secret}@redis:6379`,
    'redis-sentinel-connection-urls': [`redis://:${secret}@redis:6379`],
    'oidc-jwks-url': `https://user:${secret}@keys.example.com`,
    'extra-jwt-issuers': [`https://user:${secret}@issuer.example.org=a`],
    'redirect-url': `https://user:${secret}@app.example.com`,
    'login-url': `https://user:${secret}@app.example.com`,
    'force-json-errors': false,
    upstream: [`http://user:${secret}@app:80`],
  };
  const texts: string[] = [];
  for (const accept of [[], ['redirect-url', 'upstream', 'oidc-jwks-url']])
    try {
      const { report, output } = run(flags, accept);
      texts.push(report, output);
    } catch (error) {
      texts.push(String(error));
    }
  expect(texts.join('\n')).not.toContain(secret);
  expect(run({ 'client-secret': secret }).report).toContain('delete it');
});

test('removes control characters', () => {
  const { report } = run({ upstream: ['static://200', 'http://\u001b[2Jx\nkept: all'] });
  expect(report).not.toContain('\u001b');
  expect(report).not.toMatch(/^kept: all/m);
});
