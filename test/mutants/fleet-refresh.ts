/** Mutants of the renewal of shared sessions. */
import type { Mutant } from './mutant.ts';

const fleet = ['test/login/refresh-in-fleet.test.ts'];
const services = ['test/login/refreshed-shared-sessions.test.ts'];
const lock = ['test/session/session-lock.test.ts'];
const client = ['test/login/client/hostile-issuer.test.ts'];
const underLock = 'src/login/refresh-under-lock.ts';
const inFleet = 'src/login/refresh-in-fleet.ts';

/** Each removes one defence of a session that several processes renew. */
export const fleetRefreshMutants: readonly Mutant[] = [
  {
    name: 'a process renews a session that another one has locked',
    file: underLock,
    find: 'const lock = await shared().lock(asked, lockLife);',
    replace: `const lock = (await shared().lock(asked, lockLife)) ?? {
      release: async () => {},
      extend: async () => true,
    };`,
    tests: fleet,
  },
  {
    name: 'a session is not read again under its lock',
    file: underLock,
    find: "if ('done' in seen) return seen.done;",
    replace: "if ('done' in seen) Object.assign(seen, { before: asked });",
    tests: ['test/login/refresh-schedules.test.ts'],
  },
  {
    name: 'a process that was stopped uses a refresh token after its lock ended',
    file: underLock,
    find: 'if (clock.monotonic() - lockedAt > lockReserve - reserveForWrite) return undefined;',
    replace: '',
    tests: fleet,
  },
  {
    name: 'a rejection ends a session that another process has renewed',
    file: underLock,
    find: "if ('done' in seen && seen.done.kind !== 'current') return seen.done;",
    replace: '',
    tests: fleet,
  },
  {
    name: 'a session that the issuer rejects stays in the store',
    file: underLock,
    find: 'await end(before);',
    replace: '',
    tests: fleet,
  },
  {
    name: 'new tokens that the store does not take are not tried again',
    file: underLock,
    find: 'lateWrites.add(saved, lock);',
    replace: '',
    tests: fleet,
  },
  {
    name: 'the lock of new tokens that wait ends while the store is full',
    file: 'src/login/refresh-late-writes.ts',
    find: 'await extendLocks();',
    replace: '{}',
    tests: fleet,
  },
  {
    name: 'a late write after a move of the sessions ends the process',
    file: 'src/service/session-renewals.ts',
    find: 'if (isShared) lastShared = next.store;',
    replace: 'lastShared = next.store;',
    tests: ['test/service/sessions/renewals-after-a-move.test.ts'],
  },
  {
    name: 'new tokens that a fail-over lost are not written again',
    file: underLock,
    find: 'lateWrites.written(saved);',
    replace: '',
    tests: fleet,
  },
  {
    name: 'the refresh token of a session that was ended meanwhile stays valid',
    file: underLock,
    find: 'if (next.refreshToken !== undefined) revoke(issuer, next.refreshToken);',
    replace: '',
    tests: fleet,
  },
  {
    name: 'the refresh token of an answer that cannot be verified is lost',
    file: underLock,
    find: 'if (kept !== undefined) ({ isLockKept } = await save(before, kept, issuer, lock));',
    replace: '',
    tests: fleet,
  },
  {
    name: 'a refresh token is used at once after the store was away',
    file: inFleet,
    find: 'if (!isSettled()) return undefined;',
    replace: '',
    tests: fleet,
  },
  {
    name: 'a sign-out does not revoke the newest refresh token of the fleet',
    file: inFleet,
    find: 'const stored = found ?? session;',
    replace: 'const stored = session;',
    tests: fleet,
  },
  {
    name: 'sessions of the same age are renewed at the same time',
    file: 'src/login/refresh-requests.ts',
    find: "due === 'soon' && delay !== undefined",
    replace: "due === 'later' && delay !== undefined",
    tests: fleet,
  },
  {
    name: 'one person that the issuer refuses pauses all others',
    file: 'src/login/refresh-pauses.ts',
    find: 'if (isOfSession) {',
    replace: 'if (isOfSession && issuer === "") {',
    tests: fleet,
  },
  {
    name: 'one person that the issuer refuses slows all others down',
    file: underLock,
    find: 'if (isOfSession) place.answered();\n        else place.failed();',
    replace: 'place.failed();',
    tests: fleet,
  },
  {
    name: 'a process asks an issuer any number of times at once',
    file: 'src/login/refresh-line.ts',
    find: 'inside: 64',
    replace: 'inside: 100_000',
    tests: fleet,
  },
  {
    name: 'a process exits without the tokens that it has asked for',
    file: 'src/login/refresh-requests.ts',
    find: 'await Promise.all([...flights.values()].map(({ renewal }) => renewal));',
    replace: '',
    tests: fleet,
  },
  {
    name: 'each request that waits ends the session',
    file: 'src/login/find-session.ts',
    find: 'if (store.shared === undefined) void store.end',
    replace: 'void store.end',
    tests: services,
  },
  {
    name: 'a lock request without an answer locks a session',
    file: 'src/session/session-lock.ts',
    find: '        await release(name, owner, until);\n',
    replace: '',
    tests: lock,
  },
  {
    name: 'a wrong clock ends sessions',
    file: 'src/login/client/read-tokens.ts',
    find: ' || isTimeWrong === true',
    replace: '',
    tests: client,
  },
  {
    name: 'an algorithm that old metadata does not list ends sessions',
    file: 'src/login/client/read-tokens.ts',
    find: ' || isUnlisted === true',
    replace: '',
    tests: client,
  },
  {
    name: 'the library throws the new refresh token away',
    file: 'src/login/client/create-login-client.ts',
    find: 'await configure(metadata, held.fetch)',
    replace: 'await configure(metadata)',
    tests: client,
  },
];
