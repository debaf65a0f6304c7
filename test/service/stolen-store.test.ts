/** LG-09: a stolen store shows no token, no person and no secret. The store is a real redis-server, with its files. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KoaContextWithOIDC } from 'oidc-provider';
import { expect, onTestFinished, test } from 'vitest';
import { findRedis } from '../../tools/redis.ts';
import { until } from '../support/app.ts';
import { signIn } from '../support/login-provider.ts';
import { shop as host, startLoginParts } from '../support/login-service.ts';
import { describeWith } from '../support/real-servers.ts';
import { type RedisServer, startRedis } from '../support/redis/server.ts';
import { findSecrets } from '../support/secrets-in-text.ts';
import { shopFile, startShop } from '../support/shop-service.ts';

const page = `https://${host}/cart`;
const people = ['alice', 'barbara.von-und-zu', 'carol'];

/** Everything in a server: each value by its own command, the dump of each key, and the files. */
async function stealAll(
  redis: RedisServer,
): Promise<{ readonly keys: readonly string[]; readonly bytes: Buffer }> {
  const keys = (await redis.command('KEYS', '*')) as string[];
  const values = await Promise.all(
    keys.map(async (key) => {
      const type = await redis.command('TYPE', key);
      if (type === 'string') return redis.command('GET', key);
      if (type === 'zset') return redis.command('ZRANGE', key, '0', '-1');
      if (type === 'stream') return redis.command('XRANGE', key, '-', '+');
      throw new Error(`${key} has the type ${type}`);
    }),
  );
  await redis.command('SAVE');
  const [, folder] = (await redis.command('CONFIG', 'GET', 'dir')) as string[];
  const files = readdirSync(folder ?? '', { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.conf'))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name)));
  return { keys, bytes: Buffer.concat([Buffer.from(JSON.stringify([keys, values])), ...files]) };
}

test('the search finds a secret in each form', () => {
  const secret = 'barbara@example.com';
  const bytes = Buffer.from(secret);
  const inJson = Buffer.from(JSON.stringify({ a: 1, email: secret }));
  for (const [form, text] of [
    ['text', secret],
    ['hex', bytes.toString('hex')],
    ['base64 at', inJson.toString('base64')],
    ['base64url at', inJson.toString('base64url')],
    ['inside base64', `x${inJson.toString('base64url')}`],
    ['inside hex', inJson.toString('hex')],
    ['sha256 hex', createHash('sha256').update(secret).digest('hex')],
    ['sha256 base64', createHash('sha256').update(secret).digest('base64')],
    ['sha256 bytes', createHash('sha256').update(secret).digest('latin1')],
    ['sha1 hex', createHash('sha1').update(secret.toUpperCase()).digest('hex')],
  ] as const)
    expect(
      findSecrets(Buffer.from(`..${text}..`, 'latin1'), { secret }).map((found) => found.form),
    ).toContainEqual(expect.stringContaining(form));
  expect(findSecrets(Buffer.from('nothing of interest'), { secret })).toEqual([]);
});

describeWith('LG-09: a stolen store', await findRedis(), (path) => {
  test('has no token, subject, email, group, session ID or key of a person who signed in, in no form', async () => {
    const redis = await startRedis(path);
    onTestFinished(redis.stop);
    const parts = await startLoginParts('refresh: true, recheck: 1m, backChannelLogout: false');
    const secrets: Record<string, string> = {};
    const bodies: Record<string, unknown>[] = [];
    parts.provider.provider.on('grant.success', (context: KoaContextWithOIDC) => {
      bodies.push(context.body as Record<string, unknown>);
    });
    const file = shopFile(parts, `state: {valkey: {urls: ["${redis.url}"]}}`);
    const { mesh } = await startShop(parts, { file });
    for (const person of people) {
      const browser = parts.browser(mesh);
      expect((await signIn(browser, page, person)).status).toBe(200);
      expect((await browser.open(page)).status).toBe(200);
      secrets[`the cookie of ${person}`] = browser.cookies(host).get('__Host-oidc-authz') ?? '';
      secrets[`the email of ${person}`] = `${person}@example.com`;
      if (person !== 'carol') continue;
      await browser.open(`https://${host}/.oidc-authz/sign-out`, ({ pathname }) =>
        pathname.includes('session'),
      );
    }
    expect(bodies).toHaveLength(people.length);
    for (const [index, body] of bodies.entries())
      for (const [name, value] of Object.entries(body))
        if (name.endsWith('_token')) secrets[`${name} ${index}`] = String(value);
    const claims = bodies.map(({ id_token }) =>
      JSON.parse(Buffer.from(String(id_token).split('.')[1] ?? '', 'base64url').toString()),
    );
    for (const [index, { sub, sid, nonce }] of claims.entries())
      Object.assign(secrets, {
        [`sub ${index}`]: sub,
        [`nonce ${index}`]: nonce,
        ...(sid && { [`sid ${index}`]: sid }),
      });
    Object.assign(secrets, {
      issuer: parts.provider.url,
      'client secret': 'a-secret-that-is-long-enough-for-tests',
      'session key': readFileSync(parts.keysFile, 'utf8').trim(),
      'group claim': '"groups"',
      host,
    });
    expect(Object.keys(secrets).length).toBeGreaterThan(20);
    const stolen = async () => (await stealAll(redis)).keys.filter((key) => key.includes(':session:'));
    await until(async () => (await stolen()).length === 2);
    const { keys, bytes } = await stealAll(redis);
    expect(keys.some((key) => key.includes(':sessions:'))).toBe(true);
    expect(keys.some((key) => key.includes('ended'))).toBe(true);
    // The AOF has the removed record, too.
    expect(bytes.includes('ZREM')).toBe(true);
    expect(findSecrets(bytes, secrets)).toEqual([]);
  });
});
