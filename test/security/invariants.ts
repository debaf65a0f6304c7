/**
 * Properties that must hold for every input. The tests check each one several hundred times, `npm run fuzz` for a given number of
 * seconds.
 */
import { posix } from 'node:path';
import fc from 'fast-check';
import {
  type CompactVerifyGetKey,
  compactVerify,
  createLocalJWKSet,
  type JSONWebKeySet,
  UnsecuredJWT,
} from 'jose';
import { supportedAlgorithms } from '../../src/config/declare/issuer-options.ts';
import { readDenyList } from '../../src/config/load/deny-list.ts';
import { ConfigError } from '../../src/config/validate/problems.ts';
import { readKeySet } from '../../src/issuer/keys/read-key-set.ts';
import { discover } from '../../src/issuer/source/discovery.ts';
import type { CheckRequest } from '../../src/model/check-request.ts';
import { type Reason, reasons } from '../../src/model/reasons.ts';
import type { TraceStep } from '../../src/model/trace.ts';
import { systemClock } from '../../src/runtime/time/clock.ts';
import { readCheckRequest } from '../../src/transport/grpc/check/check-request.ts';
import { createToResponse } from '../../src/transport/grpc/check/decision-response.ts';
import { MalformedMessage } from '../../src/transport/grpc/message/protobuf.ts';
import { createToReply } from '../../src/transport/http/check/reply.ts';
import { configOf } from '../support/app.ts';
import { startCore, type TestCore } from '../support/core.ts';
import { audience, type FakeIssuer } from '../support/fake-issuer.ts';
import { anyForgery, hashes, headerOf, settings } from '../support/forged-client-cert.ts';
import { lenientRules } from '../support/keys.ts';
import { officialCheck } from '../support/official-protos.ts';
import { checkRequest } from '../support/requests.ts';
import { base64url, goodClaims, goodHeader, signTexts } from '../support/tokens.ts';
import { keyOf } from './corpus/case.ts';

/** A property and its name. */
export interface Invariant {
  readonly name: string;
  readonly property: fc.IAsyncProperty<unknown[]>;
}

/** The longest time for one input, in milliseconds: far above the usual time, far below a denial of service. */
const patience = 1_000;

/** Creates the invariants. @returns them, and a function that stops the service they use */
export async function createInvariants(
  issuer: FakeIssuer,
): Promise<{ readonly invariants: readonly Invariant[]; readonly stop: () => void }> {
  const config = await configOf(
    `issuers: [{issuer: "${issuer.url}", audiences: [${audience}], name: main, boundTokens: verify, algorithms: [RS256, PS256]}]
dpop: {origins: ["https://orders.example.com"]}
clientCertificates: {trustedHops: 1}
`,
  );
  const core = await startCore(config);
  const ruled = await startCore(
    await configOf(`issuers: [{issuer: "${issuer.url}", audiences: [${audience}], name: main}]
rules:
  - {name: public, match: {paths: ["/public/{**}"]}, allow: anonymous}
  - {name: rest, require: {}}
`),
  );
  const mutual = await Promise.all(
    settings.map(async ({ trustedHops, trustedProxyUri, proxies }) => ({
      proxies,
      core: await startCore(
        await configOf(
          `issuers: [{issuer: "${issuer.url}", audiences: [${audience}], boundTokens: verify}]
clientCertificates: {trustedHops: ${trustedHops}, trustedProxyUri: "${trustedProxyUri}"}
`,
        ),
      ),
    })),
  );
  const [stolen, own] = await Promise.all(
    [hashes.victim, hashes.client].map((hash) =>
      issuer.mint({
        claims: { cnf: { 'x5t#S256': Buffer.from(hash, 'hex').toString('base64url') } },
      }),
    ),
  );
  const good = await issuer.mint();
  const jwks = { keys: issuer.keys.map(({ publicJwk }) => publicJwk) } as JSONWebKeySet;
  const toReply = createToReply(config, systemClock);
  const toResponse = createToResponse({ ...config, forwarded: [] }, (error) => {
    throw error;
  });

  /** Checks, and requires a known reason and a valid answer on both transports. */
  const check = async (request: CheckRequest): Promise<Reason> => {
    const started = performance.now();
    const decision = await core.check(request);
    if (performance.now() - started > patience) throw new Error('a check took too long');
    const steps: TraceStep[] = [];
    // A proof that the check used is no longer valid for the trace.
    const traced = await core.check(request, (step) => steps.push(step));
    if (decision.outcome !== 'allow' && traced.reason !== decision.reason)
      throw new Error(`${traced.reason} with a trace, ${decision.reason} without`);
    if (steps.at(-1)?.step !== 'decision') throw new Error('the trace does not end with the decision');
    if (traced.outcome !== 'allow' && !steps.some(({ result }) => result === 'failed'))
      throw new Error('no step of the trace failed');
    if (!Object.hasOwn(reasons, decision.reason)) throw new Error(`unknown reason: ${decision.reason}`);
    if (decision.reason === 'internal_error') throw new Error('an internal error', { cause: decision });
    const { status } = toReply(decision, request);
    if ((status === 200) !== (decision.outcome === 'allow') || status >= 500)
      throw new Error(`HTTP ${status}`);
    toResponse(decision);
    return decision.reason;
  };
  const isRefused = async (request: Partial<CheckRequest>) =>
    (await check(checkRequest(request))) !== 'allowed';
  const bearer = (token: string) => ({ authorization: [`Bearer ${token}`] });
  const sure = (holds: boolean) => {
    if (!holds) throw new Error('the invariant does not hold');
  };
  const onlyThrows = (act: () => unknown, ...kinds: (new (...given: never[]) => Error)[]) => {
    const started = performance.now();
    try {
      act();
    } catch (error) {
      if (!kinds.some((kind) => error instanceof kind)) throw error;
    }
    if (performance.now() - started > patience) throw new Error('it took too long');
  };

  const text = fc.string({ unit: 'binary', maxLength: 300 });
  const printable = fc.string({ unit: fc.constantFrom(...'Bearer DPoP.,=-_+/ \taZ09"\\{}'), maxLength: 60 });
  const bytes = fc.uint8Array({ maxLength: 400 });
  const json = fc.json({ maxDepth: 4 });

  const invariants: Invariant[] = [
    {
      name: 'a random authorization header is denied',
      property: fc.asyncProperty(
        fc.array(fc.oneof(text, printable), { maxLength: 3 }),
        async (authorization) => sure(await isRefused({ authorization })),
      ),
    },
    {
      name: 'a random token is denied',
      property: fc.asyncProperty(
        fc.tuple(fc.oneof(json, text), fc.oneof(json, text), bytes),
        async ([header, payload, signature]) =>
          sure(
            await isRefused(bearer([base64url(header), base64url(payload), base64url(signature)].join('.'))),
          ),
      ),
    },
    {
      name: 'a valid token with a part removed, inserted or replaced is denied',
      property: fc.asyncProperty(
        fc.tuple(
          fc.nat(good.length),
          fc.nat(20),
          fc.string({ unit: fc.constantFrom(...'ABab09-_.=+/ ,'), maxLength: 10 }),
        ),
        async ([at, length, insert]) => {
          const changed = good.slice(0, at) + insert + good.slice(at + length);
          if (changed !== good && changed.trim() !== good) sure(await isRefused(bearer(changed)));
        },
      ),
    },
    {
      name: 'a token with a valid signature is allowed only if the reference allows it, and a valid token always',
      property: fc.asyncProperty(fc.tuple(oddHeader(), oddClaims(issuer)), async ([header, claims]) => {
        const token = signTexts(
          JSON.stringify({ ...goodHeader(issuer), ...header }),
          JSON.stringify({ ...goodClaims(issuer), ...claims }),
          keyOf(issuer),
        );
        if (isOnTheEdge(claims)) return;
        const reason = await check(checkRequest(bearer(token)));
        const byReference = await isAllowedByReference(token, issuer, jwks);
        if (token.length <= 16 * 1024 && (reason === 'allowed') !== byReference)
          throw new Error(
            `${reason}, but the reference ${byReference ? 'allows' : 'refuses'}: ${JSON.stringify([header, claims])}`,
          );
      }),
    },
    {
      name: 'random proofs and certificates do not allow an unauthenticated client',
      property: fc.asyncProperty(
        fc.tuple(
          fc.array(fc.oneof(text, printable), { maxLength: 2 }),
          text,
          text,
          fc.oneof(text, fc.webPath()),
          text,
        ),
        async ([dpop, forwardedClientCert, peerCertificate, path, host]) => {
          const claims = goodClaims(issuer, { cnf: { jkt: 'A'.repeat(43), 'x5t#S256': 'A'.repeat(43) } });
          const token = signTexts(JSON.stringify(goodHeader(issuer)), JSON.stringify(claims), keyOf(issuer));
          for (const scheme of ['Bearer', 'DPoP'])
            sure(
              await isRefused({
                authorization: [`${scheme} ${token}`],
                dpop,
                forwardedClientCert,
                peerCertificate,
                path,
                host,
              }),
            );
        },
      ),
    },
    {
      name: 'a stolen token is denied behind any proxies, for every header and certificate of the thief',
      property: fc.asyncProperty(fc.tuple(anyForgery, fc.boolean()), async ([forgery, isRaw]) => {
        for (const { core: asked, proxies } of mutual) {
          const header = headerOf(forgery, proxies);
          for (const [token, allowed] of [
            [stolen, ['proof_invalid']],
            [own, ['proof_invalid', 'allowed']],
          ] as const) {
            const lines = { authorization: `Bearer ${token}`, 'x-forwarded-client-cert': header };
            const overHttp = checkRequest({
              authorization: [lines.authorization],
              forwardedClientCert: header,
            });
            const map = Object.entries(lines).map(([key, value]) => ({ key, rawValue: Buffer.from(value) }));
            const http = isRaw ? { headerMap: { headers: map } } : { headers: lines };
            const message = officialCheck.requestSerialize({ attributes: { request: { http } } });
            for (const request of [overHttp, readCheckRequest(message)]) {
              const { reason } = await asked.check(request);
              if (!allowed.some((one) => one === reason)) throw new Error(`${reason}: ${header}`);
            }
          }
        }
      }),
    },
    {
      name: 'a path that an anonymous rule allows is such a path to every reader, and all others need a token',
      property: fc.asyncProperty(
        fc.tuple(oddPath(), fc.constantFrom('GET', 'POST', 'OPTIONS')),
        async ([path, method]) => {
          const { outcome } = await ruled.check(checkRequest({ path, method, host: 'orders.example.com' }));
          if (outcome === 'allow') sure(readingsOf(path).every((reading) => reading.startsWith('/public/')));
        },
      ),
    },
    {
      name: 'a random message is read or rejected as malformed',
      property: fc.asyncProperty(bytes, async (message) =>
        onlyThrows(() => readCheckRequest(Buffer.from(message)), MalformedMessage),
      ),
    },
    {
      name: 'a message with changed bytes is read or rejected as malformed',
      property: fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { minLength: 1, maxLength: 6 }),
        async (changes) => {
          const http = {
            method: 'GET',
            path: '/',
            headers: { authorization: 'Bearer x' },
            headerMap: { headers: [{ key: 'dpop', rawValue: Buffer.from('y') }] },
          };
          const message = officialCheck.requestSerialize({
            attributes: { source: { certificate: 'c' }, request: { http } },
          });
          for (const [at, value] of changes) message[at % message.length] = value;
          onlyThrows(() => readCheckRequest(message), MalformedMessage);
        },
      ),
    },
    {
      name: 'a random key set gives usable keys or an error',
      property: fc.asyncProperty(fc.oneof(text, json, oddKeySet()), async (published) =>
        onlyThrows(() => {
          const { keySet } = readKeySet(published, lenientRules);
          sure(
            keySet.keys.length > 0 &&
              keySet.keys.every(({ algorithm }) => supportedAlgorithms.includes(algorithm)),
          );
        }, Error),
      ),
    },
    {
      name: 'a random discovery document leads to an address that may be fetched, or is an error',
      property: fc.asyncProperty(fc.oneof(text, json, oddDocument(issuer.url)), async (body) => {
        const fetch = () => Promise.resolve({ body, headers: {} });
        const found = await discover(issuer.url, `${issuer.url}/x`, fetch).catch((error: unknown) => {
          if (!(error instanceof Error)) throw new Error('no error', { cause: error });
          return undefined;
        });
        if (found !== undefined) sure(/^https?:\/\/(?!169\.254\.)/i.test(found.jwksUri));
      }),
    },
    {
      name: 'a random configuration is valid, or gives a list of problems',
      property: fc.asyncProperty(fc.oneof(text, json, oddConfiguration()), async (file) => {
        try {
          const read = await configOf(file);
          sure(read.issuers.length > 0);
        } catch (error) {
          if (!(error instanceof ConfigError) || error.problems.length === 0) throw error;
        }
      }),
    },
    {
      name: 'a random deny list is valid, or gives a list of problems',
      property: fc.asyncProperty(fc.oneof(text, json), async (list) =>
        onlyThrows(() => readDenyList(list, 'list'), ConfigError),
      ),
    },
  ] as unknown as Invariant[];
  const stop = () => {
    core.stop();
    ruled.stop();
    for (const { core: one } of mutual) one.stop();
  };
  return { invariants, stop };
}

/** Changes each bit of a valid token, which must be denied. @returns the number of bits */
export async function tryEveryBit(core: TestCore, token: string): Promise<number> {
  const segments = token.split('.').map((segment) => Buffer.from(segment, 'base64url'));
  let changes = 0;
  for (const [index, segment] of segments.entries()) {
    for (let bit = 0; bit < segment.length * 8; bit++) {
      const changed = Buffer.from(segment);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const parts = segments.map((one, other) => (other === index ? changed : one).toString('base64url'));
      const { reason } = await core.check(checkRequest({ authorization: [`Bearer ${parts.join('.')}`] }));
      if (reason === 'allowed') throw new Error(`bit ${bit} of segment ${index} may be changed`);
      changes++;
    }
  }
  return changes;
}

const odd = () =>
  fc.oneof(
    fc.constantFrom<unknown>(null, true, false, 0, -1, '', [], {}, 'x', 1e308, ['x'], [[]], { a: 1 }),
    fc.jsonValue({ maxDepth: 2 }),
  );

/** Header parameters, mostly valid ones. */
function oddHeader() {
  const names = fc.constantFrom(
    'alg',
    'kid',
    'typ',
    'cty',
    'crit',
    'b64',
    'zip',
    'jwk',
    'jku',
    'x5c',
    'other',
  );
  const values = fc.oneof(
    odd(),
    fc.constantFrom('RS256', 'PS256', 'none', 'HS256', 'JWT', 'at+jwt', 'application/at+jwt', 'k1'),
  );
  return fc.dictionary(names, values, { maxKeys: 2 });
}

function oddClaims({ url }: FakeIssuer) {
  const now = Math.floor(Date.now() / 1000);
  const names = fc.constantFrom(
    'iss',
    'aud',
    'exp',
    'nbf',
    'iat',
    'sub',
    'cnf',
    'email',
    'groups',
    'scope',
    'other',
  );
  const values = fc.oneof(
    odd(),
    fc.constantFrom<unknown>(
      url,
      `${url}/`,
      audience,
      [audience],
      now,
      now + 100,
      now - 100,
      now + 20,
      now - 20,
      now + 0.5,
      2 ** 34,
      2 ** 38,
    ),
  );
  return fc.dictionary(names, values, { maxKeys: 3 });
}

/** The verdict of jose and of the documented rules, without code of the service. */
async function isAllowedByReference(
  token: string,
  issuer: FakeIssuer,
  jwks: JSONWebKeySet,
): Promise<boolean> {
  try {
    const find = createLocalJWKSet(jwks);
    // A parameter that is null counts as absent.
    const findKey: CompactVerifyGetKey = ({ kid, ...rest }, input) =>
      find(kid === undefined || kid === null ? rest : { ...rest, kid }, input);
    const verified = await compactVerify(token, findKey, { algorithms: ['RS256'] });
    const { protectedHeader } = verified;
    // A claim that is null counts as absent. jose checks such claims, so it gets the token without them.
    const present = Object.entries(JSON.parse(Buffer.from(verified.payload).toString())).filter(
      ([, value]) => value !== null,
    );
    const { payload } = UnsecuredJWT.decode(new UnsecuredJWT(Object.fromEntries(present)).encode(), {
      issuer: issuer.url,
      audience,
      clockTolerance: 30,
      requiredClaims: ['exp'],
    });
    const now = Date.now() / 1000;
    const endOfDates = Date.UTC(10_000, 0) / 1000;
    const { typ, kid, b64 } = protectedHeader as Record<string, unknown>;
    const type =
      typ === undefined || typ === null
        ? 'jwt'
        : typeof typ === 'string'
          ? typ.toLowerCase().replace(/^application\//, '')
          : '';
    const isText = (value: unknown) => value === undefined || typeof value === 'string';
    const isSoon = (value: unknown) =>
      value === undefined || (typeof value === 'number' && value <= now + 30 && value > -endOfDates);
    const audiences = [payload.aud].flat();
    return (
      ['jwt', 'at+jwt'].includes(type) &&
      !Object.hasOwn(protectedHeader, 'crit') &&
      (b64 ?? undefined) === undefined &&
      isText(kid ?? undefined) &&
      !Object.hasOwn(payload, 'cnf') &&
      typeof payload.exp === 'number' &&
      payload.exp > 0 &&
      payload.exp < endOfDates &&
      isSoon(payload.iat) &&
      isSoon(payload.nbf) &&
      audiences.every((member) => typeof member === 'string')
    );
  } catch {
    return false;
  }
}

function oddKeySet() {
  const names = fc.constantFrom('kty', 'kid', 'alg', 'use', 'key_ops', 'n', 'e', 'crv', 'x', 'y', 'd', 'k');
  const values = fc.oneof(
    odd(),
    fc.constantFrom('RSA', 'EC', 'OKP', 'oct', 'P-256', 'Ed25519', 'RS256', 'sig', 'AQAB'),
    fc.base64String({ maxLength: 400 }),
  );
  return fc
    .array(fc.oneof(odd(), fc.dictionary(names, values)), { maxLength: 5 })
    .map((keys) => JSON.stringify({ keys }));
}

function oddDocument(url: string) {
  const uris = fc.oneof(
    odd(),
    fc.webUrl(),
    fc.constantFrom(
      'file:///etc/passwd',
      'http://169.254.169.254/',
      'https://a@b/',
      'data:,x',
      'HTTP://169.254.169.254/keys',
      'https://[fe80::1]/',
    ),
  );
  return uris.map((jwks_uri) => JSON.stringify({ issuer: url, jwks_uri }));
}

function oddConfiguration() {
  const names = fc.constantFrom(
    'issuers',
    'http',
    'grpc',
    'admin',
    'cache',
    'keys',
    'log',
    'limits',
    'denyList',
    'dpop',
    'outputClaimToHeaders',
    'workers',
    'other',
  );
  const issuers = fc.constantFrom<unknown>(
    [{ issuer: 'https://a', audiences: ['b'] }],
    [{ issuer: 'https://a' }],
    [{}],
  );
  return fc.dictionary(names, fc.oneof(odd(), issuers)).map((tree) => JSON.stringify(tree));
}

/** Paths made of pieces that servers read differently. */
function oddPath() {
  const pieces = [
    '/',
    '//',
    'public',
    'admin',
    '..',
    '.',
    '...',
    '%2e',
    '%2E%2e',
    '%2f',
    '%5c',
    '\\',
    ';',
    ';x=1',
    '%3b',
    '%252e',
    '%25',
    '%00',
    '?',
    '#',
    '%23',
    '%3f',
    'x',
    'é',
    '%c3%a9',
    '%c0%ae',
    ' ',
    '%20',
  ];
  return fc.array(fc.constantFrom(...pieces), { maxLength: 10 }).map((parts) => `/${parts.join('')}`);
}

/** The path as different readers see it: normalized, decoded first, decoded twice, and as in a browser. */
function readingsOf(target: string): readonly string[] {
  const [raw = ''] = target.split('?');
  const decoded = (text: string) => {
    try {
      return decodeURIComponent(text);
    } catch {
      return '/undecodable';
    }
  };
  const withoutParameters = (text: string) => text.replaceAll(/;[^/]*/g, '');
  const url = URL.parse(`http://orders.example.com${raw}`)?.pathname ?? '/unreadable';
  return [
    posix.normalize(raw),
    posix.normalize(decoded(raw)),
    posix.normalize(decoded(decoded(raw)).replaceAll('\\', '/')),
    posix.normalize(withoutParameters(decoded(raw))),
    url,
  ];
}

/** Whether a time is so close to its limit that two readings of the clock can differ. */
function isOnTheEdge(claims: Readonly<Record<string, unknown>>): boolean {
  const now = Date.now() / 1000;
  const isNear = (name: string, bound: number) =>
    typeof claims[name] === 'number' && Math.abs(claims[name] - bound) < 3;
  return isNear('exp', now - 30) || isNear('nbf', now + 30) || isNear('iat', now + 30);
}
