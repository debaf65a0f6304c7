/** Answers of shared parts against those of the plain writers, which write each answer whole. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ForwardOptions } from '../../src/check/header-set.ts';
import { createForwards } from '../../src/check/upstream-headers.ts';
import type { Forwarding } from '../../src/model/forwarding.ts';
import type { Identity, IdentityMemory } from '../../src/model/identity.ts';
import { verified, writeOk, writeRemovals } from '../../src/transport/grpc/check/check-response.ts';
import { type Allowed, createWriteAllow } from '../../src/transport/grpc/check/prepared-allow.ts';
import { frameMessage, withOwnBytes } from '../../src/transport/grpc/message/framing.ts';
import { noMemory } from '../support/identity-memory.ts';
import { loadCheckCodec } from '../support/proto-codec.ts';

const options: ForwardOptions = {
  issuers: [],
  setAuthorizationHeader: false,
  identityHeaders: 'set',
  outputClaimToHeaders: [
    { header: 'x-user', claim: 'sub' },
    { header: 'x-email', claim: 'email' },
    { header: 'x-roles', claim: 'roles' },
  ],
  outputTokenToHeader: '',
  forwardOriginalToken: true,
};
const codec = loadCheckCodec();

const claims = fc.record(
  {
    sub: fc.oneof(
      fc.string({ maxLength: 400 }),
      fc.string({ unit: 'binary' }),
      fc.constant('ł'),
      fc.integer(),
    ),
    email: fc.oneof(fc.emailAddress(), fc.constant('x'.repeat(127)), fc.constant('x'.repeat(4_000))),
    roles: fc.array(fc.string({ maxLength: 60 }), { maxLength: 40 }),
  },
  { requiredKeys: [] },
);
const list = fc.array(fc.string({ unit: 'binary', maxLength: 20 }), { maxLength: 5 });
const name = fc.option(fc.string({ unit: 'binary', maxLength: 200 }), { nil: undefined });

/** The allow by the plain writer. */
function plain({ identity, forwarding, rule, policy, shadow }: Allowed): Buffer {
  const { issuer, subject, audiences, scopes, expiresAt } = identity ?? {};
  const metadata = {
    reason: 'allowed',
    rule,
    policy,
    shadow,
    issuer,
    subject,
    audiences,
    scopes,
    expires_at: expiresAt,
  };
  const present = Object.entries(metadata).filter(([, value]) => value !== undefined);
  const written = writeOk({
    code: 0,
    headers: forwarding.set,
    removals: writeRemovals(forwarding.remove),
    metadata: Object.fromEntries(present) as Record<string, string>,
  });
  return frameMessage(written).frame;
}

test('an allow of shared parts has the bytes of the plain writer, and says what the decision says', () => {
  const write = createWriteAllow();
  const forwardOf = createForwards({ ...options, setAuthorizationHeader: true }, ['x-other']);
  const forward = forwardOf();
  fc.assert(
    fc.property(
      claims,
      fc.record({ audiences: list, scopes: list, expiresAt: fc.double() }),
      fc.tuple(name, name, name),
      fc.boolean(),
      (own, facts, [rule, policy, shadow], hasIdentity) => {
        const subject = typeof own.sub === 'string' ? own.sub : undefined;
        const identity: Identity = {
          issuer: 'https://i',
          issuerName: 'i',
          confirmation: undefined,
          text: JSON.stringify(own),
          form: 'json',
          memory: noMemory(),
          subject,
          ...facts,
        };
        const forwarding = forward(identity, 'a.b.c');
        const decision = {
          outcome: 'allow',
          reason: 'allowed',
          cached: true,
          forwarding,
          ...(rule !== undefined && { rule }),
          ...(policy !== undefined && { policy }),
          ...(shadow !== undefined && { shadow }),
          identity: hasIdentity ? identity : undefined,
        } as Allowed;
        const answer = write(decision);
        expect(answer.frame.equals(plain(decision))).toBe(true);
        expect(withOwnBytes(answer).frame.equals(answer.frame)).toBe(true);
        const message = answer.frame.subarray(5);
        verified(message, true);
        // Another implementation reads what was decided.
        const read = codec.readResponse(message);
        const headers = read.okResponse?.headers ?? [];
        expect(headers.map(({ header }) => [header?.key, header?.value])).toEqual(forwarding.set);
        expect([read.status.code, read.okResponse?.headersToRemove]).toEqual([0, forwarding.remove]);
      },
    ),
    { numRuns: 500 },
  );
});

test.each([
  ['is empty', ''],
  ['has no status', '\x1a\x00'],
  ['has the code of a denial', '\x0a\x02\x08\x07\x1a\x00'],
  ['has a denial too', '\x0a\x02\x08\x00\x1a\x00\x12\x00'],
])('a response that %s is not sent as an allow', (_, response) => {
  const forwarding: Forwarding = { set: [], remove: [], withheld: [], answers: undefined };
  const allow = {
    outcome: 'allow',
    reason: 'allowed',
    identity: undefined,
    cached: false,
    forwarding,
  } as const;
  expect(createWriteAllow()(allow).frame.length).toBeGreaterThan(5);
  expect(() => createWriteAllow(() => response)(allow)).toThrow('does not match its decision');
});

test('changes that a memory keeps equal those that are made anew', () => {
  const outputs = { ...options, outputTokenToHeader: 'x-token', setAuthorizationHeader: true };
  fc.assert(
    fc.property(claims, fc.constantFrom('a.b.c', 'x'.repeat(5_000)), (own, token) => {
      const identityWith = (memory: IdentityMemory): Identity => ({
        issuer: 'https://i',
        issuerName: 'i',
        subject: undefined,
        audiences: [],
        scopes: [],
        expiresAt: 1,
        confirmation: undefined,
        text: JSON.stringify(own),
        form: 'json',
        memory,
      });
      const forward = createForwards(outputs)();
      const memory = noMemory();
      const first = forward(identityWith(memory), token);
      // The claims are not read again.
      const again = forward({ ...identityWith(memory), text: 'not read' }, token);
      expect(again).toEqual(first);
      expect(forward(identityWith(noMemory()), token)).toEqual(first);
      expect(createForwards(outputs)()(identityWith(memory), token)).toEqual(first);
    }),
  );
});

test('a memory has the values of one list, and forwarders of other lists read the claims', () => {
  const forwardOf = createForwards(options);
  const other = [{ header: 'x-mail', claim: 'email' }];
  const [usual, mail] = [forwardOf(), forwardOf(other)];
  const memory = noMemory();
  const identity = { text: '{"sub":"s","email":"e"}', form: 'json', memory, issuerName: 'i' } as Identity;
  const setBy = (forward: typeof usual) => forward(identity, 't').set;
  for (let round = 0; round < 2; round++) {
    expect(setBy(usual)).toEqual([
      ['x-user', 's'],
      ['x-email', 'e'],
    ]);
    expect(setBy(mail)).toEqual([['x-mail', 'e']]);
    expect(memory.values).toBe('s\ne');
  }
  // A new configuration replaces the values of the old one.
  const next = createForwards({ ...options, outputClaimToHeaders: [{ header: 'x-new', claim: 'email' }] })();
  expect([setBy(next), memory.values]).toEqual([[['x-new', 'e']], 'e']);
  expect(setBy(usual)).toEqual([
    ['x-user', 's'],
    ['x-email', 'e'],
  ]);
});

test('prepared changes are those of their own forwarder', () => {
  const forwardOf = createForwards(options);
  const [one, two] = [forwardOf(), forwardOf()];
  const keeper = { grown: () => {}, keepsAnswers: () => true };
  const identity = {
    text: '{"sub":"s"}',
    form: 'json',
    memory: { ...noMemory(), keeper },
    issuerName: 'i',
  } as unknown as Identity;
  const [first, second] = [one(identity, 't'), two(identity, 't')];
  expect(first).not.toBe(second);
  expect([one(identity, 't'), two(identity, 't')]).toEqual([first, second]);
  expect(one(identity, 't')).toBe(first);
  expect(two(identity, 't')).toBe(second);
});
