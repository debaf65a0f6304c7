/**
 * Writes the requirements of a rule from the alternatives of v1beta1: as fields if possible, as an expression if not.
 */
import type { TokenNeeds } from './access.ts';

/** `require` of a rule as it is written. */
export interface WrittenRequire {
  readonly issuers?: readonly string[];
  readonly audiences?: readonly string[];
  readonly scopes?: readonly string[];
  readonly anyScopes?: readonly string[];
  readonly expression?: string;
}

/**
 * Writes the requirements. Those of all alternatives become fields, whose denials name what is missing.
 *
 * @param nameOf returns the name of an issuer in the configuration; undefined if there is only one
 */
export function requirementsOf(
  anyOf: readonly TokenNeeds[],
  nameOf: ((issuer: string) => string) | undefined,
): WrittenRequire {
  const [first] = anyOf;
  if (first === undefined) return {};
  const issuers = nameOf === undefined ? {} : { issuers: first.issuers.map(nameOf) };
  const scopes = first.scopes.filter((scope) => anyOf.every((need) => need.scopes.includes(scope)));
  const audiences = first.audiences.filter((audience) =>
    anyOf.every((need) => need.audiences.includes(audience)),
  );
  const [audience, ...others] = audiences;
  const ofAudience = audience !== undefined ? { audiences: [audience] } : anyAudience(anyOf);
  const left = anyOf.map((need) => ({
    audiences: need.audiences.filter((one) => !audiences.includes(one)),
    scopes: need.scopes.filter((one) => !scopes.includes(one)),
  }));
  const ofScopes = scopes.length === 0 ? {} : { scopes };
  const common = others.map((one) => holds(one, 'audiences'));
  if (left.some((need) => need.audiences.length + need.scopes.length === 0))
    return { ...issuers, ...ofAudience, ...ofScopes, ...expression(common) };
  if (left.every((need) => need.audiences.length === 0 && need.scopes.length === 1))
    return {
      ...issuers,
      ...ofAudience,
      ...ofScopes,
      anyScopes: [...new Set(left.flatMap((need) => need.scopes))],
      ...expression(common),
    };
  const alternatives = left.map((need) =>
    [
      ...need.audiences.map((one) => holds(one, 'audiences')),
      ...need.scopes.map((one) => holds(one, 'scopes')),
    ].join(' && '),
  );
  const distinct = [...new Set(alternatives)];
  const alone = distinct.length === 1 || common.length === 0;
  const either = distinct.map((one) => (distinct.length === 1 ? one : `(${one})`)).join(' || ');
  const choice = [alone ? either : `(${either})`];
  return { ...issuers, ...ofAudience, ...ofScopes, ...expression([...common, ...choice]) };
}

function anyAudience(anyOf: readonly TokenNeeds[]): WrittenRequire {
  const [first] = anyOf;
  return first === undefined || first.anyAudiences.length === 0 ? {} : { audiences: first.anyAudiences };
}

function expression(conditions: readonly string[]): WrittenRequire {
  return conditions.length === 0 ? {} : { expression: conditions.join(' && ') };
}

function holds(value: string, list: 'audiences' | 'scopes'): string {
  return `${JSON.stringify(value)} in token.${list}`;
}
