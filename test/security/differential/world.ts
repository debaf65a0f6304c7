/** Issuers whose keys change, the service's verifier in every form, and jose. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JSONWebKeySet } from 'jose';
import { type Algorithm, supportedAlgorithms } from '../../../src/config/declare/issuer-options.ts';
import type { Observe } from '../../../src/credential/cross-check/observe.ts';
import { createTokenCache } from '../../../src/credential/token/cache.ts';
import { createVerifier, type Verify } from '../../../src/credential/token/verifier.ts';
import type { Issuer } from '../../../src/issuer/issuer.ts';
import { planIssuer } from '../../../src/issuer/issuer-plan.ts';
import { configOf } from '../../support/app.ts';
import { createTestClock, type TestClock } from '../../support/clock.ts';
import { quietContext } from '../../support/core.ts';
import { audience, type FakeIssuer, sendJson, startFakeIssuer } from '../../support/fake-issuer.ts';
import { createIssuerMirror } from '../../support/issuer-mirror.ts';
import { issuerOf } from './issuer-of.ts';
import type { Pair } from './key-pool.ts';
import { createJose, type JoseVerdict } from './oracles.ts';
import type { Random } from './random.ts';
import type { Origin, Published } from './signed.ts';

/** Verifies a token of any issuer with jose. */
export type AskJose = (token: string) => Promise<JoseVerdict>;

/** The issuers, keys and verifiers of both sides. */
export interface World {
  readonly clock: TestClock;
  /** The service's configuration as text. */
  readonly configuration: string;
  /** The issuer that a started service uses. */
  readonly main: FakeIssuer;
  /** The issuers with the keys that each publishes now. */
  readonly origins: () => readonly Origin[];
  /** The published key sets, for a report. */
  readonly published: () => Readonly<Record<string, JSONWebKeySet>>;
  /** The verifier: without a cache, with one, and with keys from another process. */
  readonly verifiers: Readonly<Record<'cold' | 'warm' | 'mirrored', Verify>>;
  /** Changes the key sets: keys are added, removed, replaced under one `kid`, or change their `alg`. */
  readonly rotate: () => void;
  /** Makes the service fetch the key sets. */
  readonly refresh: () => Promise<void>;
  /** Creates jose verifiers with the published keys. */
  readonly createAskJose: () => AskJose;
  readonly close: () => Promise<void>;
}

interface Entry {
  readonly config: { readonly issuer: string; readonly algorithms: readonly Algorithm[] };
  readonly keys: () => readonly Published[];
  readonly isUnnamed: boolean;
}

const filesIssuer = 'https://files.example.com';

/** Starts the world. */
export async function createWorld(
  pool: readonly Pair[],
  random: Random,
  createObserve?: (clock: TestClock) => Observe,
): Promise<World> {
  const clock = createTestClock();
  // jose uses whole seconds, so the clock starts at one.
  clock.jump(1000 - (clock.now() % 1000));
  let keys = pool.map((pair, index): Published => ({ pair, kid: `k${index}`, alg: undefined }));
  const jwksOf = (published: readonly Published[]): JSONWebKeySet => ({
    keys: published.map(({ pair, kid, alg }) => ({
      ...pair.jwk,
      ...(kid !== undefined && { kid }),
      ...(alg !== undefined && { alg }),
    })) as JSONWebKeySet['keys'],
  });
  const endpoint: FakeIssuer['jwks'] = (_, response) => sendJson(response, jwksOf(keys));
  const main = await startFakeIssuer({ keys: [] });
  const narrow = await startFakeIssuer({ keys: [] });
  [main.jwks, narrow.jwks] = [endpoint, endpoint];

  const folder = mkdtempSync(join(tmpdir(), 'differential-'));
  const inFiles = pool.filter((_, index) => index % 3 === 0);
  const files = inFiles.map(({ publicKey }, index) => {
    const file = join(folder, `${index}.pem`);
    writeFileSync(file, publicKey.export({ format: 'pem', type: 'spki' }));
    return file;
  });

  const all = supportedAlgorithms.join(', ');
  const entry = (issuer: string, name: string, more: string) =>
    `  - {issuer: "${issuer}", name: ${name}, audiences: [${audience}], ${more}}`;
  const configuration = [
    'issuers:',
    entry(main.url, 'main', `algorithms: [${all}]`),
    entry(narrow.url, 'narrow', 'algorithms: [RS256, ES256]'),
    entry(filesIssuer, 'files', `algorithms: [${all}], publicKeyFiles: ${JSON.stringify(files)}`),
    'http: {host: 127.0.0.1, port: 0}',
    'grpc: {host: 127.0.0.1, port: 0}',
    'admin: {host: 127.0.0.1, port: 0}',
    'limits: {maxVerificationsInFlight: 65536}',
    'shutdown: {delay: 0s, timeout: 5s}',
    'log: {checks: none}',
    '',
  ].join('\n');
  const config = await configOf(configuration);
  const owners: Issuer[] = config.issuers.map((one) => planIssuer(one, config, quietContext(clock)).create());
  for (const owner of owners) owner.start();
  await Promise.all(owners.map(({ firstKeys }) => firstKeys));

  const mirrored = config.issuers.map((one, index) => {
    const owner = owners[index];
    if (owner === undefined) throw new TypeError('no owner');
    return { mirror: createIssuerMirror(owner, one, config, clock), owner };
  });
  const observe = createObserve?.(clock);
  const verifierOf = (
    issuers: readonly (typeof owners)[number][] | readonly (typeof mirrored)[number]['mirror'][],
    maxEntries: number,
  ) =>
    createVerifier({
      issuers: config.issuers.map((one, index) => {
        const issuer = issuers[index];
        if (issuer === undefined) throw new TypeError('no issuer');
        return { config: one, issuer };
      }),
      denyList: () => [],
      cache: createTokenCache({ ...config.cache, maxEntries }),
      limits: config.limits,
      clock,
      onLookup: () => {},
      ...(observe !== undefined && { observe }),
    });

  const named = () => keys;
  const unnamed = inFiles.map((pair): Published => ({ pair, kid: undefined, alg: undefined }));
  const entries: readonly Entry[] = config.issuers.map((one) =>
    one.issuer === filesIssuer
      ? { config: one, keys: () => unnamed, isUnnamed: true }
      : { config: one, keys: named, isUnnamed: false },
  );

  return {
    clock,
    configuration,
    main,
    origins: () => entries.map((one) => ({ ...one.config, keys: one.keys() })),
    published: () => Object.fromEntries(entries.map((one) => [one.config.issuer, jwksOf(one.keys())])),
    verifiers: {
      cold: verifierOf(owners, 0),
      warm: verifierOf(owners, 2_000),
      mirrored: verifierOf(
        mirrored.map(({ mirror }) => mirror),
        0,
      ),
    },
    rotate: () => {
      keys = rotated(keys, pool, random);
    },
    refresh: async () => {
      await Promise.all(owners.map((owner) => owner.refresh()));
      for (const { mirror, owner } of mirrored) mirror.update(owner.snapshot());
    },
    createAskJose: () => {
      const judges = new Map(
        entries.map((one) => [
          one.config.issuer,
          createJose({ ...one.config, audience, jwks: jwksOf(one.keys()), isUnnamed: one.isUnnamed }),
        ]),
      );
      const fallback = judges.get(main.url);
      return async (token) => {
        const judge = judges.get(issuerOf(token)) ?? fallback;
        return judge === undefined ? 'no judge' : judge(token, clock.now());
      };
    },
    close: async () => {
      for (const owner of owners) owner.stop();
      rmSync(folder, { recursive: true });
      await Promise.all([main.close(), narrow.close()]);
    },
  };
}

/** The keys after a rotation; at least one remains. */
function rotated(before: readonly Published[], pool: readonly Pair[], random: Random): Published[] {
  const keys = [...before];
  for (let step = 0; step < 4; step++) {
    const at = random.below(keys.length);
    const one = keys[at];
    if (one === undefined) continue;
    switch (random.below(5)) {
      case 0: {
        // Another key with the same `kid`.
        const alike = random.pick(pool.filter(({ algorithms }) => algorithms[0] === one.pair.algorithms[0]));
        keys[at] = { ...one, pair: alike };
        break;
      }
      case 1: {
        const other = random.below(keys.length);
        const [mine, its] = [keys[at]?.kid, keys[other]?.kid];
        const two = keys[other];
        if (two === undefined || other === at) break;
        keys[at] = { ...one, kid: its };
        keys[other] = { ...two, kid: mine };
        break;
      }
      case 2:
        if (keys.length > pool.length - 4) keys.splice(at, 1);
        break;
      case 3: {
        const isFree = (kid: string) => keys.every((key) => key.kid !== kid);
        const kid = pool.map((_, index) => `k${index}`).find(isFree);
        const absent = pool.filter((pair) => keys.every((key) => key.pair !== pair));
        if (kid !== undefined && absent.length > 0)
          keys.push({ pair: random.pick(absent), kid, alg: undefined });
        break;
      }
      default:
        keys[at] = { ...one, alg: random.chance(0.7) ? undefined : random.pick(one.pair.algorithms) };
    }
  }
  return keys;
}
