/** The limits of claim names, for every option that names a claim. */
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../../src/config/load/load.ts';
import { ConfigError } from '../../../src/config/validate/problems.ts';
import { createReadClaim } from '../../../src/credential/token/claim-path.ts';

const issuer = { issuer: 'https://i.example.com', audiences: ['a'] };

async function problemsOf(file: unknown): Promise<string[]> {
  try {
    await loadConfig({
      flags: [{ name: '--config', value: 'f.yaml' }],
      environment: {},
      readFile: () => JSON.stringify(file),
    });
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ path, message }) => `${path}: ${message}`);
  }
}

const rule = (require: object) => ({ issuers: [issuer], rules: [{ name: 'r', match: {}, require }] });

/** Every option that names a claim. */
const places: Record<string, (name: string | string[]) => unknown> = {
  requiredClaims: (name) => ({ issuers: [{ ...issuer, requiredClaims: { [textOf(name)]: 'x' } }] }),
  'a rule': (name) => rule({ claims: { [textOf(name)]: 'x' } }),
  audienceClaims: (name) => ({ issuers: [{ ...issuer, audienceClaims: [name] }] }),
  'email.claim': (name) => ({ issuers: [{ ...issuer, email: { claim: name } }] }),
  'email.fallbackClaim': (name) => ({ issuers: [{ ...issuer, email: { fallbackClaim: name } }] }),
  'groups.claim': (name) => ({ issuers: [{ ...issuer, groups: { claim: name } }] }),
  outputClaimToHeaders: (name) => ({
    issuers: [issuer],
    outputClaimToHeaders: [{ header: 'x-a', claim: name }],
  }),
};

/** A mapping key must be a text, so a list of names becomes JSON. */
const textOf = (name: string | string[]) => (typeof name === 'string' ? name : JSON.stringify(name));

const names = (count: number) => Array.from({ length: count }, () => 'a');

describe.each(Object.keys(places))('%s', (place) => {
  const file = (name: string | string[]) => places[place]?.(name);

  test('accepts a name of 50 levels and 1,024 characters', async () => {
    for (const name of [
      names(50).join('.'),
      names(50),
      JSON.stringify(names(50)),
      'a'.repeat(1_024),
      ['a'.repeat(1_024)],
    ])
      expect(await problemsOf(file(name))).toEqual([]);
  });

  test('rejects a longer name, in any form, with one problem', async () => {
    for (const name of [names(51).join('.'), names(2_001).join('.'), names(51), JSON.stringify(names(51))])
      expect(await problemsOf(file(name))).toEqual([
        expect.stringMatching(/: must have at most 50 levels, got (51|2001)$/),
      ]);
    for (const name of ['a'.repeat(1_025), ['a'.repeat(1_025)], JSON.stringify(['a'.repeat(1_025)])])
      expect(await problemsOf(file(name))).toEqual([
        expect.stringMatching(/: must have at most 1024 characters, got 1025$/),
      ]);
  });

  test.each([[['a ', 'b']], [['a', ' b']], [['a', 'b\u200b']], [['a\nb']], [[' ']]])(
    'rejects white space at the ends of a name in a list: %j',
    async (list) => {
      expect(await problemsOf(file(JSON.stringify(list)))).toEqual([
        expect.stringMatching(/: must not .*(white space|line break)/),
      ]);
      expect(await problemsOf(file(list))).toEqual([
        expect.stringMatching(/: must not .*(white space|line break)/),
      ]);
    },
  );
});

test('the longest dotted name has a limited number of readings', () => {
  const deep = names(50).reduceRight<unknown>((value, name) => ({ [name]: value }), 'x') as object;
  expect(createReadClaim(names(50).join('.'))(deep as Record<string, unknown>)).toBe('x');
});
