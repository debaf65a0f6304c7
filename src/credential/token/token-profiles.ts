/** Shares what tokens have in common. Most tokens of an issuer have the same type, audiences and scopes. */
import { forgetOldest } from '../../runtime/forget-oldest.ts';
import { wrongType } from './claims.ts';
import type { TokenProfile } from './verified-token.ts';

/** Maximum number of shared profiles, and the longest name of one, in characters. Any other token has its own. */
const maxShared = 1_000;
const longestName = 2_048;

/** Creates the function that returns an equal profile that other tokens have already, if there is one. */
export function createTokenProfiles(): (profile: TokenProfile) => TokenProfile {
  const shared = new Map<string, TokenProfile>();
  return (profile) => {
    const name = nameOf(profile);
    if (name.length > longestName) return profile;
    const known = shared.get(name);
    if (known !== undefined) return known;
    shared.set(name, profile);
    forgetOldest(shared, maxShared);
    return profile;
  };
}

/** The name of a profile. Profiles that differ have different names. */
function nameOf({ issuer, issuerName, provesBinding, type, audiences, scopes }: TokenProfile): string {
  const parts = [issuer, issuerName, provesBinding, type, audiences ?? false, scopes ?? false];
  return JSON.stringify(parts.map((part) => (part === wrongType ? true : part)));
}
