/** The rules of `doctor` about a configuration. Each has a configuration with a mistake and the fixed one. */
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { ConfigError } from '../../../src/config/validate/problems.ts';
import { configRules } from '../../../src/tools/doctor/config/config-rules.ts';
import { loginConfigRules } from '../../../src/tools/doctor/config/login-config-rules.ts';
import { stateConfigRules } from '../../../src/tools/doctor/config/state-config-rules.ts';
import { runRules } from '../../../src/tools/doctor/rule.ts';
import { configOf } from '../../support/app.ts';

const issuer = (more = '') => `issuers: [{issuer: "https://idp.example.com", audiences: [a]${more}}]`;
const any = (more: string) => `issuers: [{issuer: "https://idp.example.com", anyAudience: true}]\n${more}`;

const allRules = [...configRules, ...loginConfigRules, ...stateConfigRules];
const store = (url: string, more = '') => `state: {valkey: {urls: ["${url}"]${more}}}`;
const login = (sessions = ', refresh: false', hosts = '', more = '') =>
  `${issuer(', login: {clientId: shop, clientSecretFile: s}')}
login: {hosts: [shop.example.com, localhost]${hosts}}
sessions: {keysFile: k${sessions}}
limits: {meshTimeout: 5s}
${more}`;

async function findings(text: string) {
  return runRules(allRules, { config: await configOf(text), source: 'oidc-authz.yaml' });
}

test.each([
  ['K92 warning issuers[0].anyAudience', any(''), issuer()],
  [
    'K92 warning issuers[0].anyAudience',
    any('rules: [{name: x, require: {}}]'),
    any('rules: [{name: x, require: {audiences: [a]}}]'),
  ],
  [
    'K92 warning issuers[0].anyAudience',
    any('rules: [{name: x, require: {audiences: [a]}}]\nnoRuleMatches: token'),
    any(
      'rules: [{name: y, match: {methods: [GET]}, allow: anonymous}, {name: x, require: {audiences: [a]}}]',
    ),
  ],
  [
    'K92 note issuers[0].anyAudience',
    'issuers: [{issuer: "https://idp.example.com", anyAudience: true, requiredClaims: {azp: shop}}]',
    issuer(),
  ],
  ['K92 warning issuers[0].boundTokens', issuer(', boundTokens: asBearer'), issuer(', boundTokens: verify')],
  [
    'K93 warning issuers[0].insecureHttp',
    issuer(', jwksUri: "http://idp/jwks", insecureHttp: true'),
    issuer(', jwksUri: "https://idp/jwks"'),
  ],
  [
    'K94 warning whenUnavailable',
    `${issuer()}\nwhenUnavailable: error`,
    `${issuer()}\nwhenUnavailable: deny`,
  ],
  [
    'K95 warning mode',
    `${issuer()}\nmode: shadow\nrules: [{name: x, require: {}}]`,
    `${issuer()}\nrules: [{name: x, require: {}}]`,
  ],
  [
    'K95 warning rules[0].mode',
    `${issuer()}\nrules: [{name: x, require: {}, mode: shadow}]`,
    `${issuer()}\nrules: [{name: x, require: {}}]`,
  ],
  [
    'K95 warning policies[1].mode',
    `${issuer()}\npolicies: [{name: p, pathPrefix: /p, rules: [{name: x, require: {}}]}, {name: q, pathPrefix: /q, mode: shadow, rules: [{name: y, require: {}}]}]`,
    issuer(),
  ],
  ['K95 note shadow.authorizer', `${issuer()}\nshadow: {authorizer: "http://oauth2-proxy"}`, issuer()],
  [
    'K96 warning identityHeaders',
    `${issuer()}\nidentityHeaders: remove\nrules: [{name: x, require: {}, outputClaimToHeaders: [{header: x-a, claim: a}]}]`,
    `${issuer()}\nidentityHeaders: remove`,
  ],
  [
    'K96 warning outputTokenToHeader',
    `${issuer()}\nidentityHeaders: remove\noutputTokenToHeader: x-token`,
    `${issuer()}\nidentityHeaders: remove\ncompat: oauth2-proxy`,
  ],
  [
    'K96 warning dpop.origins',
    `${issuer()}\ndpop: {origins: ["https://a.example.com"]}`,
    `${issuer(', boundTokens: verify')}\ndpop: {origins: ["https://a.example.com"]}`,
  ],
  [
    'K96 warning clientCertificates',
    `${issuer()}\nclientCertificates: {trustedHops: 1}`,
    `${issuer(', boundTokens: verify')}\nclientCertificates: {trustedHops: 1}`,
  ],
  ['K98 warning keys.maxStale', `${issuer()}\nkeys: {maxStale: 0s}`, `${issuer()}\nkeys: {maxStale: 1h}`],
  ['K98 note issuers[0].clockTolerance', issuer(', clockTolerance: 2m'), issuer(', clockTolerance: 1m')],
  [
    'K98 note cache.maxEntries',
    `${issuer()}\ncache: {maxEntries: 0}`,
    `${issuer()}\ncache: {maxEntries: 10}`,
  ],
  [
    'K98 note limits.checkDeadline',
    `${issuer()}\nlimits: {checkDeadline: 3s, meshTimeout: 4s}`,
    `${issuer()}\nlimits: {checkDeadline: 1600ms}`,
  ],
  ['K99 note log.subject', `${issuer()}\nlog: {subject: true}`, issuer()],
  [
    'K99 note outputTokenToHeader',
    `${issuer()}\noutputTokenToHeader: x-token`,
    `${issuer()}\noutputTokenToHeader: x-token\nforwardOriginalToken: false`,
  ],
  [
    'K99 note noRuleMatches',
    `${issuer()}\nnoRuleMatches: token\nrules: [{name: x, match: {methods: [DELETE]}, deny: true}]`,
    `${issuer()}\nrules: [{name: x, match: {methods: [DELETE]}, deny: true}]`,
  ],
  ['K15 warning workers', login('', '', 'workers: 2'), login('', '', 'workers: 1')],
  ['K15 warning workers', login('', '', 'workers: auto'), login(', refresh: false', '', 'workers: auto')],
  [
    'K15 warning workers',
    login(', store: cookie', '', `workers: 2\n${store('rediss://v.example.com', ', passwordFile: p')}`),
    login('', '', `workers: 2\n${store('rediss://v.example.com', ', passwordFile: p')}`),
  ],
  [
    'K44 note workers',
    login(', refresh: false', '', 'workers: 2'),
    login(', refresh: false', '', 'workers: 1'),
  ],
  [
    'K44 warning workers',
    `${issuer(', boundTokens: verify')}\ndpop: {origins: ["https://a.example.com"]}\nworkers: auto`,
    `${issuer(', boundTokens: verify')}\ndpop: {origins: ["https://a.example.com"], store: local}\nworkers: auto\n${store('rediss://v.example.com', ', passwordFile: p')}`,
  ],
  [
    'K45 warning state.valkey.urls[0]',
    login('', '', store('redis://v.example.com', ', passwordFile: p')),
    login('', '', store('redis://127.0.0.1:6379', ', passwordFile: p')),
  ],
  [
    'K45 warning state.valkey',
    login('', '', store('rediss://v.example.com')),
    login('', '', store('rediss://v.example.com', ', certFile: c, keyFile: k')),
  ],
  ['K42 warning limits.meshTimeout', login().replace('5s', '2s'), login().replace('5s', '10s')],
  [
    'K43 warning sessions.cookie.domain',
    login(', cookie: {domain: example.com}').replace(', localhost', ''),
    login(),
  ],
  [
    'K43 warning login.httpHosts',
    login('', ', httpHosts: [shop.example.com]'),
    login('', ', httpHosts: [localhost]'),
  ],
  ['K99 note admin.host', `${issuer()}\nadmin: {host: "0.0.0.0"}`, `${issuer()}\nadmin: {host: "127.0.0.1"}`],
])('%s', async (expected, bad, fixed) => {
  const lines = (await findings(bad)).map(({ id, severity, place }) => `${id} ${severity} ${place.path}`);
  expect(lines).toEqual([expected]);
  const left = await findings(fixed);
  expect(left.filter(({ id, place }) => `${id} ${place.path}` === expected.replace(/ \w+ /, ' '))).toEqual(
    [],
  );
});

test('finds nothing in the smallest configuration', async () => {
  expect(await findings(issuer())).toEqual([]);
});

test('every rule has a case, and its texts are sentences', () => {
  const source = readFileSync(fileURLToPath(import.meta.url), 'utf8');
  for (const { id, title, effect, fix } of allRules) {
    expect(source).toContain(`'${id} `);
    expect(title).toMatch(/^[A-Z][^.]*$/);
    for (const text of [effect, fix]) expect(text).toMatch(/^["`\w].*\.$/);
  }
});

/** The complete configurations in the documentation. */
const root = fileURLToPath(new URL('../../../', import.meta.url));
const examples = globSync(['README.md', 'docs/**/*.md', 'deploy/*.yaml'], { cwd: root }).flatMap((file) => {
  const text = readFileSync(`${root}${file}`, 'utf8');
  const blocks = file.endsWith('.md')
    ? [...text.matchAll(/^```yaml\n(.*?)^```/gms)].map(([, block = '']) => block)
    : [text];
  return blocks
    .filter((block) => /^issuers:/m.test(block))
    .map((block, index) => [`${file} ${index}`, block] as const);
});

/** Examples whose purpose is the warning. */
const intended = ['docs/providers/keycloak.md 3'];

test.each(examples)('there is no warning about %s', async (name, text) => {
  const found = await findings(text).catch((error: unknown) => {
    if (error instanceof ConfigError) return [];
    throw error;
  });
  const warnings = found
    .filter(({ severity }) => severity !== 'note')
    .map(({ id, cause }) => `${id} ${cause}`);
  if (!intended.includes(name)) expect(warnings).toEqual([]);
});
