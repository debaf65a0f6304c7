/**
 * Fills the cache of a check with tokens, makes their answers, and prints what they take of the heap as JSON. Run it with `--expose-gc`.
 * Its arguments are the number of tokens, a shape, the transports, and a setting.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { createReplayStore } from '../../../../src/check/binding/used-proofs.ts';
import { readDenyList } from '../../../../src/config/load/deny-list.ts';
import { loadConfig } from '../../../../src/config/load/load.ts';
import { createTokenCache } from '../../../../src/credential/token/cache.ts';
import type { VerificationKey } from '../../../../src/issuer/keys/key-set.ts';
import type { Decision } from '../../../../src/model/decision.ts';
import type { Clock } from '../../../../src/runtime/time/clock.ts';
import { createConfiguredCheck } from '../../../../src/service/configured-check.ts';
import { createToResponse } from '../../../../src/transport/grpc/check/decision-response.ts';
import { createToReply } from '../../../../src/transport/http/check/reply.ts';
import { checkRequest } from '../../../support/requests.ts';
import { settingNamed } from './settings.ts';
import { claimsOfShape, isShape } from './shapes.ts';

const [, , countText = '20000', shape = 'usual', transports = 'http+grpc', settingName = 'plain'] =
  process.argv;
const setting = settingNamed(settingName);
const count = Number(countText);
if (!isShape(shape)) throw new TypeError(`unknown shape ${shape}`);
const { gc } = globalThis;
if (gc === undefined) throw new TypeError('run with --expose-gc');

const issuerUrl = 'https://issuer.example.com';
const config = await loadConfig({
  flags: [{ name: '--config', value: 'test.yaml' }],
  environment: {},
  readFile: () =>
    `issuers: [{issuer: "${issuerUrl}", audiences: [orders-api], boundTokens: asBearer, ${setting.issuer ?? 'name: main'}}]
${setting.options ?? ''}`,
});
const [issuerConfig] = config.issuers;
if (issuerConfig === undefined) throw new TypeError('no issuer');

// A key that accepts every signature: the heap does not depend on the signature, and signing would take a minute.
const key: VerificationKey = {
  id: 'key-1',
  algorithm: 'RS256',
  verify: () => true,
  fingerprint: 'key-1',
  material: 'key-1',
};
const issuer = {
  hasKeys: () => true,
  findKeys: () => [key],
  knowsKeyId: () => true,
  holds: () => true,
  published: () => undefined,
  fetchForUnknownKey: () => undefined,
  describeKeys: () => ({ keys: [] }) as never,
};

// No time passes, so that no check is late on a machine with other work.
const clock: Clock = { now: Date.now, monotonic: () => 0, after: () => () => {} };
const denyList = setting.hasDenyList
  ? readDenyList(JSON.stringify([{ issuer: issuerUrl, sub: 'nobody' }]), 'list')
  : [];
const cache = createTokenCache({ ...config.cache, maxEntries: count, maxBytes: 2 ** 40 });
const check = createConfiguredCheck(
  {
    config,
    issuers: [{ config: issuerConfig, issuer }],
    denyList: () => denyList,
    cache,
    replays: createReplayStore(),
    clock,
  },
  { onLookup: () => {}, onFull: () => {} },
);
const toReply = createToReply(config, clock);
const toResponse = createToResponse({ ...config, forwarded: [] }, (error) => {
  throw error;
});

const header = Buffer.from('{"alg":"RS256","kid":"key-1","typ":"at+jwt"}').toString('base64url');
const now = Math.floor(Date.now() / 1000);

function mint(): string {
  const claims = { iss: issuerUrl, aud: 'orders-api', iat: now, exp: now + 3_600, jti: randomUUID() };
  const payload = Buffer.from(JSON.stringify({ ...claims, ...claimsOfShape(shape as 'usual') }));
  return `${header}.${payload.toString('base64url')}.${randomBytes(256).toString('base64url')}`;
}

const { paths = ['/'] } = setting;

async function checkToken(token: string): Promise<void> {
  // The token is a part of the header, as in a request.
  for (const path of [...paths, ...paths, ...paths]) {
    const request = checkRequest({ path, authorization: [`Bearer ${token}`] });
    const decision: Decision = await check(request);
    if (decision.outcome !== 'allow') throw new TypeError(`a token is denied: ${decision.reason}`);
    if (transports.includes('http')) toReply(decision, request);
    if (transports.includes('grpc')) toResponse(decision);
  }
}

async function usedBytes(): Promise<number> {
  // A collection in a task of its own finds nothing on the stack. The memory of buffers is freed by a later one.
  for (let time = 0; time < 4; time++)
    await gc?.({ type: 'major', execution: 'async', flavor: 'last-resort' });
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Fills the cache. @returns the bytes that each token added */
async function fill(tokens: number): Promise<number> {
  const before = await usedBytes();
  for (let index = 0; index < tokens; index++) await checkToken(mint());
  return ((await usedBytes()) - before) / tokens;
}

// The lists of the cache have their full size from the start, so their part is counted apart.
const start = await usedBytes();
const other = createTokenCache({ ...config.cache, maxEntries: count, maxBytes: 2 ** 40 });
const listBytes = ((await usedBytes()) - start) / count;
// The code, the shared profiles and the prepared answers are there before the measured tokens.
const warmUp = 2_000;
await fill(warmUp);
const heapBytes = await fill(count - warmUp);
const size = mint().length;
process.stdout.write(
  `${JSON.stringify({
    size,
    entries: cache.size() + other.size(),
    bytesPerToken: Math.round(heapBytes + listBytes),
    estimatePerToken: Math.round(cache.bytes() / cache.size()),
  })}\n`,
);
