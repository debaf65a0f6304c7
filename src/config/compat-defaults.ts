/** What `compat: oauth2-proxy` makes of options that nobody set: the headers that its usual settings for bearer tokens send. */

type Tree = Record<string, unknown>;

/** The headers of `set-xauthrequest`, `pass-access-token` and `set-authorization-header`. */
const outputClaimToHeaders = [
  { header: 'x-auth-request-user', claim: 'sub' },
  { header: 'x-auth-request-email', from: 'email' },
  { header: 'x-auth-request-groups', from: 'groups' },
  { header: 'x-auth-request-preferred-username', claim: 'preferred_username' },
];
const outputTokenToHeader = 'x-auth-request-access-token';

/** Puts those defaults into a configuration as it was written; what was set stays. */
export function applyCompatDefaults(tree: Tree): void {
  if (tree.compat !== 'oauth2-proxy') return;
  tree.outputClaimToHeaders ??= structuredClone(outputClaimToHeaders);
  tree.outputTokenToHeader ??= outputTokenToHeader;
  const isSettable = tree.identityHeaders !== 'remove' && tree.forwardOriginalToken !== false;
  tree.setAuthorizationHeader ??= isSettable;
  if (Array.isArray(tree.issuers))
    for (const issuer of tree.issuers) if (isTree(issuer)) nameBySubject(issuer);
}

/** Whoever has no e-mail is named by the subject; but where e-mails decide who may pass, that is for the configuration to say. */
function nameBySubject(issuer: Tree): void {
  issuer.email ??= {};
  const { email } = issuer;
  if (isTree(email) && email.allowedDomains === undefined && email.allowedAddresses === undefined)
    email.fallbackClaim ??= 'sub';
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
