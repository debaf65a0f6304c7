/** The table of flags: each flag has a verdict, and each setting one finding. */
import { describe, expect, test } from 'vitest';
import { commandFlags } from '../../../../../src/tools/migrate/oauth2-proxy/flags/flag-names.ts';
import { flags } from '../../../../../src/tools/migrate/oauth2-proxy/flags/flags.ts';
import {
  flagTableMarkdown,
  flagVerdicts,
} from '../../../../../src/tools/migrate/oauth2-proxy/flags/verdicts.ts';
import { translate } from '../../../../../src/tools/migrate/oauth2-proxy/translate/translate.ts';
import { readPage, rowsOf } from '../../../../support/pages.ts';
import { configFrom, type Flags, installationOf } from '../sample-installation.ts';

const names = flagVerdicts.map(({ flag }) => flag);

test('the table has every flag once', () => {
  expect(names.toSorted()).toEqual(
    [...flags.map(({ name }) => name), ...Object.keys(commandFlags)].toSorted(),
  );
});

test('the table is Markdown with one line for each flag', () => {
  const lines = flagTableMarkdown().trim().split('\n');
  expect(lines.slice(0, 2)).toEqual(['| flag | result |', '| --- | --- |']);
  expect(
    lines
      .slice(2)
      .filter((line) => !/^\| `[a-z-]+` \| (kept as|changed:|refused:|without meaning:) .+ \|$/.test(line)),
  ).toEqual([]);
  expect(lines).toHaveLength(names.length + 2);
});

/** Valid values for flags that are not texts. */
const values: Flags = {
  'email-domain': ['example.com'],
  'extra-jwt-issuers': ['https://other.example.com=b'],
  'http-address': ':4181',
  'https-address': ':4182',
  'metrics-address': ':9101',
  'metrics-secure-address': ':9102',
  'oidc-issuer-url': 'https://issuer.example.com',
  'oidc-jwks-url': 'https://issuer.example.com/keys',
  'oidc-enabled-signing-alg': ['RS256'],
  provider: 'oidc',
  'trusted-ip': ['192.0.2.1'],
  'trusted-proxy-ip': ['192.0.2.1'],
  upstream: ['static://200'],
};

/** Every flag with a value: the usual one, on, off, or empty. */
function all(isOn: boolean): Flags {
  const some = flags.map(({ name, kind }): [string, Flags[string]] => {
    if (kind === 'boolean') return [name, isOn];
    const value = kind === 'list' ? ['x'] : 'x';
    return [name, values[name] ?? value];
  });
  return Object.fromEntries([...some, ['oidc-public-key-file', undefined]]);
}

describe.each([true, false])('with every flag, booleans %s', (isOn) => {
  test('each setting has one finding', () => {
    const installation = installationOf(all(isOn));
    const settings = translate(installation, false).findings.map(({ setting }) => setting);
    expect(settings.toSorted()).toEqual([...installation.settings.keys()].toSorted());
  });

  test('the result is a configuration', async () => {
    const config = await configFrom(all(isOn));
    expect(config.issuers).toHaveLength(2);
    expect(config.issuers.every(({ email, groups }) => email.allowedDomains && groups.allowed)).toBe(true);
  });
});

test.each(flags.map(({ name }) => name).filter((name) => !['client-id', 'oidc-issuer-url'].includes(name)))(
  'an empty %s opens nothing',
  async (name) => {
    const kind = flags.find((flag) => flag.name === name)?.kind;
    const config = await configFrom({ [name]: kind === 'boolean' ? false : kind === 'list' ? [] : '' });
    expect(config.rules).toBeUndefined();
    expect(
      config.issuers.every(({ anyAudience, boundTokens }) => !anyAudience && boundTokens === 'refuse'),
    ).toBe(true);
  },
);

test('each flag that an option of a login replaces names an option that exists, and the page that has its steps', () => {
  const known = new Set(
    [...readPage('options.md').matchAll(/^\| `([\w.[\]]+)`/gm)].map(([, option]) => option),
  );
  const rows = rowsOf(readPage('migrating-logins.md'), 'The configuration');
  const withOption = rows.filter(([, option = '']) => /^`(issuers|login|sessions)/.test(option));
  const named = withOption.flatMap(([flag = '']) =>
    [...flag.matchAll(/`([a-z-]+)`/g)].map(([, name]) => name),
  );
  // Tokens use the headers too, and the report names the option for them.
  const others = ['client-id', 'redirect-url', 'pass-access-token', 'set-authorization-header'];
  expect(named.length).toBeGreaterThan(15);
  for (const name of named.filter((one = '') => !others.includes(one) && names.includes(one))) {
    const { text = '' } = flagVerdicts.find(({ flag }) => flag === name) ?? {};
    const options = [...text.matchAll(/`((?:issuers\[\]\.login|login|sessions)\.[\w.]+)`/g)];
    expect([name, text]).toEqual([name, expect.stringContaining('docs/migrating-logins.md')]);
    expect([name, options.length > 0, options.every(([, option]) => known.has(option))]).toEqual([
      name,
      true,
      true,
    ]);
  }
});
