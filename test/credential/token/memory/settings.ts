/** Settings with which tokens keep results, for the measurement of their memory. */

/** A configuration. */
interface Setting {
  /** Options of the issuer, such as `name: main`. */
  readonly issuer?: string;
  /** Options of the service. */
  readonly options?: string;
  /** Whether the deny list has an entry. It revokes no measured token. */
  readonly hasDenyList?: boolean;
  /** The paths that each token is checked for. */
  readonly paths?: readonly string[];
}

const names = Array.from({ length: 12 }, (_, index) => `r${index}`);
const paths = names.map((name) => `/${name}`);
const claims = 'claims: {aud: orders-api}';

const settings: Readonly<Record<string, Setting>> = {
  plain: {},
  'an expression': { options: `rules: [{name: a, require: {expression: 'claims.aud == "orders-api"'}}]` },
  'a rule with claims': { options: `rules: [{name: a, require: {${claims}}}]` },
  'twelve rules with claims': {
    options: `rules: [${names.map((name) => `{name: ${name}, match: {paths: [/${name}]}, require: {${claims}}}`).join(', ')}]`,
    paths,
  },
  'twelve policies with claims': {
    options: `policies: [${names
      .map((name) => `{name: ${name}, pathPrefix: /${name}, rules: [{name: a, require: {${claims}}}]}`)
      .join(', ')}]`,
    paths,
  },
  'required claims': { issuer: 'requiredClaims: {aud: orders-api}' },
  'a deny list': { hasDenyList: true },
  'a deny list, required claims, an expression, and headers of a rule': {
    issuer: 'requiredClaims: {aud: orders-api}',
    hasDenyList: true,
    options: `rules: [{name: a, require: {${claims}, expression: 'claims.sub != ""'}, outputClaimToHeaders: [{header: x-sub, claim: sub}]}]`,
  },
};

/** All settings. */
export const settingNames = Object.keys(settings);

/** The setting with a name. */
export function settingNamed(name: string): Setting {
  const setting = settings[name];
  if (setting === undefined) throw new TypeError(`unknown setting ${name}`);
  return setting;
}
