/** The access that a rule grants, independent of v1beta1 and of our configuration. */

/**
 * The requirements for a token: one of the issuers, all of the audiences, one of the further audiences, all of the
 * scopes.
 */
export interface TokenNeeds {
  readonly issuers: readonly string[];
  readonly audiences: readonly string[];
  readonly anyAudiences: readonly string[];
  readonly scopes: readonly string[];
}

/** The access: all requests, none, or those with a token that meets one of several requirements. */
export type Access =
  | { readonly kind: 'open' }
  | { readonly kind: 'deny' }
  | { readonly kind: 'token'; readonly anyOf: readonly TokenNeeds[] };

/** Whether two rules grant the same access. */
export function sameAccess(one: Access, other: Access): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
