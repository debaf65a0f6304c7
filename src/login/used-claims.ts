/** The claims of an ID token that a configuration uses. A session keeps only these, so that its cookie stays small. */
import type { Config, IssuerConfig } from '../config/declare/options.ts';
import { compileExpression } from '../config/expression/lazy-expression.ts';
import type { RuleConfig } from '../config/rules/rule-options.ts';
import { type ClaimName, exactNames } from '../config/values/claim-names.ts';
import type { Claims } from '../model/identity.ts';

/** The claims that a configuration uses, without those that a session always has; `every` if it cannot be known. */
export type UsedClaims = readonly string[] | 'every';

/** Members of a session itself. They are added again when an identity is made. */
const ofSession = new Set(['iss', 'sub', 'sid', 'aud']);

/** Claims that a session always keeps: about the login and the token, for a refresh, a step-up, and the deny list, which can change at any time. */
const always = [
  'acr',
  'amr',
  'auth_time',
  'client_id',
  'exp',
  'iat',
  'jti',
  'nonce',
  // For the page about the signed-in person.
  'preferred_username',
];

type Output = Config['outputClaimToHeaders'][number];

/** Returns the claims that the configuration uses for sessions of an issuer. */
export function usedClaims(
  config: Pick<Config, 'outputClaimToHeaders' | 'rules' | 'policies' | 'limits'>,
  issuer: Pick<IssuerConfig, 'requiredClaims' | 'email' | 'groups'>,
): UsedClaims {
  const rules = [...(config.rules ?? []), ...(config.policies ?? []).flatMap((policy) => policy.rules)];
  const outputs = [
    ...config.outputClaimToHeaders,
    ...rules.flatMap(({ outputClaimToHeaders }) => outputClaimToHeaders ?? []),
  ];
  const reads = rules.map((rule) => claimsOfExpression(rule, config.limits.maxTokenSize));
  if (outputs.some(({ from }) => from === 'claims') || reads.includes('every')) return 'every';
  const groups = usesGroups(outputs, issuer) ? claimsOfGroups(issuer) : [];
  const names = [
    ...claimsOfEmail(issuer),
    ...groups,
    ...outputs.flatMap(({ claim }) => (claim === undefined ? [] : rootsOf(claim))),
    ...[issuer.requiredClaims, ...rules.map((rule) => rule.require?.claims ?? {})].flatMap((required) =>
      Object.keys(required).flatMap(rootsOf),
    ),
    ...reads.flat(),
  ];
  return [...new Set(names)].filter((name) => !ofSession.has(name) && !always.includes(name)).toSorted();
}

/** Returns the claims that a session keeps. */
export function keptClaims(claims: Claims, used: UsedClaims): Claims {
  return claimsOf(
    claims,
    used === 'every' ? Object.keys(claims).filter((name) => !ofSession.has(name)) : [...always, ...used],
  );
}

/** Returns the claims with some names. */
export function claimsOf(claims: Claims, names: readonly string[]): Claims {
  return Object.fromEntries(
    names.filter((name) => Object.hasOwn(claims, name)).map((name) => [name, claims[name]]),
  );
}

/** Whether a session that was made for some claims has all that are used now. */
export function hasUsedClaims(made: readonly string[] | undefined, used: UsedClaims): boolean {
  if (made === undefined) return true;
  if (used === 'every') return false;
  const names = new Set(made);
  return used.every((name) => names.has(name));
}

function claimsOfExpression({ require }: RuleConfig, maxTokenSize: number): UsedClaims {
  if (require?.expression === undefined) return [];
  const { names, others } = compileExpression(require.expression, maxTokenSize).claims;
  return others ? 'every' : names;
}

function claimsOfEmail({ email }: Pick<IssuerConfig, 'email'>): readonly string[] {
  const fallback = email.fallbackClaim === '' ? [] : rootsOf(email.fallbackClaim);
  return [...rootsOf(email.claim), ...fallback, 'email_verified'];
}

/** Groups are the largest claim of many issuers, so they are kept only if something reads them. */
function usesGroups(outputs: readonly Output[], { groups }: Pick<IssuerConfig, 'groups'>): boolean {
  return groups.allowed !== undefined || outputs.some(({ from }) => from === 'groups');
}

function claimsOfGroups({ groups }: Pick<IssuerConfig, 'groups'>): readonly string[] {
  return [...rootsOf(groups.claim), ...(groups.keycloakRoles ? ['realm_access', 'resource_access'] : [])];
}

/** The claims at the top level in which a configured claim can be. A name can contain the dots of a path. */
function rootsOf(name: ClaimName): readonly string[] {
  const [exact] = exactNames(name) ?? [];
  if (exact !== undefined) return [exact];
  const parts = String(name).split('.');
  return parts.map((_, index) => parts.slice(0, index + 1).join('.'));
}
