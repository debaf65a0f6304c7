/** The defaults that `compat: oauth2-proxy` changes: the headers that oauth2-proxy usually sends for bearer tokens. */
import { isMapping, type Mapping } from '../values/mapping.ts';

/** The headers that oauth2-proxy sets with `set-xauthrequest`. */
const outputClaimToHeaders = [
  { header: 'x-auth-request-user', claim: 'sub' },
  { header: 'x-auth-request-email', from: 'email' },
  { header: 'x-auth-request-groups', from: 'groups' },
  { header: 'x-auth-request-preferred-username', claim: 'preferred_username' },
];

/** Sets these defaults in an unvalidated configuration; never overrides a value that is set. */
export function applyCompatDefaults(raw: Mapping): void {
  if (raw.compat !== 'oauth2-proxy') return;
  const isSettable = raw.identityHeaders !== 'remove' && raw.forwardOriginalToken !== false;
  setAbsent(raw, 'outputClaimToHeaders', structuredClone(outputClaimToHeaders));
  setAbsent(raw, 'outputTokenToHeader', 'x-auth-request-access-token');
  setAbsent(raw, 'setAuthorizationHeader', isSettable);
  if (Array.isArray(raw.issuers))
    for (const issuer of raw.issuers) if (isMapping(issuer)) useSubjectAsEmail(issuer);
}

/** Uses the subject for an absent email, unless emails decide about access. */
function useSubjectAsEmail(issuer: Mapping): void {
  setAbsent(issuer, 'email', {});
  const { email } = issuer;
  if (isMapping(email) && email.allowedDomains === undefined && email.allowedAddresses === undefined)
    setAbsent(email, 'fallbackClaim', 'sub');
}

function setAbsent(raw: Mapping, name: string, value: unknown): void {
  if (!Object.hasOwn(raw, name)) raw[name] = value;
}
