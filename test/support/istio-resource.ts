/** Forms of Kyma's Istio resource, and names of authorizers that shells and templates must handle. */
import fc from 'fast-check';

/** An entry of `spec.config.authorizers`, with the fields that tests read. */
export interface Entry {
  readonly name: string;
  readonly [field: string]: unknown;
}

/** The specification of the resource, with the fields that tests read. */
export interface Specification {
  readonly config?: {
    readonly authorizers?: readonly Entry[] | null;
    readonly [field: string]: unknown;
  } | null;
  readonly [field: string]: unknown;
}

/** A form, and the file in `deploy/kyma` with the patch for it. */
export interface Shape {
  readonly shape: string;
  readonly spec: Specification | null | undefined;
  readonly fits: 'append' | 'create' | 'create-config' | 'create-spec';
}

/** Another authorizer. */
export const other = (name: string): Entry => ({
  name,
  service: 'other.other.svc.cluster.local',
  port: 4180,
  timeout: '1s',
});

/** All forms. A server does not store null, but a file can have it. */
export const shapes: readonly Shape[] = [
  { shape: 'no spec', spec: undefined, fits: 'create-spec' },
  { shape: 'null as the spec', spec: null, fits: 'create-spec' },
  { shape: 'an empty spec', spec: {}, fits: 'create-config' },
  { shape: 'a spec without config', spec: { networkPoliciesEnabled: true }, fits: 'create-config' },
  { shape: 'null as the config', spec: { config: null }, fits: 'create-config' },
  { shape: 'an empty config', spec: { config: {} }, fits: 'create' },
  { shape: 'a config without authorizers', spec: { config: { numTrustedProxies: 1 } }, fits: 'create' },
  { shape: 'a config whose one value is 0', spec: { config: { numTrustedProxies: 0 } }, fits: 'create' },
  { shape: 'null as the list', spec: { config: { authorizers: null } }, fits: 'create' },
  { shape: 'an empty list', spec: { config: { authorizers: [] } }, fits: 'append' },
  { shape: 'one authorizer', spec: { config: { authorizers: [other('oauth2-proxy')] } }, fits: 'append' },
  {
    shape: 'several authorizers and more',
    spec: {
      networkPoliciesEnabled: true,
      config: { numTrustedProxies: 2, authorizers: [other('oauth2-proxy'), other('opa'), other('last')] },
    },
    fits: 'append',
  },
];

/** Names of other authorizers. The CRD allows any text. */
export const hostileNames: readonly string[] = [
  'a b',
  ' oidc-authz',
  'oidc-authz ',
  'x oidc-authz',
  'oidc-authz oidc-authz',
  '\noidc-authz\n',
  'a\nb\nc',
  '\t',
  '',
  '*',
  '~',
  '$(exit 1)',
  '$name',
  '`exit 1`',
  '"',
  "'",
  '\\',
  '\\n',
  '\\\\"',
  '{{.metadata}}',
  '{{end}}',
  '%s%n',
  'list 0',
  '<no value>',
  'OIDC-authz',
  'оidc-authz',
  'oidc-authz\u0000',
  'oidc\u200b-authz',
  '日本 語',
  '🙂 🙂',
];

/** Lists of other authorizers with names of every kind. */
export const others: fc.Arbitrary<readonly Entry[]> = fc
  .uniqueArray(
    fc.oneof(
      fc.constantFrom(...hostileNames),
      fc.string({ unit: 'grapheme', maxLength: 12 }),
      fc.string({ unit: fc.constantFrom(' ', '\n', '\t', 'a', '"', "'", '\\', '$', '`', '{', '}', '0') }),
    ),
    { maxLength: 6 },
  )
  .map((names) => names.filter((name) => name !== 'oidc-authz').map(other));
