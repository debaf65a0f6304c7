/** Who a rule lets in, in terms that neither v1beta1 nor our configuration has of its own. */

/** What a token needs: one of the issuers, all of the audiences, one of others, all of the scopes. */
export interface TokenNeeds {
  readonly issuers: readonly string[];
  readonly audiences: readonly string[];
  readonly anyAudiences: readonly string[];
  readonly scopes: readonly string[];
}

/** Who is let in: anybody, nobody, or who has a token that meets one of several needs. */
export type Access =
  | { readonly kind: 'open' }
  | { readonly kind: 'deny' }
  | { readonly kind: 'token'; readonly anyOf: readonly TokenNeeds[] };

/** Whether two let in the same. */
export function sameAccess(one: Access, other: Access): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
