/**
 * The cost of a request with many rules: its parts are read once for all rules, and a long list of a client is read from its end. The
 * tests count reads of the request instead of time.
 */
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createClientAddress } from '../../../src/check/rules/client-address.ts';
import { createContextOf } from '../../../src/check/rules/expression-context.ts';
import { createSelectRule } from '../../../src/check/rules/select-rule.ts';
import { compileExpression } from '../../../src/config/expression/expression.ts';
import type { RuleConfig } from '../../../src/config/rules/rule-options.ts';
import { createClaimHoldsOne } from '../../../src/credential/token/claims.ts';
import { createHasAll, createIsOneOf } from '../../../src/credential/token/list-members.ts';
import type { CheckRequest } from '../../../src/model/check-request.ts';
import type { Identity } from '../../../src/model/identity.ts';
import { toCheckRequest } from '../../../src/transport/shared/check-request.ts';
import { configOf } from '../../support/app.ts';
import { createTestClock } from '../../support/clock.ts';
import { checkRequest } from '../../support/requests.ts';

const trustedProxies = ['10.0.0.0/8', '2001:db8::/32'];
const clientAddress = () => createClientAddress({ header: 'x-forwarded-for', trustedProxies });

async function rulesOf(count: number, match: (index: number) => string): Promise<readonly RuleConfig[]> {
  const names = Array.from({ length: count }, (_, index) => `x-h${index}`).join();
  const rules = Array.from(
    { length: count },
    (_, index) => `{name: r${index}, match: {${match(index)}}, allow: anonymous}`,
  );
  const config = await configOf(`
issuers: [{issuer: "https://a.example.com", audiences: [a]}]
trustedHeaders: [${names}]
clientAddress: {trustedProxies: [10.0.0.0/8]}
noRuleMatches: token
rules: [${rules.join()}]`);
  return config.rules ?? [];
}

/** A request that counts the reads of its raw headers. */
function countedRequest(lines: readonly (readonly [string, string])[]): {
  readonly request: CheckRequest;
  readonly reads: () => number;
} {
  let reads = 0;
  const rawHeaders = new Proxy(lines.flat(), {
    get: (target, name, receiver) => {
      if (typeof name === 'string' && /^\d+$/.test(name)) reads++;
      return Reflect.get(target, name, receiver) as unknown;
    },
  });
  const message = { method: 'GET', url: '/', rawHeaders } as unknown as IncomingMessage;
  return { request: toCheckRequest(message, ''), reads: () => reads };
}

describe('over HTTP', () => {
  const many = Array.from({ length: 6_000 }, (_, index) => [`x-${index}`, 'v'] as const);

  test('the headers of a request are read once, for any number of rules', async () => {
    const select = createSelectRule(
      await rulesOf(200, (index) => `headers: {x-h${index}: a}`),
      clientAddress(),
    );
    const { request, reads } = countedRequest(many);
    const before = reads();
    expect(select(request)).toBe('none');
    expect(reads() - before).toBeLessThanOrEqual(2 * 2 * many.length);
  });

  test('a check that needs no header does not read them again', () => {
    const { request, reads } = countedRequest(many);
    const before = reads();
    expect(request.method).toBe('GET');
    expect(reads()).toBe(before);
    expect(before).toBeLessThanOrEqual(2 * 2 * many.length);
  });

  test('a header has the same lines as in a linear search, in any case and order', () => {
    const name = fc.constantFrom(
      'x-a',
      'X-A',
      'x-A',
      'x-b',
      'Host',
      'constructor',
      '__proto__',
      'authorization',
    );
    const value = fc.string({ maxLength: 5 });
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value), { maxLength: 12 }), (lines) => {
        const { request } = countedRequest(lines);
        for (const asked of ['x-a', 'x-b', 'host', 'constructor', '__proto__', 'authorization', 'absent'])
          expect(request.header(asked)).toEqual(
            lines.filter(([own]) => own.toLowerCase() === asked).map(([, text]) => text),
          );
      }),
    );
  });
});

describe('x-forwarded-for', () => {
  test('is read once per request, for all rules with addresses', async () => {
    const select = createSelectRule(
      await rulesOf(50, (index) => `addresses: [198.51.100.${index}]`),
      clientAddress(),
    );
    let asked = 0;
    const from = (address: string) =>
      checkRequest({
        header: () => {
          asked++;
          return [`${'10.0.0.1,'.repeat(6_000)}${address}`];
        },
      });
    expect(select(from('198.51.100.7'))).toBe(7);
    expect(asked).toBe(1);
    expect(select(from('198.51.100.44'))).toBe(44);
    expect(select(from('203.0.113.9'))).toBe('none');
    expect(asked).toBe(3);
  });

  test('is read from its end, at most 32 entries', () => {
    const addressOf = clientAddress();
    const { split, slice, lastIndexOf } = String.prototype;
    let cut = 0;
    let looks = 0;
    let divided = 0;
    String.prototype.split = function (this: string, ...args: [never]) {
      divided += this.length;
      return split.apply(this, args);
    } as typeof split;
    String.prototype.slice = function (this: string, ...args) {
      const part = slice.apply(this, args);
      cut += part.length;
      return part;
    };
    String.prototype.lastIndexOf = function (this: string, ...args) {
      looks++;
      return lastIndexOf.apply(this, args);
    };
    let found: string | undefined;
    try {
      const line = `${'203.0.113.9,'.repeat(8_000)}${'10.0.0.1,'.repeat(40)}10.0.0.1`;
      found = addressOf(checkRequest({ header: () => Array.from({ length: 40 }, () => line) }));
    } finally {
      Object.assign(String.prototype, { split, slice, lastIndexOf });
    }
    expect(found).toBeUndefined();
    expect(looks).toBeLessThanOrEqual(33);
    expect(cut).toBeLessThan(33 * 60);
    expect(divided).toBeLessThan(33 * 60);
  });

  test('has the same result as a model that splits the whole list', () => {
    const entry = fc.oneof(
      fc.constantFrom(
        '10.0.0.1',
        '203.0.113.9',
        '10.0.0.1:80',
        '203.0.113.9:4711',
        '[2001:db8::1]:443',
        '2001:db9::1',
        '[2001:db9::2]',
        '::ffff:10.0.0.3',
        'unknown',
        '',
        ' ',
        '\t10.1.1.1 ',
      ),
      fc.string({ unit: fc.constantFrom('1', '.', ',', ' ', ':', '[', ']', 'a', '0'), maxLength: 12 }),
    );
    const line = fc.array(entry, { maxLength: 40 }).map((entries) => entries.join(','));
    fc.assert(
      fc.property(
        fc.array(line, { maxLength: 4 }),
        fc.constantFrom('', '10.0.0.9', '198.51.100.7'),
        (lines, peer) => {
          const request = checkRequest({ source: { address: peer, principal: '' }, header: () => lines });
          expect(clientAddress()(request)).toBe(naiveAddress(lines, peer));
        },
      ),
      { numRuns: 3_000 },
    );
  });
});

/** From the right, past trusted proxies. Entries before the last 32 are unknown. */
function naiveAddress(lines: readonly string[], peer: string): string | undefined {
  const all = lines.join(',').split(',').map(withoutPort);
  const isProxy = (address: string) => {
    const plain =
      address.toLowerCase().startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
    return (
      (isIP(plain) === 4 && plain.startsWith('10.')) || (isIP(plain) === 6 && plain.startsWith('2001:db8:'))
    );
  };
  if (peer !== '' && !isProxy(withoutPort(peer))) return peer;
  for (let at = all.length - 1; at >= Math.max(0, all.length - 32); at--)
    if (!isProxy(all[at] ?? '')) return all[at];
  return all.length > 32 ? undefined : all[0];
}

function withoutPort(entry: string): string {
  const text = entry.trim();
  if (text.startsWith('[')) {
    const end = text.indexOf(']');
    const rest = text.slice(end + 1);
    return end > 0 && (rest === '' || isPort(rest)) ? text.slice(1, end) : text;
  }
  const [address = '', ...ports] = text.split(':');
  const parts = address.split('.');
  const isDotted = parts.length === 4 && parts.every((part) => part !== '' && /^\d+$/.test(part));
  return isDotted && ports.length === 1 && isPort(`:${ports[0]}`) ? address : text;
}

function isPort(text: string): boolean {
  return (
    text.length > 1 && text.startsWith(':') && [...text.slice(1)].every((one) => one >= '0' && one <= '9')
  );
}

test('an expression reads only the parts of a request that it uses, each once', () => {
  const asked: string[] = [];
  const request = checkRequest({
    path: '/users/alice?q=1',
    host: 'orders.example.com',
    header: (name) => {
      asked.push(name);
      return ['t1'];
    },
  });
  const identity = {
    issuer: 'i',
    audiences: [],
    scopes: [],
    expiresAt: 1,
    text: '{"sub":"alice"}',
    form: 'json' as const,
  } as unknown as Identity;
  const contextOf = createContextOf(['x-tenant'], createTestClock());
  expect(compileExpression('claims.sub == request.segments[1]')(contextOf(identity, request))).toBe(true);
  expect(asked).toEqual([]);
  const text = 'request.headers["x-tenant"] == "t1" && request.headers["x-tenant"] != request.query["q"]';
  expect(compileExpression(text)(contextOf(identity, request))).toBe(true);
  expect(asked).toEqual(['x-tenant']);
});

describe('lists of a token and lists of the configuration', () => {
  const values = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'), { maxLength: 12 });

  test('are compared with the same result as each pair', () => {
    fc.assert(
      fc.property(values, values, (own, required) => {
        expect(createHasAll(required)(own)).toBe(required.every((one) => own.includes(one)));
        expect(own.some(createIsOneOf(required))).toBe(required.some((one) => own.includes(one)));
        expect(createClaimHoldsOne('own', required)({ own })).toBe(required.some((one) => own.includes(one)));
        expect(createClaimHoldsOne('own', required)({ own: own[0] })).toBe(
          required.some((one) => one === own[0]),
        );
      }),
    );
  });

  test('are each read once if both are long', () => {
    let reads = 0;
    const counted = (list: string[]) =>
      new Proxy(list, {
        get: (target, name, receiver) => {
          reads++;
          return Reflect.get(target, name, receiver) as unknown;
        },
      });
    const names = Array.from({ length: 500 }, (_, index) => `w${index}`);
    const required = counted(names);
    // The match is at the end, so the search never ends early.
    const own = counted([...Array.from({ length: 5_000 }, (_, index) => `o${index}`), ...names]);
    const others = counted(Array.from({ length: 5_000 }, (_, index) => `o${index}`));
    expect(createHasAll(required)(own)).toBe(true);
    expect(others.some(createIsOneOf(required))).toBe(false);
    expect(createClaimHoldsOne('others', required)({ others })).toBe(false);
    expect(reads).toBeLessThan(10 * 5_500);
  });
});
