// biome-ignore-all lint/suspicious/noTemplateCurlyInString: that is how an alpha configuration writes variables
import { describe, expect, test } from 'vitest';
import {
  substitute,
  substituteBelow,
} from '../../../../../src/tools/migrate/oauth2-proxy/read/substitution.ts';

const variables: Record<string, string> = { FOO: '1', EMPTY: '' };
const variableOf = (name: string) => variables[name];

describe('variables in an alpha configuration', () => {
  test.each([
    ['$FOO', '1'],
    ['${FOO}x', '1x'],
    ['${FOO:+def}', 'def'],
    ['${FOO+e}', 'e'],
    ['${BAR:+def}', ''],
    ['${BAR:=d2}', 'd2'],
    ['${BAR-d2}', 'd2'],
    ['${BAR:-q}', 'q'],
    ['${BAR-}', ''],
    ['${BAR:-a b:c/d}', 'a b:c/d'],
    ['${BAR:-$FOO}', '1'],
    ['${BAR:-${NOPE:-c}}', 'c}'],
    ['${EMPTY-x}-${EMPTY:-y}-${EMPTY+z}-${EMPTY:+z}-${EMPTY}', '-y-z--'],
    ['$$FOO', '$FOO'],
    ['^/a/(.*)$', '^/a/(.*)$'],
    ['/b/$1', '/b/$1'],
    ['$(x) $-a', '$(x) $-a'],
    ['${FOO', '${FOO'],
  ])('%s is %s', (text, expected) => {
    expect(substitute(text, variableOf)).toBe(expected);
  });

  test('are not guessed if they are not set', () => {
    expect(substitute('a${NOPE}b', variableOf)).not.toBe('ab');
  });

  test('are replaced only in texts, and may become a boolean', () => {
    const value = { a: ['$FOO', 1, null], b: { c: '${NO:-true}', d: 'true' } };
    expect(substituteBelow(value, variableOf)).toEqual({ a: ['1', 1, null], b: { c: true, d: 'true' } });
  });
});
