/** Limits the tokens that wait for a key of their issuer. */
import type { IssuerKeys } from '../../issuer/issuer.ts';
import { createCallLimit } from '../client/call-limit.ts';

/** The keys of an issuer for tokens that everyone can send. @param most the tokens that wait at the same time */
export function limitKeyWaits(keys: IssuerKeys, most: number): IssuerKeys {
  const limit = createCallLimit(most);
  return {
    ...keys,
    fetchForUnknownKey: (id) => {
      const fetching = keys.fetchForUnknownKey(id);
      return fetching && limit(() => fetching);
    },
  };
}
