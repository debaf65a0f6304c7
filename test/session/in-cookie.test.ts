/** Sessions in cookies: what a browser keeps, what an attacker changes, and what the process remembers. */
import { describe, expect, test } from 'vitest';
import { readCookies } from '../../src/session/read-cookies.ts';
import type { Session } from '../../src/session/session.ts';
import { createSessionMemory } from '../../src/session/session-memory.ts';
import type { CookiePlace, FoundSession } from '../../src/session/session-store.ts';
import { createTestClock } from '../support/clock.ts';
import {
  createTestBrowser,
  createTestEnded,
  createTestStore,
  plainPlace,
  randomKeys,
  sessionAt,
  type TestBrowser,
  type TestStore,
} from '../support/sessions.ts';
import { createMemoryServer } from '../support/state/memory-store.ts';

const name = '__Host-oidc-authz';
const invalid = { none: 'invalid', why: expect.any(Function) };
const whyOf = (found: FoundSession) => ('why' in found ? found.why() : found);
const large = { groups: Array.from({ length: 220 }, (_, index) => `group-${index}-of-the-department`) };

/** Saves a session into a browser. */
async function signIn(
  { store }: TestStore,
  session: Session,
  browser: TestBrowser = createTestBrowser(),
  place: CookiePlace = plainPlace,
): Promise<TestBrowser> {
  const saved = await store.save(session, browser.cookies(), place);
  if (!('cookies' in saved)) throw new Error(`too large: ${saved.tooLarge}`);
  browser.take(saved.cookies);
  return browser;
}

describe('finds', () => {
  test.each([
    ['one cookie', {}, 1],
    ['several cookies', large, 3],
  ])('what it saved, in %s', async (_, claims, chunks) => {
    const clock = createTestClock();
    const keys = randomKeys();
    const first = createTestStore({ clock, keys });
    const full = sessionAt(clock, {
      claims,
      claimNames: ['groups'],
      sid: 'sid',
      tokensEndAt: 5,
      refreshToken: 'refresh',
      accessToken: 'a.b.c',
      idToken: 'd.e.f',
    });
    const browser = await signIn(first, full);
    expect(browser.kept().size).toBe(chunks);
    // Another replica with the same keys.
    const { store } = createTestStore({ clock, keys });
    const found = store.find(browser.cookies(), plainPlace);
    expect(found).toBeInstanceOf(Promise);
    expect(await found).toMatchObject({ session: full, isCached: false, isCurrentKey: true });
    expect(store.find(browser.cookies(), plainPlace)).toMatchObject({ session: full, isCached: true });
    // The process that saved it need not open it.
    expect(first.store.find(browser.cookies(), plainPlace)).toMatchObject({ isCached: true });
  });

  test('nothing without a cookie of this name', () => {
    const { store } = createTestStore({ clock: createTestClock() });
    for (const line of ['', 'a=1', `x${name}=1`, 'oidc-authz=1', `a=1,${name}=x`])
      expect(store.find(readCookies([line]), plainPlace)).toEqual({ none: 'absent' });
  });

  test('a session once, even if several requests wait', async () => {
    const clock = createTestClock();
    const keys = randomKeys();
    const browser = await signIn(createTestStore({ clock, keys }), sessionAt(clock));
    const { store } = createTestStore({ clock, keys, maxOpenings: 1 });
    const found = await Promise.all([1, 2, 3].map(() => store.find(browser.cookies(), plainPlace)));
    const derived = found.map((one) => ('session' in one ? one.derived : undefined));
    expect(derived[0]).toBeDefined();
    expect(derived.every((one) => one === derived[0])).toBe(true);
    const cached = store.find(browser.cookies(), plainPlace);
    expect(cached).toMatchObject({ derived: derived[0] });
  });
});

describe('does not find', () => {
  test('a session whose chunks are dropped, swapped, cut or mixed with those of another', async () => {
    const clock = createTestClock();
    const keys = randomKeys();
    const writer = createTestStore({ clock, keys });
    const [one, two] = [
      await signIn(writer, sessionAt(clock, { claims: large })),
      await signIn(writer, sessionAt(clock, { claims: large, subject: 'mallory' })),
    ];
    const { store } = createTestStore({ clock, keys });
    const find = (cookies: ReadonlyMap<string, string>) =>
      store.find(readCookies([[...cookies].map(([key, value]) => `${key}=${value}`).join('; ')]), plainPlace);
    const names = [...one.kept().keys()];
    expect(names).toHaveLength(3);
    for (const dropped of names)
      expect(await find(new Map([...one.kept()].filter(([key]) => key !== dropped)))).toEqual(invalid);
    for (const mixed of names)
      expect(await find(new Map(one.kept()).set(mixed, two.kept().get(mixed) ?? ''))).toEqual(invalid);
    for (const [from, to] of [
      [0, 1],
      [1, 2],
      [0, 2],
    ] as const) {
      const swapped = new Map(one.kept())
        .set(names[from] ?? '', one.kept().get(names[to] ?? '') ?? '')
        .set(names[to] ?? '', one.kept().get(names[from] ?? '') ?? '');
      expect(await find(swapped)).toEqual(invalid);
    }
    const cut = new Map(one.kept()).set(names[2] ?? '', (one.kept().get(names[2] ?? '') ?? '').slice(0, -1));
    expect(await find(cut)).toEqual(invalid);
    // The whole of another session in the first chunk.
    expect(await find(one.kept())).toMatchObject({ session: { subject: 'alice' } });
  });

  test('a session next to a planted cookie of the same name, before or after it', async () => {
    const clock = createTestClock();
    const writer = createTestStore({ clock });
    const own = (await signIn(writer, sessionAt(clock))).line();
    const planted = (await signIn(writer, sessionAt(clock, { subject: 'mallory' }))).line();
    const { store } = writer;
    expect(await store.find(readCookies([`${planted}; ${own}`]), plainPlace)).toEqual(invalid);
    expect(await store.find(readCookies([own, planted]), plainPlace)).toEqual(invalid);
    expect(await store.find(readCookies([`${own}; ${name}.0=x`]), plainPlace)).toEqual(invalid);
    expect(await store.find(readCookies([`${own}; ${own}`]), plainPlace)).toMatchObject({ isCached: true });
    expect(store.clear(readCookies([`${own}; ${name}.0=x; a=1`]), plainPlace)).toEqual([
      expect.stringMatching(/^__Host-oidc-authz=; .*Max-Age=0; Secure/),
      expect.stringMatching(/^__Host-oidc-authz\.0=; .*Max-Age=0; Secure/),
    ]);
  });

  test('a session of another policy, even if its cookie is renamed', async () => {
    const clock = createTestClock();
    const writer = createTestStore({ clock });
    const teamA = { ...plainPlace, policy: 'team-a' };
    const browser = await signIn(writer, sessionAt(clock, { policy: 'team-a' }), createTestBrowser(), teamA);
    const [[cookie, value] = ['', '']] = browser.kept();
    expect(cookie).toBe(`${name}-team-a`);
    expect(writer.store.find(browser.cookies(), plainPlace)).toEqual({ none: 'absent' });
    expect(await writer.store.find(readCookies([`${name}=${value}`]), plainPlace)).toEqual(invalid);
    expect(writer.store.find(browser.cookies(), teamA)).toMatchObject({ isCached: true });
  });

  test('a session that is copied to another host, cached or not, unless hosts share it', async () => {
    const clock = createTestClock();
    const keys = randomKeys();
    const other = { ...plainPlace, host: 'other.example.com' };
    for (const domain of [undefined, 'example.com']) {
      const writer = createTestStore({ clock, keys, ...(domain !== undefined && { domain }) });
      const reader = createTestStore({ clock, keys, ...(domain !== undefined && { domain }) });
      const cookies = (await signIn(writer, sessionAt(clock))).cookies();
      for (const { store } of [writer, reader, reader]) {
        const found = await store.find(cookies, other);
        if (domain === undefined) expect(whyOf(found)).toEqual({ is: 'of_other_host' });
        else expect(found).toMatchObject({ session: { subject: 'alice' } });
        expect(await store.find(cookies, plainPlace)).toMatchObject({ session: { subject: 'alice' } });
      }
    }
  });

  test('a session of one host, renamed to the cookie that hosts share, and the other way', async () => {
    const clock = createTestClock();
    const keys = randomKeys();
    const [own, shared] = [
      createTestStore({ clock, keys }),
      createTestStore({ clock, keys, domain: 'example.com' }),
    ];
    for (const [writer, reader, renamed] of [
      [own, shared, '__Secure-oidc-authz'],
      [shared, own, name],
    ] as const) {
      const [value] = (await signIn(writer, sessionAt(clock))).kept().values();
      const found = await reader.store.find(readCookies([`${renamed}=${value}`]), plainPlace);
      expect(whyOf(found)).toEqual({ is: 'of_other_host' });
    }
  });

  test('a session of a key that it does not have, and names the key for the operator', async () => {
    const clock = createTestClock();
    const keys = randomKeys(2);
    const browser = await signIn(createTestStore({ clock, keys }), sessionAt(clock));
    const { store } = createTestStore({ clock });
    const why = whyOf(await store.find(browser.cookies(), plainPlace));
    expect(why).toEqual({ is: 'of_other_key', keyId: keys[0]?.id });
    const forged = Buffer.from('{"alg":"none","kid":"abcdefgh"}').toString('base64url');
    for (const value of ['x', `${forged}..a.b.c`, `${'x'.repeat(300)}.`, '.', ''])
      expect(whyOf(await store.find(readCookies([`${name}=${value}`]), plainPlace))).toEqual({
        is: 'unreadable',
      });
  });

  test('an ended session after an excursion of the clock', async () => {
    let jump = 0;
    const steady = createTestClock();
    const clock = { ...steady, now: () => steady.now() + jump };
    const { store } = createTestStore({ clock, maxAge: 1_800_000 });
    const session = sessionAt(clock);
    const browser = await signIn({ store } as TestStore, session);
    for (const at of [0, 5 * 3_600_000, -5 * 3_600_000, 0]) {
      jump = at;
      store.end(session);
      for (const later of [5 * 3_600_000, 0]) {
        jump = later;
        expect(store.find(browser.cookies(), plainPlace)).toMatchObject({ none: 'expired' });
      }
    }
  });

  test('a login in progress under the name of a session', async () => {
    const clock = createTestClock();
    const keys = randomKeys();
    const { createSeal } = await import('../../src/session/seal-values.ts');
    const { valueOfSession } = await import('../../src/session/session-value.ts');
    const seal = createSeal(() => keys);
    const { store } = createTestStore({ clock, keys });
    const value = valueOfSession(sessionAt(clock), plainPlace.host);
    const find = (sealed: string) => store.find(readCookies([`${name}=${sealed}`]), plainPlace);
    expect(await find(await seal.seal('oidc-authz-login', value))).toEqual(invalid);
    expect(await find(await seal.seal('oidc-authz-session', { ...value, v: 2 }))).toEqual(invalid);
    expect(await find(await seal.seal('oidc-authz-session', value))).toMatchObject({ isCached: false });
  });

  test('a session whose issuer ended it, with its cause', async () => {
    const clock = createTestClock();
    const writer = createTestStore({ clock });
    const browser = await signIn(writer, sessionAt(clock, { sid: 's' }));
    const other = await signIn(writer, sessionAt(clock, { sid: 't' }));
    const issuer = 'https://issuer.example.com';
    expect(await writer.store.endOf({ issuer, sid: 's' }, 'back_channel')).toBe(true);
    expect(writer.store.find(browser.cookies(), plainPlace)).toMatchObject({
      none: 'expired',
      end: { cause: 'back_channel', issuer },
    });
    expect(writer.store.find(other.cookies(), plainPlace)).toMatchObject({ isCached: true });
  });

  test('any session until it knows which ones other processes have ended', async () => {
    const clock = createTestClock();
    const client = createMemoryServer(clock).connect();
    client.fail('away');
    const keys = randomKeys();
    const browser = await signIn(createTestStore({ clock, keys }), sessionAt(clock));
    const { store } = createTestStore({ clock, keys, state: client });
    expect(await store.find(browser.cookies(), plainPlace)).toEqual({ unavailable: expect.any(String) });
    client.fail(undefined);
    expect(await store.find(browser.cookies(), plainPlace)).toMatchObject({ session: { subject: 'alice' } });
    client.fail('away');
    expect(await store.find(browser.cookies(), plainPlace)).toMatchObject({ session: { subject: 'alice' } });
  });

  test('an ended session, also with a copied or an older cookie, until it is too old anyway', async () => {
    const clock = createTestClock();
    const writer = createTestStore({ clock });
    const { store, memory } = writer;
    const session = sessionAt(clock);
    const older = (await signIn(writer, session)).cookies();
    const browser = await signIn(writer, { ...session, seenAt: session.seenAt + 60 });
    store.end(session);
    expect(store.find(browser.cookies(), plainPlace)).toMatchObject({ none: 'expired' });
    expect(store.find(older, plainPlace)).toMatchObject({ none: 'expired' });
    expect(memory.ended.size()).toBe(1);
    clock.pass(12 * 3_600_000);
    expect(store.find(older, plainPlace)).toMatchObject({ none: 'expired' });
    await store.end(sessionAt(clock));
    expect(memory.ended.size()).toBe(1);
  });
});

describe('keys', () => {
  test('a rotation keeps every session, and a removed key ends its sessions at once', async () => {
    const clock = createTestClock();
    const [old] = randomKeys();
    const [next] = randomKeys();
    if (old === undefined || next === undefined) throw new Error('no keys');
    const writer = createTestStore({ clock, keys: [old] });
    const { store, replaceKeys } = writer;
    const browser = await signIn(writer, sessionAt(clock));
    expect(store.find(browser.cookies(), plainPlace)).toMatchObject({ isCached: true, isCurrentKey: true });
    replaceKeys([next, old]);
    expect(store.find(browser.cookies(), plainPlace)).toMatchObject({ isCached: true, isCurrentKey: false });
    const opening = createTestStore({ clock, keys: [old] });
    const waiting = opening.store.find(browser.cookies(), plainPlace);
    opening.replaceKeys([next]);
    expect(await waiting).toEqual(invalid);
    replaceKeys([next]);
    expect(store.find(browser.cookies(), plainPlace)).toEqual(invalid);
  });
});

describe('saves', () => {
  test('deletes what is left over when a session needs fewer or more cookies', async () => {
    const clock = createTestClock();
    const writer = createTestStore({ clock });
    const browser = await signIn(writer, sessionAt(clock, { claims: large }));
    expect([...browser.kept().keys()]).toEqual([`${name}.0`, `${name}.1`, `${name}.2`]);
    await signIn(writer, sessionAt(clock), browser);
    expect([...browser.kept().keys()]).toEqual([name]);
    await signIn(writer, sessionAt(clock, { claims: large }), browser);
    expect([...browser.kept().keys()]).toEqual([`${name}.0`, `${name}.1`, `${name}.2`]);
    expect(writer.store.find(browser.cookies(), plainPlace)).toMatchObject({ isCached: true });
  });

  test('the cookie lives as long as the session may', async () => {
    const clock = createTestClock();
    const { store } = createTestStore({ clock, maxAge: 3_600_000 });
    const session = sessionAt(clock);
    clock.pass(600_000);
    const saved = await store.save(session, readCookies([]), plainPlace);
    expect(saved).toMatchObject({ cookies: [expect.stringMatching(/; Max-Age=(2999|3000);/)], chunks: 1 });
  });

  test('names the largest part of a session that does not fit', async () => {
    const clock = createTestClock();
    const { store } = createTestStore({ clock });
    const save = (more: Partial<Session>) => store.save(sessionAt(clock, more), readCookies([]), plainPlace);
    expect(await save({ claims: { groups: ['x'.repeat(9_000)], email: 'e' } })).toEqual({
      tooLarge: 'the claim groups',
      bytes: 9_004,
    });
    expect(await save({ accessToken: 'x'.repeat(12_000) })).toEqual({
      tooLarge: 'the access token',
      bytes: 12_000,
    });
  });

  test('leaves the hint of the sign-out out, if it would need a second cookie', async () => {
    const clock = createTestClock();
    const optional = createTestStore({ clock, isHintOptional: true });
    const required = createTestStore({ clock });
    const hint = { idToken: 'x'.repeat(3_000) };
    for (const [writer, more, cookies, isKept] of [
      [optional, hint, 2, false],
      [required, hint, 2, true],
      [optional, { idToken: 'x'.repeat(500) }, 1, true],
    ] as const) {
      const browser = await signIn(writer, sessionAt(clock, more));
      expect(browser.kept().size).toBe(isKept ? cookies : 1);
      const found = await writer.store.find(browser.cookies(), plainPlace);
      expect('session' in found && found.session.idToken !== undefined).toBe(isKept);
    }
  });

  test('a shared cookie has a domain, and one over plain HTTP has no prefix', async () => {
    const clock = createTestClock();
    const shared = createTestStore({ clock, domain: 'example.com' });
    const cookies = async (place: CookiePlace) => {
      const saved = await shared.store.save(sessionAt(clock), readCookies([]), place);
      return 'cookies' in saved ? saved.cookies : [];
    };
    expect(await cookies(plainPlace)).toEqual([
      expect.stringMatching(/^__Secure-oidc-authz=.*; Domain=example\.com; Secure; HttpOnly; SameSite=Lax$/),
    ]);
    expect(await cookies({ ...plainPlace, isHttp: true })).toEqual([
      expect.stringMatching(/^oidc-authz=.*; Domain=example\.com; HttpOnly; SameSite=Lax$/),
    ]);
  });
});

describe('limits', () => {
  test('opens a bounded number of cookies at the same time, and keeps the cookies of the others', async () => {
    const clock = createTestClock();
    const keys = randomKeys();
    const browser = await signIn(createTestStore({ clock, keys }), sessionAt(clock));
    const { store } = createTestStore({ clock, keys, maxOpenings: 2 });
    const forged = (index: number) => readCookies([`${name}=forged${index}`]);
    const found = [1, 2, 3].map((index) => store.find(forged(index), plainPlace));
    expect(found[2]).toEqual({ overloaded: true });
    expect(store.find(browser.cookies(), plainPlace)).toEqual({ overloaded: true });
    expect(await Promise.all(found.slice(0, 2))).toEqual([invalid, invalid]);
    expect(await store.find(browser.cookies(), plainPlace)).toMatchObject({ isCached: false });
  });

  test('a flood of different cookies is not cached', async () => {
    const clock = createTestClock();
    const writer = createTestStore({ clock });
    const sealed = [...(await signIn(writer, sessionAt(clock))).kept().values()][0] ?? '';
    const before = writer.memory.opened.size();
    for (let index = 0; index < 2_000; index++) {
      const changed = `${sealed.slice(0, -22)}${String(index).padStart(22, 'A')}`;
      expect(await writer.store.find(readCookies([`${name}=${changed}`]), plainPlace)).toEqual(invalid);
    }
    expect(writer.memory.opened.size()).toBe(before);
  });

  test('remembers sessions up to a number and a size', async () => {
    const clock = createTestClock();
    for (const [limits, count] of [
      [{ maxEntries: 3, maxBytes: 2 ** 30 }, 3],
      [{ maxEntries: 100, maxBytes: 5_000 }, 2],
      [{ maxEntries: 0, maxBytes: 2 ** 30 }, 0],
      [{ maxEntries: 100, maxBytes: 0 }, 0],
    ] as const) {
      const memory = createSessionMemory(limits, createTestEnded({ clock }));
      const writer = createTestStore({ clock, memory });
      for (let index = 0; index < 10; index++) await signIn(writer, sessionAt(clock));
      expect(memory.opened.size()).toBe(count);
    }
  });

  test('a dry run remembers nothing', async () => {
    const clock = createTestClock();
    const keys = randomKeys();
    const browser = await signIn(createTestStore({ clock, keys }), sessionAt(clock));
    const { store, memory } = createTestStore({ clock, keys });
    expect(await store.find(browser.cookies(), plainPlace, true)).toMatchObject({ isCached: false });
    expect(memory.opened.size()).toBe(0);
  });
});
