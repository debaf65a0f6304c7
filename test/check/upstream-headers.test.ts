import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ForwardOptions } from '../../src/check/header-set.ts';
import { createForward } from '../../src/check/upstream-headers.ts';
import { otherSpellings } from '../../src/config/values/header-names.ts';
import type { Identity } from '../../src/model/identity.ts';
import { noMemory } from '../support/identity-memory.ts';

const options: ForwardOptions = {
  issuers: [],
  setAuthorizationHeader: false,
  identityHeaders: 'set',
  outputClaimToHeaders: [
    { header: 'x-user', claim: 'sub' },
    { header: 'x-roles', claim: 'realm_access.roles' },
  ],
  outputTokenToHeader: '',
  forwardOriginalToken: true,
};

function identity(claims: Record<string, unknown>): Identity {
  return {
    issuer: 'https://i',
    issuerName: 'i',
    subject: 'alice',
    audiences: [],
    scopes: [],
    expiresAt: 1,
    confirmation: undefined,
    memory: noMemory(),
    text: JSON.stringify(claims),
    form: 'json',
  };
}

describe('the headers', () => {
  test('have a claim found by its name, then as a dotted path', () => {
    const forward = createForward(options);
    const nested = forward(identity({ realm_access: { roles: ['a', 'b'] } }), 't');
    expect(nested.set).toEqual([['x-roles', 'a,b']]);
    const literal = forward(identity({ 'realm_access.roles': 'c', realm_access: { roles: ['a'] } }), 't');
    expect(literal.set).toEqual([['x-roles', 'c']]);
  });

  test('never have a claim of a prototype', () => {
    for (const claim of [
      'constructor',
      'toString',
      '__proto__',
      '__proto__.x',
      'sub.length',
      'hasOwnProperty',
    ]) {
      const forward = createForward({ ...options, outputClaimToHeaders: [{ header: 'x-user', claim }] });
      expect(forward(identity({ sub: 'alice' }), 't').set).toEqual([]);
    }
  });

  test('are all removed in every spelling with identityHeaders: remove', () => {
    const forward = createForward({ ...options, identityHeaders: 'remove', outputTokenToHeader: 'x-token' });
    const { set, remove } = forward(identity({ sub: 'alice' }), 't');
    expect(set).toEqual([]);
    expect(remove.toSorted()).toEqual(['x-roles', 'x-token', 'x-user', 'x_roles', 'x_token', 'x_user']);
  });

  test('include the token in its header, and can leave out the authorization header', () => {
    const forward = createForward({
      ...options,
      outputTokenToHeader: 'x-token',
      forwardOriginalToken: false,
    });
    const { set, remove } = forward(identity({ sub: 'alice' }), 'a.b.c');
    expect(set).toEqual([
      ['x-user', 'alice'],
      ['x-token', 'a.b.c'],
    ]);
    expect(remove).toContain('authorization');
  });
});

test('with any claim, each header is either set or removed, and its value is printable', () => {
  const forward = createForward({ ...options, outputTokenToHeader: 'x-token' });
  const headers = ['x-user', 'x-roles', 'x-token'];
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (sub, roles) => {
      const { set, remove } = forward(identity({ sub, realm_access: { roles } }), 'a.b.c');
      const names = set.map(([name]) => name);
      expect([...names, ...remove].toSorted()).toEqual(
        [...headers, ...headers.flatMap(otherSpellings)].toSorted(),
      );
      for (const [, value] of set) expect(value).toMatch(/^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/);
    }),
  );
});

describe('withheld values are counted by cause', () => {
  test.each([
    ['characters', 'é'],
    ['length', 'x'.repeat(4097)],
    ['type', { a: 1 }],
    ['comma', ['a,b', 'c']],
  ])('%s', (cause, sub) => {
    expect(createForward(options)(identity({ sub }), 't').withheld).toEqual([{ header: 'x-user', cause }]);
  });

  test('total_length', () => {
    const { withheld, set } = createForward(options)(
      identity({ sub: 'x'.repeat(4096), realm_access: { roles: 'y'.repeat(4096) } }),
      't',
    );
    expect([withheld, set.length]).toEqual([[], 2]);
    const three = createForward({ ...options, outputTokenToHeader: 'x-token' });
    const more = three(identity({ sub: 'x'.repeat(4096), realm_access: { roles: 'y'.repeat(4096) } }), 't');
    expect(more.withheld).toEqual([{ header: 'x-token', cause: 'total_length' }]);
  });

  test('an absent claim is not counted', () => {
    expect(createForward(options)(identity({}), 't').withheld).toEqual([]);
  });
});
